import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson, decodeFrontier, encodeFrontier, rootHash, type Frontier } from '@coffer/core';
import { makeDirectory } from '../make-directory.ts';
import { replaceFile } from '../replace-file.ts';
import { sha256 } from '../sha256.ts';
import { StartError } from '../start-error.ts';
import { syncDirectory } from '../sync-directory.ts';
import type { GivenRootKey } from './root-keyring.ts';

const FILE = 'audit-head';

/** What a server last saw of an audit log: as much as it takes to tell whether another log goes on from there. */
export type SeenHead = {
  instanceId: string;
  frontier: Frontier;
  /** RFC 3339. */
  savedAt: string;
  /** Check value of the root key that the file is sealed under, base64. */
  rootKeyCheck: string;
};

/** As it is in the file: one line of JSON. `seal` is an HMAC over the canonical JSON of the others. */
type Content = {
  coffer: 'audit head';
  format: 1;
  instance: string;
  size: number;
  /** Base64. */
  frontier: string;
  /** Hexadecimal; what `audit verify` prints. */
  root: string;
  saved_at: string;
  root_key_check: string;
};

export type ReadHead = SeenHead & { isSealedBy(keys: Pick<GivenRootKey['keys'], 'headKey'>): boolean };

export function headFileIn(dataDir: string): string {
  return join(dataDir, FILE);
}

/**
 * Undefined: there is none. `damaged`: it is not what was written. Fails with a StartError where it cannot be read, or
 * could be read or written by others.
 */
export function readHeadFile(path: string): ReadHead | 'damaged' | undefined {
  try {
    // What would wait for a writer, as a pipe does, is opened without waiting, and refused.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      return readOpen(file, path);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    // Where there can be no file there is none: a server on PostgreSQL needs no data directory.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw cannotBeRead(path, code, cause);
  }
}

/** Many times what the largest tree takes. */
const BYTES_MAX = 64 * 1024;

function readOpen(file: number, path: string): ReadHead | 'damaged' {
  const stat = fstatSync(file);
  if ((stat.mode & 0o077) !== 0 && process.platform !== 'win32') {
    throw new StartError(
      `${path} must not be open to other users: look at who may have changed it, then set its mode to 0600`,
    );
  }
  if (!stat.isFile()) throw cannotBeRead(path, stat.isDirectory() ? 'EISDIR' : 'it is no regular file');
  return (stat.size > BYTES_MAX ? undefined : parse(readFileSync(file, 'utf8'))) ?? 'damaged';
}

function cannotBeRead(path: string, why: string, cause?: unknown): StartError {
  return new StartError(
    `the saved head of the audit log, ${path}, cannot be read (${why}); check what it is and who may read it`,
    { cause },
  );
}

/** On disk when this returns; in one step. Fails with a StartError. */
export function writeHeadFile(
  path: string,
  { instanceId, frontier, savedAt }: Omit<SeenHead, 'rootKeyCheck'>,
  { check, keys }: Pick<GivenRootKey, 'check' | 'keys'>,
): void {
  const content: Content = {
    coffer: 'audit head',
    format: 1,
    instance: instanceId,
    size: frontier.size,
    frontier: Buffer.from(encodeFrontier(frontier)).toString('base64'),
    root: rootOf(frontier),
    saved_at: savedAt,
    root_key_check: check.toString('base64'),
  };
  const seal = sealOf(content, keys.headKey).toString('base64');
  try {
    makeDirectory(dirname(path));
    replaceFile(path, `${JSON.stringify({ ...content, seal })}\n`);
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new StartError(`the saved head of the audit log, ${path}, cannot be written (${code})`, { cause });
  }
}

/** So that the next start takes the database as it is. On disk when this returns. */
export function removeHeadFile(path: string): void {
  rmSync(path, { force: true });
  syncDirectory(dirname(path));
}

/** As a record of the audit log has it; also of a file that nobody vouches for: it is what was there. */
export function seenDetails(seen: SeenHead | undefined): Record<string, string | number> {
  if (seen === undefined) return {};
  return {
    seen_instance: seen.instanceId,
    seen_size: seen.frontier.size,
    seen_root: rootOf(seen.frontier),
    seen_at: seen.savedAt,
  };
}

/** Hexadecimal. */
export function rootOf(frontier: Frontier): string {
  return Buffer.from(rootHash(sha256, frontier)).toString('hex');
}

const INSTANCE_ID = /^ins_[0-9a-z]{1,64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{3}Z$/;

function parse(text: string): ReadHead | undefined {
  try {
    const { seal, ...content } = JSON.parse(text) as Content & { seal: string };
    const { coffer, format, instance, size, saved_at: savedAt, root_key_check: rootKeyCheck } = content;
    if (coffer !== 'audit head' || format !== 1 || !Number.isSafeInteger(size)) return undefined;
    // They are shown to people, also where nobody vouches for them.
    if (!INSTANCE_ID.test(instance) || !TIME.test(savedAt)) return undefined;
    if (typeof rootKeyCheck !== 'string' || typeof seal !== 'string') return undefined;
    const frontier = decodeFrontier(size, Buffer.from(content.frontier, 'base64'));
    if (rootOf(frontier) !== content.root) return undefined;
    return {
      instanceId: instance,
      frontier,
      savedAt,
      rootKeyCheck,
      isSealedBy: ({ headKey }) => {
        const [is, should] = [Buffer.from(seal, 'base64'), sealOf(content, headKey)];
        return is.length === should.length && timingSafeEqual(is, should);
      },
    };
  } catch {
    return undefined;
  }
}

function sealOf(content: Content, headKey: Buffer): Buffer {
  return createHmac('sha256', headKey).update(canonicalJson(content)).digest();
}
