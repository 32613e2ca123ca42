import { useCallback, useEffect, useRef, useState } from 'react';

const REVEAL_MS = 30_000;

export type Revealed = { id: string; value: string };

/**
 * The one value that is shown, if any. It is held by the page alone, and dropped when it is hidden, after 30 seconds,
 * when the tab is left, and with the page.
 */
export function useRevealed<Shown = Revealed>(): {
  revealed: Shown | undefined;
  reveal: (revealed: Shown) => void;
  hide: () => void;
} {
  const [revealed, setRevealed] = useState<Shown>();
  const timer = useRef<number>(undefined);
  const hide = useCallback(() => {
    window.clearTimeout(timer.current);
    setRevealed(undefined);
  }, []);
  const reveal = useCallback(
    (next: Shown) => {
      window.clearTimeout(timer.current);
      // It may arrive after the tab was left.
      if (document.visibilityState === 'hidden') return;
      timer.current = window.setTimeout(hide, REVEAL_MS);
      setRevealed(() => next);
    },
    [hide],
  );
  useEffect(() => {
    const onVisibility = (): void => {
      if (document.visibilityState === 'hidden') hide();
    };
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      window.clearTimeout(timer.current);
    };
  }, [hide]);
  return { revealed, reveal, hide };
}
