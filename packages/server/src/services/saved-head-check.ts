import { appendLeaf, type Frontier } from '@coffer/core';
import { sha256 } from '../sha256.ts';
import { StartError } from '../start-error.ts';
import { getAuditHead, listStoredAuditEntries } from '../store/audit.ts';
import type { Reader, Store } from '../store/database.ts';
import { findInstance } from '../store/instance.ts';
import { listRootKeys } from '../store/root-keys.ts';
import type { RootKeyring } from './root-keyring.ts';
import { readHeadFile, rootOf, type ReadHead, type SeenHead } from './saved-head-file.ts';

/**
 * Why a database is not what a server last saw:
 * - `older`: its log ends before what was seen.
 * - `other_log`: as long, but it does not go on from there.
 * - `other_instance`: what was seen is of another instance.
 * - `damaged`: the file is not what a server of this instance wrote.
 */
export type Mismatch = {
  reason: 'older' | 'other_log' | 'other_instance' | 'damaged';
  /** What was found, and what to do; for people, parts of one line. */
  finding: string;
  advice: string;
  seen: SeenHead | undefined;
};

export type HeadCheck = {
  seen: SeenHead | undefined;
  /** Undefined: the log goes on from what was seen, or nothing was. */
  mismatch: Mismatch | undefined;
  /** False: it was sealed under a root key that is gone since, so nobody can tell who wrote it. */
  isAuthentic: boolean;
};

type Against = { db: Reader; instanceId: string; rootKeys: RootKeyring; path: string };

/** A server answers others in between. */
const RECORDS_AT_ONCE = 100;

/**
 * Compares the database with the head in the file. The file is read first: what is in it was in the database before.
 * Fails with a StartError where the file cannot be read.
 */
export async function checkSavedHead({ db, instanceId, rootKeys, path }: Against): Promise<HeadCheck> {
  const seen = readHeadFile(path);
  if (seen === undefined) return { seen, mismatch: undefined, isAuthentic: true };
  const found = { db, instanceId, path };
  if (seen === 'damaged') return { seen: undefined, mismatch: damaged(path, undefined), isAuthentic: false };
  if (seen.instanceId !== instanceId)
    return { seen, mismatch: otherInstance(found, seen), isAuthentic: false };
  const seal = await checkSeal(seen, { db, rootKeys });
  if (seal === 'broken') return { seen, mismatch: damaged(path, seen), isAuthentic: false };
  return { seen, mismatch: await compare(found, seen), isAuthentic: seal === 'good' };
}

/**
 * Fails with a StartError when a log was seen from this directory: an empty database in its place is a lost one, or the wrong
 * one, and must not become a new instance.
 */
export async function refuseLostDatabase({ store, path }: { store: Store; path: string }): Promise<void> {
  const seen = readHeadFile(path);
  // In this order: another server may be making the instance.
  if (seen === undefined || (await findInstance(store.db)) !== undefined) return;
  const what = seen === 'damaged' ? 'there is a saved head of an audit log' : `it last saw ${describe(seen)}`;
  throw new StartError(
    `the database is empty, but this data directory belongs to an instance: ${what}; check which database the settings name, or restore a backup with \`coffer admin restore\`; to begin anew, take ${path} away`,
  );
}

/**
 * Whether the log of the database begins with the one that was seen: its rows lead from there to its head, by default the one it has
 * now.
 */
export async function goesOnFrom(db: Reader, seen: Frontier, head?: Frontier): Promise<boolean> {
  const end = head ?? (await getAuditHead(db)).frontier;
  let frontier = seen;
  while (frontier.size < end.size) {
    const { size } = frontier;
    const limit = Math.min(RECORDS_AT_ONCE, end.size - size);
    const rows = await listStoredAuditEntries(db, { from: size, limit });
    if (rows.length < limit) return false;
    for (const { body } of rows) frontier = appendLeaf(sha256, frontier, Buffer.from(body));
    await new Promise(setImmediate);
  }
  return frontier.size === end.size && rootOf(frontier) === rootOf(end);
}

/** Whether it was sealed under a root key that we have. */
export function isVouchedFor(seen: ReadHead, { given }: Pick<RootKeyring, 'given'>): boolean {
  const key = given.find(({ check }) => isCheckOf(seen, check));
  return key !== undefined && seen.isSealedBy(key.keys);
}

/**
 * A root key that was replaced and taken away while this server was off cannot vouch for the file any more. That must lock
 * nobody out, so the file then counts as it is: who could write another one could as well remove it.
 */
async function checkSeal(
  seen: ReadHead,
  { db, rootKeys }: Pick<Against, 'db' | 'rootKeys'>,
): Promise<'good' | 'gone' | 'broken'> {
  if (rootKeys.given.some(({ check }) => isCheckOf(seen, check)))
    return isVouchedFor(seen, rootKeys) ? 'good' : 'broken';
  const known = await listRootKeys(db);
  return known.some(({ keyCheck, state }) => state !== 'current' && isCheckOf(seen, keyCheck))
    ? 'gone'
    : 'broken';
}

function isCheckOf({ rootKeyCheck }: SeenHead, check: Uint8Array): boolean {
  return Buffer.from(check).toString('base64') === rootKeyCheck;
}

async function compare(
  { db, path }: Pick<Against, 'db' | 'path'>,
  seen: SeenHead,
): Promise<Mismatch | undefined> {
  const { frontier } = await getAuditHead(db);
  if (frontier.size < seen.frontier.size) {
    return {
      reason: 'older',
      seen,
      finding: `this database is older than what this server last saw of it: its audit log has ${frontier.size} records, and on ${seen.savedAt} it had ${seen.frontier.size} with the root ${rootOf(seen.frontier)} (${path})`,
      advice: ADVICE,
    };
  }
  if (await goesOnFrom(db, seen.frontier)) return undefined;
  return {
    reason: 'other_log',
    seen,
    finding: `the audit log of this database does not go on from what this server last saw: on ${seen.savedAt} it had ${seen.frontier.size} records with the root ${rootOf(seen.frontier)} (${path}), and now it has ${frontier.size} that do not begin with these`,
    advice: ADVICE,
  };
}

const ADVICE =
  'put the newer database back, or, where this one is meant, run `coffer admin audit accept`, which is put on record';

function otherInstance({ instanceId, path }: Pick<Against, 'instanceId' | 'path'>, seen: SeenHead): Mismatch {
  return {
    reason: 'other_instance',
    seen,
    finding: `the data directory and the database are of two instances: ${path} is of ${seen.instanceId}, last seen with ${describe(seen)}, and the database is ${instanceId}`,
    advice:
      'correct the settings, or, where they are meant, run `coffer admin audit accept`, which is put on record',
  };
}

function damaged(path: string, seen: SeenHead | undefined): Mismatch {
  return {
    reason: 'damaged',
    seen,
    finding: `the saved head of the audit log, ${path}, is damaged, or was not written under a root key that this database knows`,
    advice:
      'look at who may have changed it, and which database this is, then run `coffer admin audit accept`, which is put on record',
  };
}

function describe({ frontier, savedAt }: SeenHead): string {
  return `an audit log of ${frontier.size} records on ${savedAt}`;
}
