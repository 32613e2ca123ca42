import { checkEntryKey, VALUE_BYTES_MAX } from '@coffer/core';
import { closeSync, openSync, readSync } from 'node:fs';
import { CliError, systemCode } from './cli-error.ts';

/** Up to which input is read. A value that is too large is told from one that is something else. */
export const INPUT_BYTES_MAX = {
  value: 1024 * 1024,
  file: 16 * 1024 * 1024,
  token: 64 * 1024,
} as const;

const CHUNK_BYTES = 65_536;
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

/** What a pipe is called counts as a file, too. Fails with `file_unreadable` or `input_too_large`. */
export function readInputFile(path: string, bytesMax: number): Buffer {
  try {
    const file = openSync(path, 'r');
    try {
      return readAtMost(file, path, bytesMax);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('file_unreadable', { path, code: systemCode(error) });
  }
}

function readAtMost(file: number, path: string, bytesMax: number): Buffer {
  const chunks: Buffer[] = [];
  for (let bytes = 0; ;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const read = readSync(file, chunk);
    if (read === 0) return Buffer.concat(chunks);
    bytes += read;
    if (bytes > bytesMax) throw new CliError('input_too_large', { what: path, max: bytesMax });
    chunks.push(chunk.subarray(0, read));
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
