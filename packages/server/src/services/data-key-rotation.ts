import { AppError } from '@coffer/core';
import type { Clock } from '../clock.ts';
import { StartError } from '../start-error.ts';
import type { Store, Transaction } from '../store/database.ts';
import {
  destroyDataKey,
  findReplacedSince,
  listProjectsToRotate,
  listReplacedDataKeys,
  removeDestroyed,
  type DataKeyScope,
  type ReplacedDataKey,
} from '../store/data-keys.ts';
import { hasProject } from '../store/projects.ts';
import {
  countVersionsToReseal,
  countVersionsUnder,
  listVersionsUnder,
  replaceSealed,
} from '../store/resealed-versions.ts';
import { BEFORE_ALL, type SealedAtPlace } from '../store/sealed-versions.ts';
import { COMMAND } from './actor.ts';
import { draft, type AuditLog } from './audit-log.ts';
import { erase } from './eraser.ts';
import { inSmallTransactions } from './small-transactions.ts';
import { resealedDetails } from './stored-details.ts';
import type { VaultCipher } from './vault-cipher.ts';

/** Versions for one transaction: what a server waits for is over in milliseconds. */
const RESEAL_BATCH = 20;
const DESTROY_BATCH = 20;

export type DataKeyRotation = {
  store: Store;
  audit: AuditLog;
  clock: Clock;
  cipher: VaultCipher;
  scope: DataKeyScope;
};

/** How far it is, told from the database alone, so that one that was stopped anywhere is recognised. */
export type DataKeyRotationStatus = {
  /** Milliseconds; undefined: none is under way. */
  since: number | undefined;
  /** Or destroyed, but not known to be erased from the disk. */
  dataKeysToDestroy: number;
  versionsToReseal: number;
};

/** A version that does not open. */
export type DamagedVersion = Pick<SealedAtPlace, 'place' | 'key'>;

export async function dataKeyRotationStatus({
  store: { db },
  scope,
}: Pick<DataKeyRotation, 'store' | 'scope'>): Promise<DataKeyRotationStatus> {
  return {
    since: await findReplacedSince(db, scope),
    dataKeysToDestroy: (await listReplacedDataKeys(db, scope)).length,
    versionsToReseal: await countVersionsToReseal(db, scope),
  };
}

/**
 * New data keys, which every write uses from the commit on, whichever process it is in: it looks for the key that seals in
 * its own transaction. In all projects at once, so that a rotation that is stopped later has begun in each. One that is
 * under way is not begun again: it extends to projects that it did not include, and leaves alone what was made since.
 * Answers with how many projects got a new key, and since when a rotation was under way, if one was. Fails with a StartError
 * when the project is not there.
 */
export async function replaceDataKeys({
  store,
  audit,
  clock,
  cipher,
  scope,
}: DataKeyRotation): Promise<{ since: number | undefined; projects: number }> {
  return await store.transaction(async (tx) => {
    if (typeof scope === 'string' && !(await hasProject(tx, scope)))
      throw new StartError(`there is no project with the id ${scope}`);
    const since = await findReplacedSince(tx, scope);
    const projects = await listProjectsToRotate(tx, scope, { madeBefore: since });
    const at = clock();
    const drafts = [];
    for (const project of projects) {
      const { id, replaced } = await cipher.renewKey(tx, project, at);
      const details = { replaced };
      drafts.push(draft(COMMAND, undefined, { type: 'data_key_rotate', project, object: id, details }));
    }
    await audit.append(tx, ...drafts);
    return { since, projects: projects.length };
  });
}

/**
 * Seals what replaced data keys sealed under the keys that replace them. Answers with what does not open, which stays as it is,
 * or with undefined when it was stopped before the end.
 */
export async function resealVersions(
  rotation: DataKeyRotation,
  { signal, progress }: { signal: AbortSignal; progress: (resealed: number) => void },
): Promise<DamagedVersion[] | undefined> {
  const { store, scope } = rotation;
  const damaged: DamagedVersion[] = [];
  let resealed = 0;
  for (const { id } of await listReplacedDataKeys(store.db, scope)) {
    let after = BEFORE_ALL;
    const work = async (tx: Transaction) =>
      await reseal(rotation, tx, await listVersionsUnder(tx, id, { after, limit: RESEAL_BATCH }));
    for await (const batch of inSmallTransactions(store, signal, work)) {
      damaged.push(...batch.damaged);
      resealed += batch.resealed;
      after = batch.last;
      progress(resealed);
    }
  }
  return signal.aborted ? undefined : damaged;
}

