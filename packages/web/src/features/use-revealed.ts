import { useCallback, useEffect, useRef, useState } from 'react';
import { whenConcealed } from '../ui/conceal.ts';

export const REVEAL_MS = 30_000;

/** What holds a value. It is emptied in place: React remembers what it rendered before. */
export type Held = { value: string };

export type Revealed = Held & { id: string };

/**
 * The one value that is shown, if any. It is held by the page alone, and dropped when it is hidden, after 30 seconds,
 * when the tab is left or the session ends, and with the page. `fetchOne` fetches it; what arrives after the tab or the
 * page was left is dropped, too.
 */
export function useRevealed<Shown extends Held = Revealed>(): {
  revealed: Shown | undefined;
  reveal: (fetchOne: (signal: AbortSignal) => Promise<Shown>) => Promise<void>;
  hide: () => void;
} {
  const [revealed, setRevealed] = useState<Shown>();
  const held = useRef<Shown>(undefined);
  const timer = useRef<number>(undefined);
  const withSignal = useConcealSignal();
  const drop = useCallback(() => {
    window.clearTimeout(timer.current);
    if (held.current !== undefined) held.current.value = '';
    held.current = undefined;
  }, []);
  const hide = useCallback(() => {
    drop();
    setRevealed(undefined);
  }, [drop]);
  const reveal = useCallback(
    async (fetchOne: (signal: AbortSignal) => Promise<Shown>) =>
      await withSignal(async (signal) => {
        const next = await fetchOne(signal);
        signal.throwIfAborted();
        drop();
        held.current = next;
        timer.current = window.setTimeout(hide, REVEAL_MS);
        setRevealed(next);
      }),
    [withSignal, drop, hide],
  );
  useEffect(() => {
    const end = whenConcealed(hide);
    return () => {
      end();
      drop();
    };
  }, [hide, drop]);
  return { revealed, reveal, hide };
}

/** Runs work with a signal that aborts once values are to be hidden, and with the page. */
export function useConcealSignal(): <Result>(
  work: (signal: AbortSignal) => Promise<Result>,
) => Promise<Result> {
  const running = useRef(new Set<AbortController>());
  useEffect(() => {
    const controllers = running.current;
    const abort = (): void => {
      for (const controller of controllers) controller.abort();
    };
    const end = whenConcealed(abort);
    return () => {
      end();
      abort();
    };
  }, []);
  return useCallback(async (work) => {
    const controller = new AbortController();
    if (document.visibilityState === 'hidden') controller.abort();
    running.current.add(controller);
    try {
      return await work(controller.signal);
    } finally {
      running.current.delete(controller);
    }
  }, []);
}
