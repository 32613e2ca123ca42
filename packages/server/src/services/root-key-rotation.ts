import { AppError, type InstanceId, type Redacted } from '@coffer/core';
import type { Clock } from '../clock.ts';
import { deriveInstanceKeys, rootKeyCheck } from '../keys/root-key.ts';
import {
  canReplace,
  keepRetiredRootKey,
  replaceRootKeyFile,
  type RootKeySource,
} from '../keys/root-key-source.ts';
import { sealTokenKey, unwrapDataKey, wrapDataKey } from '../keys/wrapping.ts';
import { StartError } from '../start-error.ts';
import {
  countDataKeysByRootKey,
  listDataKeysNotUnder,
  listFalselyDestroyed,
  rewrapDataKey,
} from '../store/data-keys.ts';
import type { Reader, Store, Transaction } from '../store/database.ts';
import { insertRootKey, listRootKeys, markReplaced, retireReplaced } from '../store/root-keys.ts';
import { COMMAND } from './actor.ts';
import { draft, type AuditLog } from './audit-log.ts';
import { RootKeyring, type GivenRootKey } from './root-keyring.ts';
import { inSmallTransactions } from './small-transactions.ts';

/** Data keys for one transaction: what a server waits for is over in milliseconds. */
const REWRAP_BATCH = 20;

export type Rotation = {
  store: Store;
  audit: AuditLog;
  clock: Clock;
  instanceId: InstanceId;
  source: RootKeySource;
};

/**
 * How far a rotation is, told from the source and the database together, so that one that was stopped anywhere is
 * recognised:
 * `idle`: the source holds the current key. `prepared`: before it stands one that the database does not know.
 * `under_way`: the new one is the current one, data keys may be under the old one. `left_over`: all is rewrapped, but
 * the source still holds the old one.
 */
export type RotationStep = 'idle' | 'prepared' | 'under_way' | 'left_over';

export type RotationStatus = {
  step: RotationStep;
  /** Ids, hexadecimal. */
  current: string;
  next: string | undefined;
  dataKeys: number;
  /** Of these, wrapped under other root keys than the current one, or under none that anybody could name. */
  dataKeysToRewrap: number;
};

/** Fails with a StartError when the source lacks a key that the database needs. */
export async function rotationStatus(
  rotation: Rotation,
  db: Reader = rotation.store.db,
): Promise<RotationStatus> {
  const { step, current, next } = await look(rotation, db);
  const counts = await countDataKeysByRootKey(db);
  const { rootKeyId } = current.keys;
  const unnamed = (await listFalselyDestroyed(db)).length;
  const sum = (rows: typeof counts): number =>
    rows.reduce((total, { dataKeys }) => total + dataKeys, unnamed);
  return {
    step,
    current: rootKeyId.toString('hex'),
    next: next?.keys.rootKeyId.toString('hex'),
    dataKeys: sum(counts),
    dataKeysToRewrap: sum(counts.filter((row) => !rootKeyId.equals(row.rootKeyId))),
  };
}

/** Whether a rotation writes the source itself. */
export function isOurs({ source }: Rotation): boolean {
  return source.path !== undefined && canReplace(source.path);
}

/**
 * Puts the new key before the others in the source, where that is ours to write. Nothing else is changed, and nothing uses
 * it yet. Writers of the database wait for each other, so of two rotations at once the second finds what the first did:
 * then it keeps to that, and answers with false. Where the transaction is lost and run again, it finds what it did itself:
 * the file is replaced in one step and read anew, so that the key is in it once, and the answer is false.
 */
export async function prepareRootKey(rotation: Rotation, rootKey: Redacted<Buffer>): Promise<boolean> {
  const { store, source } = rotation;
  return await store.transaction(async (tx) => {
    const { step, given } = await look(rotation, tx);
    if (step !== 'idle') return false;
    await nameNewRootKey(rotation, rootKey, tx);
    if (source.path !== undefined)
      replaceRootKeyFile(source.path, [rootKey, ...given.map((one) => one.rootKey)]);
    return true;
  });
}

