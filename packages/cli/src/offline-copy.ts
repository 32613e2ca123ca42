import { canonicalJson } from '@coffer/core';
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Values } from './export-formats.ts';
import { makePrivateDirectory, readPrivateFile, writePrivateFile } from './private-file.ts';

/**
 * An encrypted copy of an environment for the time when the server is away. The key comes from the token: who has the
 * file alone has nothing, and a token that was exchanged opens no old copy. Place and times are authenticated: a copy
 * opens neither after its expiry nor for another place.
 */
export type Shelf = {
  directory: string;
  place: { url: string; token: string; project: string; environment: string };
  now: () => Date;
};

type Header = {
  version: 1;
  url: string;
  project: string;
  environment: string;
  fetched_at: string;
  expires_at: string;
  /** Base64, as all bytes here. */
  salt: string;
};
type Copy = { header: Header; iv: string; sealed: string; tag: string };

export type Found = { values: Values; fetchedAt: string } | { missing: string };

const CLOCK_SKEW_MS = 5 * 60_000;

export function keepOfflineCopy(shelf: Shelf, values: Values, ttlSeconds: number): void {
  const { place, now } = shelf;
  const at = now().getTime();
  const header: Header = {
    version: 1,
    url: place.url,
    project: place.project,
    environment: place.environment,
    fetched_at: new Date(at).toISOString(),
    expires_at: new Date(at + ttlSeconds * 1000).toISOString(),
    salt: randomBytes(32).toString('base64'),
  };
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(place.token, header), iv).setAAD(dataOf(header));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(values), 'utf8'), cipher.final()]);
  const copy: Copy = {
    header,
    iv: iv.toString('base64'),
    sealed: sealed.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
  makePrivateDirectory(shelf.directory);
  writePrivateFile(pathOnShelf(shelf, 'json'), `${JSON.stringify(copy)}\n`);
}

export function findOfflineCopy(shelf: Shelf): Found {
  const text = readPrivateFile(pathOnShelf(shelf, 'json'));
  if (text === undefined) return { missing: 'none was kept' };
  const opened = open(text, shelf.place.token);
  if (opened === undefined) return { missing: 'it was kept with another token, or was changed' };
  const { header, values } = opened;
  const { url, project, environment } = shelf.place;
  if (header.url !== url || header.project !== project || header.environment !== environment)
    return { missing: 'it is of another place' };
  const now = shelf.now().getTime();
  if (now >= Date.parse(header.expires_at)) return { missing: `it expired at ${header.expires_at}` };
  if (now < Date.parse(header.fetched_at) - CLOCK_SKEW_MS) return { missing: 'the clock was set back' };
  return { values, fetchedAt: header.fetched_at };
}

export function dropOfflineCopy(shelf: Shelf): void {
  rmSync(pathOnShelf(shelf, 'json'), { force: true });
}

function open(text: string, token: string): { header: Header; values: Values } | undefined {
  try {
    const { header, iv, sealed, tag } = JSON.parse(text) as Copy;
    const decipher = createDecipheriv('aes-256-gcm', keyOf(token, header), Buffer.from(iv, 'base64'), {
      authTagLength: 16,
    })
      .setAAD(dataOf(header))
      .setAuthTag(Buffer.from(tag, 'base64'));
    const plain = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()]);
    return { header, values: JSON.parse(plain.toString('utf8')) as Values };
  } catch {
    return undefined;
  }
}

function keyOf(token: string, { salt }: Header): Uint8Array {
  const key = hkdfSync('sha256', token, Buffer.from(salt, 'base64'), 'coffer offline copy v1', 32);
  return new Uint8Array(key);
}

function dataOf(header: Header): Uint8Array {
  return Buffer.from(canonicalJson(header));
}

/** Tells tokens apart, and nothing of what they are. */
export function tokenMark(token: string): string {
  return createHash('sha256').update(`coffer offline copy v1 ${token}`).digest('hex').slice(0, 32);
}

/** The name of the file tells nobody of which place it is. */
export function pathOnShelf(
  { directory, place: { url, project, environment } }: Shelf,
  ending: string,
): string {
  const name = createHash('sha256')
    .update(JSON.stringify([url, project, environment]))
    .digest('hex');
  return join(directory, `${name.slice(0, 32)}.${ending}`);
}
