import type { Answer } from './client.ts';

/** Starts as many calls as asked for before it waits for any of them. */
export async function simultaneously<T>(amount: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return await Promise.all(Array.from({ length: amount }, async (_, index) => await call(index)));
}

/** How many calls succeeded, and how many were refused with which code. */
export function countOutcomes(answers: readonly Answer[]): Record<string, number> {
  const outcomes: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = status < 400 ? 'success' : String(body.code);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return outcomes;
}
