import { VERSION_EVENT_TYPES, type AuditEntry } from '@coffer/core';
import { sha256Hex } from '../sha256.ts';
import { listFalselyDestroyed } from '../store/data-keys.ts';
import type { Reader } from '../store/database.ts';
import {
  countVersions,
  eachSealedVersion,
  findBareEntry,
  findOrphanVersion,
  findStrayCiphertext,
  findVersionWithoutKey,
  type SealedAtPlace,
} from '../store/sealed-versions.ts';
import {
  RecordedVersions,
  type RecordedVersion,
  type VersionName,
} from '../store/sqlite-recorded-versions.ts';
import { AuditDifference } from './audit-difference.ts';
import { verifyAuditLog, type LogVerification } from './audit-verification.ts';

export type VaultVerification = LogVerification & {
  /** Of entries; each has the ciphertext that is on record. */
  versions: number;
  /** Of these, whose comment no record names: they were stored before records did. */
  commentsUnproven: number;
};

export type VerificationOptions = {
  signal?: AbortSignal | undefined;
  progress?: (what: 'records' | 'versions', done: number, total: number) => void;
  /** Is shown each stored version, once the log is known to be whole, and before the two are compared. */
  visit?: (stored: SealedAtPlace) => Promise<void>;
};

/**
 * Recomputes the audit log and compares every stored ciphertext with what the log says is stored. Reads from one moment
 * of the database, in bounded memory, whatever the size of either. Fails with an AuditDifference, the first there is.
 */
export async function verifyVault(
  snapshot: Reader,
  { signal, progress = () => undefined, visit }: VerificationOptions = {},
): Promise<VaultVerification> {
  using recorded = new RecordedVersions();
  const log = await verifyAuditLog(snapshot, (entry, total) => {
    signal?.throwIfAborted();
    follow(recorded, entry);
    progress('records', entry.index + 1, total);
  });
  const total = await countVersions(snapshot);
  let versions = 0;
  let commentsUnproven = 0;
  let entryId: string | undefined;
  for await (const stored of eachSealedVersion(snapshot)) {
    signal?.throwIfAborted();
    await visit?.(stored);
    if (stored.place.entryId !== entryId) checkCurrent(recorded, nameOf(stored), stored.current);
    entryId = stored.place.entryId;
    const { commentSha256 } = checkStored(recorded, stored);
    if (commentSha256 === undefined) commentsUnproven += 1;
    versions += 1;
    progress('versions', versions, total);
  }
  refuseMissing(recorded);
  await refuseLostKeys(snapshot);
  await refuseLeftovers(snapshot);
  return { ...log, versions, commentsUnproven };
}

const STORES_VERSION: ReadonlySet<string> = new Set(VERSION_EVENT_TYPES);

/** What the record means for what is stored. */
function follow(recorded: RecordedVersions, entry: AuditEntry): void {
  const { index, type, outcome, project_id: projectId, environment, object: key, details } = entry;
  if (outcome !== 'success' || projectId === null) return;
  if (type === 'project_delete') return recorded.destroyProject(projectId, index);
  if (environment === null || key === null) return;
  if (type === 'vault_delete') return recorded.destroyEntry({ projectId, environment, key }, index);
  if (!STORES_VERSION.has(type)) return;
  const { version, ciphertext_sha256: value, comment_ciphertext_sha256: comment } = details;
  // Only a log that was altered has others, which the tree tells.
  if (typeof version !== 'number' || !Number.isSafeInteger(version)) return;
  const place = { projectId, environment, key, version };
  let author: Pick<RecordedVersion, 'uid' | 'username'> = entry;
  if (type === 'vault_reseal') {
    const before = recorded.find(place);
    if (!isOfWhatWas(before, entry)) return;
    // To seal anew makes nobody the author.
    author = before;
  }
  recorded.put(place, {
    index,
    valueSha256: String(value),
    commentSha256: comment === undefined ? undefined : String(comment),
    uid: author.uid,
    username: author.username,
  });
}

/**
 * Whether what was sealed anew was what the log says. Where it was something else, put there by whoever had the keys, it stays
 * something else: what it became is not on record as stored.
 */
function isOfWhatWas(
  record: RecordedVersion | undefined,
  { details }: AuditEntry,
): record is RecordedVersion {
  const { replaced_ciphertext_sha256: value, replaced_comment_ciphertext_sha256: comment } = details;
  return (
    record !== undefined &&
    record.destroyedBy === undefined &&
    record.valueSha256 === value &&
    (record.commentSha256 === undefined || record.commentSha256 === comment)
  );
}

