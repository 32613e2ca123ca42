import { useEffect, useRef, type RefObject } from 'react';
import { whenConcealed } from '../ui/conceal.ts';
import { REVEAL_MS } from './use-revealed.ts';

/** Calls back after 30 seconds without input in the target, and whenever values are to be hidden. */
export function useIdleConceal(target: RefObject<HTMLElement | null>, callback: () => void): void {
  const latest = useRef(callback);
  useEffect(() => {
    latest.current = callback;
  });
  useEffect(() => {
    const element = target.current;
    const conceal = (): void => latest.current();
    let timer = window.setInterval(conceal, REVEAL_MS);
    const restart = (): void => {
      window.clearInterval(timer);
      timer = window.setInterval(conceal, REVEAL_MS);
    };
    for (const type of INPUTS) element?.addEventListener(type, restart);
    const end = whenConcealed(conceal);
    return () => {
      window.clearInterval(timer);
      for (const type of INPUTS) element?.removeEventListener(type, restart);
      end();
    };
  }, [target]);
}

const INPUTS = ['input', 'keydown', 'pointerdown'] as const;
