export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, ECMAScript numbers. Equal data
 * gives equal bytes, so that a hash over them can be recomputed. Fails with a RangeError for numbers that JSON does not
 * have, and for texts with a lone surrogate, which have no bytes.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('not a JSON number');
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${quote(key)}:${canonicalJson(member)}`).join(',')}}`;
}

function quote(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('not Unicode text: it has a lone surrogate');
  return JSON.stringify(text);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
