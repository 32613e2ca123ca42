import { createHmac, timingSafeEqual } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import type { FileContent } from './whole-file.ts';

/** Ends the name of a note, behind that of the file that it is about. */
export const NOTE_SUFFIX = '.finished';

const NOTE_BYTES_MAX = 1000;

type Note = FileContent & { mac: string };

/**
 * Lies beside a scheduled backup from just before it has its name until that is on record, and says what is in it:
 * whoever finds the file without a record knows that its maker finished it. The MAC is under a key that the root key gives, so
 * nobody else writes one; it is about this file of this record and no other.
 *
 * `path`: of the file. `begin`: index of the record that it was begun with.
 */
export function writeNote(
  path: string,
  { begin, content: { bytes, sha256 } }: { begin: number; content: FileContent },
  backupKey: Buffer,
): void {
  const mac = macOf(path, { begin, content: { bytes, sha256 } }, backupKey).toString('hex');
  const note: Note = { bytes, sha256, mac };
  replaceFile(`${path}${NOTE_SUFFIX}`, `${JSON.stringify(note)}\n`);
}

/** What the file must hold. Undefined: there is no note, or none of a holder of one of the keys. */
export function readNote(
  path: string,
  begin: number,
  backupKeys: readonly Buffer[],
): FileContent | undefined {
  const text = readText(`${path}${NOTE_SUFFIX}`);
  if (text === undefined) return undefined;
  const { bytes, sha256, mac } = parse(text);
  if (typeof bytes !== 'number' || typeof sha256 !== 'string' || typeof mac !== 'string') return undefined;
  const content = { bytes, sha256 };
  const given = Buffer.from(mac, 'hex');
  const isOurs = backupKeys.some((backupKey) => {
    const own = macOf(path, { begin, content }, backupKey);
    return own.length === given.length && timingSafeEqual(own, given);
  });
  return isOurs ? content : undefined;
}

function macOf(
  path: string,
  { begin, content: { bytes, sha256 } }: { begin: number; content: FileContent },
  backupKey: Buffer,
): Buffer {
  const text = JSON.stringify(['finished', begin, basename(path), bytes, sha256]);
  return createHmac('sha256', backupKey).update(text).digest();
}

function readText(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size <= NOTE_BYTES_MAX ? readFileSync(path, 'utf8') : undefined;
}

function parse(text: string): Partial<Note> {
  try {
    return (JSON.parse(text) as Partial<Note> | null) ?? {};
  } catch {
    return {};
  }
}