/** Undefined: there are none. */
async function reseal(
  { audit, cipher }: DataKeyRotation,
  tx: Transaction,
  versions: readonly SealedAtPlace[],
): Promise<{ resealed: number; damaged: DamagedVersion[]; last: SealedAtPlace['place'] } | undefined> {
  const last = versions.at(-1)?.place;
  if (last === undefined) return undefined;
  const damaged: DamagedVersion[] = [];
  const drafts = [];
  for (const found of versions) {
    const { place, key, content } = found;
    let plain;
    try {
      plain = {
        value: await cipher.open(tx, place, 'value', content),
        comment: await cipher.open(tx, place, 'comment', content),
      };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'value_unreadable') throw error;
      damaged.push({ place, key });
      continue;
    }
    const sealed = await cipher.seal(tx, place, plain);
    for (const bytes of Object.values(plain)) bytes.fill(0);
    await replaceSealed(tx, found, sealed);
    const { projectId: project, environment } = place;
    const details = resealedDetails(place.version, sealed, content);
    drafts.push(
      draft(COMMAND, undefined, { type: 'vault_reseal', project, environment, object: key, details }),
    );
  }
  await audit.append(tx, ...drafts);
  return { resealed: drafts.length, damaged, last };
}

/** What became of the replaced keys. */
export type Destruction = {
  /** How many this run destroyed. */
  destroyed: number;
  /** Under these something is sealed that could not be sealed anew: how many versions. They stay as they are. */
  left: (Pick<ReplacedDataKey, 'id' | 'projectId'> & { versions: number })[];
  /** False: another program reads the database all the time, and what was destroyed may still be on its disk. */
  isErased: boolean;
};

/**
 * Destroys replaced data keys, each in a transaction that sees that nothing is sealed under it any more. Then they, and what was
 * sealed under them, are erased from the disk, and only then their rows go: until that is done the database says that it is to
 * be done. Answers with undefined when it was stopped before the end.
 */
export async function destroyDataKeys(
  rotation: DataKeyRotation,
  signal: AbortSignal,
): Promise<Destruction | undefined> {
  const { store, cipher, scope } = rotation;
  const replaced = await listReplacedDataKeys(store.db, scope);
  const left: Destruction['left'] = [];
  let destroyed = 0;
  for await (const batch of inBatches(rotation, replaced, signal, overwriteKeys)) {
    destroyed += batch.destroyed;
    left.push(...batch.left);
  }
  await cipher.forgetDestroyed(store.db);
  if (signal.aborted) return undefined;
  const isErased = await erase(store);
  if (!isErased) return { destroyed, left, isErased };
  const gone = replaced.filter(({ id }) => !left.some((key) => key.id === id));
  for await (const _ of inBatches(rotation, gone, signal, removeKeys));
  return signal.aborted ? undefined : { destroyed, left, isErased };
}

async function overwriteKeys(
  { audit }: DataKeyRotation,
  tx: Transaction,
  keys: readonly ReplacedDataKey[],
): Promise<Pick<Destruction, 'destroyed' | 'left'>> {
  const drafts = [];
  const left = [];
  for (const { id, projectId } of keys) {
    const versions = await countVersionsUnder(tx, id);
    if (versions > 0) left.push({ id, projectId, versions });
    else if (await destroyDataKey(tx, id))
      drafts.push(draft(COMMAND, undefined, { type: 'data_key_destroy', project: projectId, object: id }));
  }
  await audit.append(tx, ...drafts);
  return { destroyed: drafts.length, left };
}

async function removeKeys(
  _: DataKeyRotation,
  tx: Transaction,
  keys: readonly ReplacedDataKey[],
): Promise<true> {
  for (const { id } of keys) await removeDestroyed(tx, id);
  return true;
}

async function* inBatches<T>(
  rotation: DataKeyRotation,
  keys: readonly ReplacedDataKey[],
  signal: AbortSignal,
  work: (rotation: DataKeyRotation, tx: Transaction, batch: readonly ReplacedDataKey[]) => Promise<T>,
): AsyncGenerator<T> {
  let begun = 0;
  const next = async (tx: Transaction) => {
    const batch = keys.slice(begun, begun + DESTROY_BATCH);
    return batch.length === 0 ? undefined : await work(rotation, tx, batch);
  };
  for await (const done of inSmallTransactions(rotation.store, signal, next)) {
    begun += DESTROY_BATCH;
    yield done;
  }
}