/** The id that a new root key has here, hexadecimal. Fails with a StartError when the database has it, or had. */
export async function nameNewRootKey(
  { store, instanceId }: Rotation,
  rootKey: Redacted<Buffer>,
  db: Reader = store.db,
): Promise<string> {
  const check = rootKeyCheck(rootKey, instanceId);
  const known = await listRootKeys(db);
  if (known.some(({ keyCheck }) => check.equals(keyCheck)))
    throw new StartError('the new root key is one that this database has or had; make another one');
  return deriveInstanceKeys(rootKey, instanceId).rootKeyId.toString('hex');
}

/**
 * Takes the new key out of the file again, while nothing uses it: it is on disk in a file of its own before, as another database
 * may have the same file. Answers with the path of that. Undefined: no key is prepared. Fails with a StartError when it is in use.
 */
export async function cancelRootKey(rotation: Rotation): Promise<string | undefined> {
  const { store, source } = rotation;
  return await store.transaction(async (tx) => {
    const { step, given, next } = await look(rotation, tx);
    if (step === 'under_way')
      throw new StartError(
        'the new root key is in use already; `coffer admin rotate root-key` brings the rotation to its end',
      );
    if (next === undefined || source.path === undefined) return undefined;
    const [kept] = takeOut(source.path, given, (one) => one === next);
    return kept;
  });
}

/** From here on the new key wraps and signs. False: another rotation was faster. */
export async function switchRootKey(rotation: Rotation): Promise<boolean> {
  const { store, audit, clock, instanceId } = rotation;
  return await store.transaction(async (tx) => {
    const { step, current, next } = await look(rotation, tx);
    if (step !== 'prepared' || next === undefined) return false;
    const since = clock();
    await markReplaced(tx, current.check, {
      since,
      tokenKeySealed: sealTokenKey(next.keys, instanceId, current.keys),
    });
    await insertRootKey(tx, { keyCheck: next.check, state: 'current', since, tokenKeySealed: undefined });
    const details = {
      root_key_id: next.keys.rootKeyId.toString('hex'),
      replaced_root_key_id: current.keys.rootKeyId.toString('hex'),
    };
    await audit.append(tx, draft(COMMAND, undefined, { type: 'root_key_rotate', details }));
    return true;
  });
}

/**
 * Wraps every data key under the current root key, in small transactions with time for others between them. Answers with
 * the ids of those that do not open, or undefined when it was stopped before the end.
 */
export async function rewrapDataKeys(
  rotation: Rotation,
  { signal, progress }: { signal: AbortSignal; progress: (rewrapped: number) => void },
): Promise<string[] | undefined> {
  const damaged: string[] = [];
  let rewrapped = 0;
  let after = '';
  const work = async (tx: Transaction) => await rewrapBatch(rotation, tx, after);
  for await (const batch of inSmallTransactions(rotation.store, signal, work)) {
    damaged.push(...batch.damaged);
    rewrapped += batch.rewrapped;
    after = batch.last;
    progress(rewrapped);
  }
  if (signal.aborted) return undefined;
  // No rewrapping finds these, and the root key that they are under would go.
  return [...damaged, ...(await listFalselyDestroyed(rotation.store.db))];
}

