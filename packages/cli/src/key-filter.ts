import { checkEntryKey } from '@coffer/core';
import { CliError } from './cli-error.ts';
import type { Values } from './export-formats.ts';
import { isUnsafeName } from './unsafe-names.ts';

/** `--only` and `--except`: names with `*` for any characters, several separated by commas. */
export type KeyFilter = { only: readonly string[]; except: readonly string[] };

/** Fails with `keys_missing` when `--only` names one that is not there. */
export function filterKeys(values: Values, { only, except }: KeyFilter): Values {
  const wanted = split(only);
  const missing = wanted.filter((name) => !name.includes('*') && !Object.hasOwn(values, name));
  if (missing.length > 0) throw new CliError('keys_missing', { keys: missing.join(', ') });
  const isWanted = wanted.length === 0 ? () => true : matcher(wanted);
  const isLeftOut = matcher(split(except));
  return Object.fromEntries(Object.entries(values).filter(([key]) => isWanted(key) && !isLeftOut(key)));
}

/** What `--only` names, when it names all of it letter by letter. */
export function namedKeys({ only }: KeyFilter): string[] | undefined {
  const names = split(only);
  const areKeys = names.length > 0 && names.every((name) => checkEntryKey(name) === undefined);
  return areKeys ? [...new Set(names)] : undefined;
}

/** For what lands in an environment. Fails with `keys_unsafe` for what `--only` does not name letter by letter. */
export function demandSafe(values: Values, { only }: KeyFilter): void {
  const named = new Set(split(only));
  const unsafe = Object.keys(values).filter((key) => isUnsafeName(key) && !named.has(key));
  if (unsafe.length > 0) throw new CliError('keys_unsafe', { keys: unsafe.join(', ') });
}

function split(lists: readonly string[]): string[] {
  return lists
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function matcher(names: readonly string[]): (key: string) => boolean {
  const patterns = names.map((name) => name.split('*'));
  return (key) => patterns.some((pieces) => matches(pieces, key));
}

/** Without a regular expression made of what someone typed. */
function matches([first = '', ...rest]: readonly string[], key: string): boolean {
  const last = rest.at(-1);
  if (last === undefined) return key === first;
  if (!key.startsWith(first) || !key.endsWith(last) || key.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of rest.slice(0, -1)) {
    const found = key.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= key.length - last.length;
}
