import type { AdminContext } from './admin-context.ts';

type Say = AdminContext['say'];

/** Says how far long work is, and that it is at its end: `12 of 40 data keys are rewrapped (30 %).` */
export function progressOf(say: Say, total: number, what: string): (done: number) => void {
  return (done) => say(progressLine(done, total, what), { isPassing: done < total });
}

export function progressLine(done: number, total: number, what: string): string {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  return `${done} of ${total} ${what} (${percent} %).`;
}
