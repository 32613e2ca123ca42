import type { Redacted } from '@coffer/core';
import { StartError } from '../start-error.ts';

const CHARACTERS_MIN = 12;

/**
 * Fails with a StartError when it is too short: whoever has the file can try as often as they like. White space counts
 * once between two words, and at the ends not at all.
 */
export function checkPassphrase(source: string, passphrase: Redacted<string>): Redacted<string> {
  if (passphrase.expose().trim().replaceAll(/\s+/g, ' ').length >= CHARACTERS_MIN) return passphrase;
  throw new StartError(
    `${source} must have at least ${CHARACTERS_MIN} characters, not counting white space at its ends and in a row`,
  );
}
