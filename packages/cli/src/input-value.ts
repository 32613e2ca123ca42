import { checkEntryKey, VALUE_BYTES_MAX } from '@coffer/core';
import { readFileSync } from 'node:fs';
import { CliError, systemCode } from './cli-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Fails with `key_invalid`. */
export function parseKey(text: string): string {
  const broken = checkEntryKey(text);
  if (broken !== undefined) throw new CliError('key_invalid', { why: broken });
  return text;
}

/** Bytes to text, each of them counting. Fails with `not_text`. */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new CliError('not_text', { what });
  }
}

/** Fails with `file_unreadable`. */
export function readInputFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CliError('file_unreadable', { path, code: systemCode(error) });
  }
}

/** Fails with `value_too_large` or `not_text`, before anything is sent. */
export function decodeValue(bytes: Uint8Array): string {
  if (bytes.length > VALUE_BYTES_MAX) throw new CliError('value_too_large', { max: VALUE_BYTES_MAX });
  return decodeText(bytes, 'the value');
}

/** A whole number from 1 on. Fails with a usage error. */
export function parseCount(text: string, name: string, command: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new CliError('usage', { why: `${name} must be a whole number from 1 on`, command: `${command} ` });
  return Number(text);
}
