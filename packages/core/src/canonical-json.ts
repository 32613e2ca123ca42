export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space, ECMAScript numbers. Equal data
 * gives equal bytes, so that a hash over them can be recomputed. Fails with a RangeError for numbers that JSON does not
 * have, for texts with a lone surrogate, which have no bytes, and for `undefined`.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('not a JSON number');
    return String(value);
  }
  if ((value as unknown) === undefined) throw new RangeError('not JSON: undefined');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (isArray(value)) {
    for (const item of value) text += text === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
    return `[${text}]`;
  }
  for (const key of sortedKeys(value)) {
    text += `${text === '' ? '' : ','}${quote(key)}:${canonicalJson(value[key] as Json)}`;
  }
  return `{${text}}`;
}

/** By UTF-16 code units, as the language compares. Most objects are made in that order: sorting costs more than looking. */
function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value);
  return keys.every((key, index) => index === 0 || (keys[index - 1] as string) < key)
    ? keys
    : keys.toSorted();
}

/** Printable ASCII without quotation mark and backslash stands for itself. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new RangeError('not Unicode text: it has a lone surrogate');
  return JSON.stringify(text);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
