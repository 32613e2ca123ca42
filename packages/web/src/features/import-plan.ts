import { checkEntryKey, parseDotenv } from '@coffer/core';

/** What would become of a line: `there` is a key that exists, whose value was not compared yet. */
export type Fate = 'new' | 'there' | 'changed' | 'unchanged' | 'refused';

export type PlannedLine = { line: number; key: string | undefined; value: string; fate: Fate; why: string };

/** With what the comparison of the values told. */
export function withComparison(
  planned: readonly PlannedLine[],
  versions: ReadonlyMap<string, number>,
  { updated, unchanged }: { updated: ReadonlySet<string>; unchanged: ReadonlySet<string> },
): PlannedLine[] {
  return planned.map((line) => {
    const { key = '', fate } = line;
    const version = versions.get(key) ?? 0;
    if (fate !== 'there') return line;
    if (updated.has(key)) return { ...line, fate: 'changed', why: `Changed: becomes version ${version + 1}` };
    return unchanged.has(key)
      ? { ...line, fate: 'unchanged', why: `Unchanged: stays at version ${version}` }
      : line;
  });
}

/** What an import of the text would do, line by line. `versions` are those of the keys that exist. */
export function planImport(text: string, versions: ReadonlyMap<string, number>): PlannedLine[] {
  const { entries, unreadableLines } = parseDotenv(text);
  const last = new Map(entries.map(({ key, line }) => [key, line]));
  const planned = entries.map(({ key, value, line }): PlannedLine => {
    const refused = { line, key, value, fate: 'refused' } as const;
    const broken = checkEntryKey(key);
    if (broken !== undefined) return { ...refused, why: `The key ${broken}.` };
    if (last.get(key) !== line)
      return { ...refused, why: `Named again in line ${last.get(key)}, which counts.` };
    const version = versions.get(key);
    return version === undefined
      ? { ...refused, fate: 'new', why: 'New' }
      : { ...refused, fate: 'there', why: `At version ${version}; a new one if the value differs` };
  });
  const unreadable = unreadableLines.map((line): PlannedLine => ({
    line,
    key: undefined,
    value: '',
    fate: 'refused',
    why: 'Not an assignment.',
  }));
  return [...planned, ...unreadable].toSorted((a, b) => a.line - b.line);
}
