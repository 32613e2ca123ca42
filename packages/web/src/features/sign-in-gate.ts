import { useSyncExternalStore } from 'react';

let isAsking = false;
const listeners = new Set<() => void>();

/** The session has ended while something unsaved stands on the page: sign in over it. */
export function askToSignIn(): void {
  set(true);
}

/** Answers whether it was asked. */
export function stopAsking(): boolean {
  const was = isAsking;
  set(false);
  return was;
}

export function useIsAsking(): boolean {
  return useSyncExternalStore(subscribe, () => isAsking);
}

function set(next: boolean): void {
  isAsking = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
