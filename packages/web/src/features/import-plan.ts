import { checkEntryKey, parseDotenv } from '@coffer/core';

/** What would become of a line: `there` is a key that exists, which gets a version only if the value differs. */
export type Fate = 'new' | 'there' | 'refused';

export type PlannedLine = { line: number; key: string | undefined; value: string; fate: Fate; why: string };

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
      : { ...refused, fate: 'there', why: `At version ${version}; a new one only if the value differs` };
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
