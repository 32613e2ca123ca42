import { Redacted } from '@coffer/core';
import { StartError } from './start-error.ts';

/** What a source holds: the first is the one to use, the others open what is still wrapped under them. */
export type RootKeys = readonly [Redacted<Buffer>, ...Redacted<Buffer>[]];

const ROOT_KEY_BYTES = 32;
/** One in use, one that replaces it, one that a rotation left behind. */
const ROOT_KEYS_MAX = 4;

/** Base64, with white space between. `source` is named in the StartError. */
export function parseRootKeys(source: string, text: string): RootKeys {
  const [first, ...others] = text
    .trim()
    .split(/\s+/)
    .slice(0, ROOT_KEYS_MAX + 1);
  if (others.length >= ROOT_KEYS_MAX) throw new StartError(`${source} holds more than ${ROOT_KEYS_MAX} keys`);
  return [parseRootKey(source, first ?? ''), ...others.map((other) => parseRootKey(source, other))];
}

export function formatRootKeys(keys: readonly Redacted<Buffer>[]): string {
  return keys.map((key) => `${key.expose().toString('base64')}\n`).join('');
}

function parseRootKey(source: string, text: string): Redacted<Buffer> {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== ROOT_KEY_BYTES || bytes.toString('base64') !== text) {
    throw new StartError(
      `${source} must be 32 bytes in base64 (44 characters); for an instance that exists, restore your copy of its key`,
    );
  }
  return new Redacted(bytes);
}