/** Undefined: there is none behind. */
async function rewrapBatch(
  rotation: Rotation,
  tx: Transaction,
  after: string,
): Promise<{ rewrapped: number; damaged: string[]; last: string } | undefined> {
  const { audit, instanceId } = rotation;
  const { current, ring } = await look(rotation, tx);
  const { rootKeyId } = current.keys;
  const dataKeys = await listDataKeysNotUnder(tx, rootKeyId, { after, limit: REWRAP_BATCH });
  const last = dataKeys.at(-1)?.id;
  if (last === undefined) return undefined;
  const damaged: string[] = [];
  const drafts = [];
  for (const { id, projectId, wrapped, rootKeyId: from } of dataKeys) {
    const place = { instanceId, projectId, id };
    try {
      const bytes = unwrapDataKey(ring.get(from), place, wrapped);
      const now = { wrapped: wrapDataKey(current.keys, place, bytes), rootKeyId };
      bytes.fill(0);
      await rewrapDataKey(tx, { id, rootKeyId: from }, now);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'value_unreadable') throw error;
      damaged.push(id);
      continue;
    }
    const details = { root_key_id: rootKeyId.toString('hex') };
    drafts.push(
      draft(COMMAND, undefined, { type: 'data_key_rewrap', project: projectId, object: id, details }),
    );
  }
  await audit.append(tx, ...drafts);
  return { rewrapped: drafts.length, damaged, last };
}

/** Once nothing is wrapped under it. Answers with whether that is so. */
export async function retireRootKey(rotation: Rotation): Promise<boolean> {
  const { store, audit } = rotation;
  return await store.transaction(async (tx) => {
    const { dataKeysToRewrap, current } = await rotationStatus(rotation, tx);
    if (dataKeysToRewrap > 0) return false;
    if ((await retireReplaced(tx)) > 0) {
      const details = { root_key_id: current };
      await audit.append(tx, draft(COMMAND, undefined, { type: 'root_key_retire', details }));
    }
    return true;
  });
}

/**
 * Takes out of the file what this database no longer needs; in a transaction, so that no other rotation writes it meanwhile.
 * Backups need it, and maybe another database that has the same file: it is on disk in a file of its own before. Answers with
 * the paths of these. Run again, it reads the file anew and finds nothing left to do.
 */
export async function cleanRootKeyFile(rotation: Rotation): Promise<string[]> {
  const { store, source } = rotation;
  const { path } = source;
  if (path === undefined) return [];
  return await store.transaction(async (tx) => {
    const { step, given, known } = await look(rotation, tx);
    if (step !== 'left_over') return [];
    const isRetired = ({ check }: GivenRootKey): boolean =>
      known.some(({ state, keyCheck }) => state === 'retired' && check.equals(keyCheck));
    return takeOut(path, given, isRetired);
  });
}

function takeOut(
  path: string,
  given: readonly GivenRootKey[],
  isToGo: (one: GivenRootKey) => boolean,
): string[] {
  const kept = given
    .filter(isToGo)
    .map(({ keys, rootKey }) => keepRetiredRootKey(path, keys.rootKeyId, rootKey));
  replaceRootKeyFile(
    path,
    given.filter((one) => !isToGo(one)).map(({ rootKey }) => rootKey),
  );
  return kept;
}

async function look({ source, instanceId }: Rotation, db: Reader) {
  const ring = new RootKeyring(source, instanceId);
  await ring.requireComplete(db);
  const { given } = ring;
  const known = await listRootKeys(db);
  const stateOf = ({ check }: GivenRootKey) => known.find(({ keyCheck }) => check.equals(keyCheck))?.state;
  const current = given.find((one) => stateOf(one) === 'current');
  if (current === undefined) throw new Error('the current root key is not given');
  const unknown = given.filter((one) => stateOf(one) === undefined);
  const [next] = unknown;
  if (unknown.length > 1 || (next !== undefined && next !== given[0])) {
    throw new StartError(
      `${source.name} holds a key that this database does not know, and not as the first; the new key stands before the others, and there is one`,
    );
  }
  return { ring, given, known, current, next, step: stepOf() };

  function stepOf(): RotationStep {
    if (known.some(({ state }) => state === 'replaced')) return 'under_way';
    if (next !== undefined) return 'prepared';
    return given.some((one) => stateOf(one) === 'retired') ? 'left_over' : 'idle';
  }
}
