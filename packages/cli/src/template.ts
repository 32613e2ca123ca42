import { checkEntryKey } from '@coffer/core';
import { CliError } from './cli-error.ts';
import type { Values } from './export-formats.ts';

/** `${{ vault.KEY }}`; what of that kind does not begin with `vault` is for others to fill. */
const PLACEHOLDER = /\$\{\{\s*vault\b([^}\n]*)\}\}/g;

/** The keys that the template names. Fails with `placeholder_invalid`. */
export function templateKeys(template: string): string[] {
  const keys = new Set<string>();
  for (const { 1: inner = '', index } of template.matchAll(PLACEHOLDER)) {
    const key = keyOf(inner);
    if (key === undefined)
      throw new CliError('placeholder_invalid', { line: template.slice(0, index).split('\n').length });
    keys.add(key);
  }
  return [...keys];
}

/** In one pass: what a value holds is not filled again. Fails with `keys_missing`, which names all of them. */
export function fillTemplate(template: string, values: Values): string {
  const missing = templateKeys(template).filter((key) => !Object.hasOwn(values, key));
  if (missing.length > 0) throw new CliError('keys_missing', { keys: missing.join(', ') });
  return template.replace(PLACEHOLDER, (_, inner: string) => values[keyOf(inner) ?? ''] ?? '');
}

function keyOf(inner: string): string | undefined {
  const [, key] = /^\s*\.\s*(\w+)\s*$/.exec(inner) ?? [];
  return key !== undefined && checkEntryKey(key) === undefined ? key : undefined;
}