/** An entry that was set back shows an old value, though each of its versions is as it was stored. */
function checkCurrent(recorded: RecordedVersions, place: VersionName, current: number): void {
  const newest = recorded.findNewest(place);
  if (newest === undefined || newest.version === current) return;
  if (newest.version < current) throw unrecorded({ ...place, version: current });
  const { index, version } = newest;
  throw new AuditDifference(
    'rolled_back',
    `rolled back: ${entryOf(place)} is at version ${current}, and record ${index} says that it has version ${version}`,
    { place: { ...place, version: current }, index },
  );
}

function checkStored(recorded: RecordedVersions, stored: SealedAtPlace): RecordedVersion {
  const place = nameOf(stored);
  const { valueSealed, commentSealed } = stored.content;
  const record = recorded.take(place);
  if (record === undefined) throw unrecorded(place);
  const { index, destroyedBy, valueSha256, commentSha256 } = record;
  if (destroyedBy !== undefined) {
    const message = `resurrected: ${versionOf(place)} is there, and record ${destroyedBy} says that it was destroyed`;
    throw new AuditDifference('resurrected', message, { place, index: destroyedBy });
  }
  if (valueSealed.length === 0) throw missing(place, index);
  if (sha256Hex(valueSealed) !== valueSha256) throw exchanged('value', place, index);
  if (commentSha256 !== undefined && sha256Hex(commentSealed) !== commentSha256)
    throw exchanged('comment', place, index);
  const authors = [stored.author, ...(place.version === 1 ? [stored.entryAuthor] : [])];
  if (!authors.every(({ uid, username }) => uid === record.uid && username === record.username))
    throw exchanged('author', place, index);
  return record;
}

function refuseMissing(recorded: RecordedVersions): void {
  const lost = recorded.findMissing();
  if (lost === undefined) return;
  const { index, ...place } = lost;
  throw missing(place, index);
}

/** What is stored as it should be opens no more without its data key. */
async function refuseLostKeys(snapshot: Reader): Promise<void> {
  const [lost] = await listFalselyDestroyed(snapshot);
  const found = await findVersionWithoutKey(snapshot, lost);
  const id = found?.dataKeyId ?? lost;
  if (id === undefined) return;
  const what = found === undefined ? '' : ` of ${versionOf(found.place)}`;
  const message = `missing: the data key ${id}${what} was taken away, or marked as destroyed, by someone else than a rotation`;
  throw new AuditDifference('missing', message, found && { place: found.place });
}

/** What belongs to no version that is on record, and would not be found by one. */
async function refuseLeftovers(snapshot: Reader): Promise<void> {
  const bare = await findBareEntry(snapshot);
  if (bare !== undefined) throw unrecorded(bare);
  const orphan = await findOrphanVersion(snapshot);
  if (orphan !== undefined) {
    const { entryId, version } = orphan;
    const message = `unrecorded: version ${version} of the entry with the id ${entryId} is there, and no such entry`;
    throw new AuditDifference('unrecorded', message);
  }
  const stray = await findStrayCiphertext(snapshot);
  if (stray === undefined) return;
  throw new AuditDifference(
    'resurrected',
    `resurrected: the ciphertext in row ${stray} is there, and no version has it`,
  );
}

function missing(place: VersionName, index: number): AuditDifference {
  const message = `missing: ${versionOf(place)} is not there, and record ${index} says that it is stored`;
  return new AuditDifference('missing', message, { place, index });
}

function exchanged(
  field: 'value' | 'comment' | 'author',
  place: VersionName,
  index: number,
): AuditDifference {
  const says = field === 'author' ? `who record ${index} says` : `what record ${index} says was stored`;
  const message = `exchanged: the ${field} of ${versionOf(place)} is not ${says}`;
  return new AuditDifference('exchanged', message, { place, index });
}

function unrecorded(place: VersionName): AuditDifference {
  const message = `unrecorded: ${versionOf(place)} is there, and no record says that it was stored`;
  return new AuditDifference('unrecorded', message, { place });
}

function nameOf({ place, key }: SealedAtPlace): VersionName {
  const { projectId, environment, version } = place;
  return { projectId, environment, key, version };
}

function versionOf(place: VersionName): string {
  return `version ${place.version} of ${entryOf(place)}`;
}

function entryOf({ projectId, environment, key }: VersionName): string {
  return `${key} in ${projectId}/${environment}`;
}
