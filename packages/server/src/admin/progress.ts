import type { AdminContext } from './admin-context.ts';

const PROGRESS_MS = 1000;

/** Says how far long work is, once a second and at its end: `12 of 40 data keys are rewrapped.` */
export function progressOf(say: AdminContext['say'], total: number, what: string): (done: number) => void {
  let saidAt = performance.now();
  return (done) => {
    if (done < total && performance.now() - saidAt < PROGRESS_MS) return;
    saidAt = performance.now();
    say(`${done} of ${total} ${what}.`);
  };
}
