import { answerInvalid } from './answer.ts';

/** What every key is: a name of an environment variable that no shell reads as anything else. */
const KEY = /^[A-Z][A-Z0-9_]{0,254}$/;

/** Keys become names of variables, of files and of lines: what is none must not get that far. */
export function isKey(key: unknown): key is string {
  return typeof key === 'string' && KEY.test(key);
}

/** An entry as an answer holds it. Fails with `answer_invalid` when it is none, or that of another key. */
export function checkEntry<T>(entry: T, key?: string): T {
  const { key: found } = (entry ?? {}) as { key?: unknown };
  if (!isKey(found) || (key !== undefined && found !== key)) throw answerInvalid();
  return entry;
}

/** Fails with `answer_invalid`. */
export function checkList<T>(list: readonly T[], isOne: (one: unknown) => boolean): readonly T[] {
  if (!isListOf(list, isOne)) throw answerInvalid();
  return list;
}

/** Fails with `answer_invalid`. */
export function checkCount(amount: number): number {
  if (!Number.isSafeInteger(amount) || amount < 0) throw answerInvalid();
  return amount;
}

function isListOf(list: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(isOne);
}
