import type { Json } from '@coffer/core';

/** That two definitions say something else in one place; undefined: there is nothing in one of them. */
export type Difference = { path: string; before: string | undefined; after: string | undefined };

/** Place by place, in the order in which they stand there. */
export function differencesOf(before: unknown, after: unknown): Difference[] {
  const old = new Map(leavesOf(before as Json, ''));
  const now = new Map(leavesOf(after as Json, ''));
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((path) => ({ path, before: old.get(path), after: now.get(path) }))
    .filter((difference) => difference.before !== difference.after);
}

function* leavesOf(value: Json, path: string): Generator<[path: string, text: string]> {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (typeof value !== 'object' || value === null || isEmpty) {
    yield [path, typeof value === 'string' ? value : JSON.stringify(value)];
    return;
  }
  const names = Array.isArray(value) ? namesOf(value) : Object.keys(value);
  for (const [index, member] of Object.values(value).entries())
    yield* leavesOf(member, path === '' ? `${names[index]}` : `${path}.${names[index]}`);
}

/** What has a name goes by it: a header that is put before another has not changed that one. */
function namesOf(items: readonly Json[]): string[] {
  const names = items.map((item) =>
    typeof item === 'object' && item !== null && 'name' in item && typeof item['name'] === 'string'
      ? item['name']
      : '',
  );
  const areNames = names.every((name) => name !== '') && new Set(names).size === names.length;
  return areNames ? names : items.map((_, index) => String(index));
}
