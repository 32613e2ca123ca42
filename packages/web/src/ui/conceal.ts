const callbacks = new Set<() => void>();

/** Hides every value that is in sight and gives up those that are on their way. */
export function conceal(): void {
  for (const callback of callbacks) callback();
}

/** What is to be hidden: also whenever the tab is left. Answers with what ends it. */
export function whenConcealed(callback: () => void): () => void {
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') conceal();
});
