import type { Action } from '@coffer/core';
import { ApiError } from '../data/api.ts';
import { permissionTitle } from './permissions.ts';

/** What is typed about a grant; lists are texts, their items apart by commas, blanks or lines. */
export type GrantDraft = {
  permissions: readonly Action[];
  environments: string;
  keys: string;
  addresses: string;
};

type Limits = { environments: string[] | null; keys: string[] | null; addresses: string[] | null };

export function itemsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((item) => item !== '');
}

export function draftOf({
  permissions,
  environments,
  keys,
  addresses,
}: Limits & { permissions: readonly Action[] }): GrantDraft {
  return {
    permissions,
    environments: (environments ?? []).join('\n'),
    keys: (keys ?? []).join('\n'),
    addresses: (addresses ?? []).join('\n'),
  };
}

export function isLimited({ environments, keys }: GrantDraft): boolean {
  return itemsOf(environments).length > 0 || itemsOf(keys).length > 0;
}

/** null: no limit. */
export function limitsOf({ environments, keys, addresses }: GrantDraft): Limits {
  const listOf = (text: string): string[] | null => {
    const items = itemsOf(text);
    return items.length === 0 ? null : items;
  };
  return { environments: listOf(environments), keys: listOf(keys), addresses: listOf(addresses) };
}

/** What limits nothing is left out. */
export function withoutNulls<T extends Record<string, unknown>>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [K in keyof T]?: Exclude<T[K], null>;
  };
}

/** What a refusal says about a list or one of its items, with the item as it was typed. */
export function listError(error: unknown, name: string, items: readonly string[]): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const own = error.field(name);
  if (own !== undefined) return own;
  const field = error.fields.find(({ path }) => path.startsWith(`${name}.`));
  if (field === undefined) return undefined;
  const at = field.path.slice(name.length + 1);
  return `“${items[Number(at)] ?? at}” ${field.message}.`;
}

export function permissionError(error: unknown, permissions: readonly Action[]): string | undefined {
  return permissions.length === 0 && error instanceof ApiError && error.field('permissions') !== undefined
    ? 'Choose at least one permission.'
    : listError(error, 'permissions', permissions.map(permissionTitle));
}

/** The paths of a refusal that a form shows: its fields, and the items of those that are lists. */
export function shownPaths(error: unknown, names: readonly string[]): string[] {
  const paths = error instanceof ApiError ? error.fields.map(({ path }) => path) : [];
  return [...names, ...paths.filter((path) => names.some((name) => path.startsWith(`${name}.`)))];
}
