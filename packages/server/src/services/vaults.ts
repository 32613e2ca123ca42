import { AppError, Redacted, type EntryKey, type ProjectAction, type RouteId } from '@coffer/core';
import { randomId } from '../random-id.ts';
import type { Reader, Transaction } from '../store/database.ts';
import {
  advanceEntry,
  findEntryInSight,
  findWhereabouts,
  insertEntry,
  insertVersion,
  listEntries,
  listVersions,
  removeEntry,
  setOrigins,
  type Author,
  type Entry,
  type EntryVersion,
  type EntryWithVersion,
  type Place,
  type Sight,
  type Whereabouts,
} from '../store/entries.ts';
import type { Page } from '../store/page.ts';
import { listRoutesUsing } from '../store/routes.ts';
import { findSealed } from '../store/resealed-versions.ts';
import type { Actor, Caller } from './actor.ts';
import { draft, type AuditDraft, type AuditEvent } from './audit-log.ts';
import { actorNow, mayReadComments, permit, requireWithin } from './authorize.ts';
import type { Context } from './context.ts';
import { storedDetails } from './stored-details.ts';
import type { SealedVersion } from './vault-cipher.ts';

export type { Author, Place };

/** Each but the first takes a whole rotation of the data key between two steps of one request. */
const OPEN_ATTEMPTS_MAX = 3;

/** An entry as it is shown: its comment is opened, its value only where it was asked for. */
export type Vault = {
  entry: Entry;
  content: Pick<EntryVersion, 'version' | 'createdAt' | 'createdBy'>;
  comment: Redacted<string>;
  value: Redacted<string> | undefined;
};

export type OpenedVault = Vault & { value: Redacted<string> };

/** A change of an entry that is written, and what is still to be appended to the log. */
export type Written = { vault: Vault; record: AuditDraft };

export type NewContent = { value: Redacted<string>; comment: Redacted<string> | undefined };

/** Fails with `entry_exists`, or for the place as `enter` does. */
export async function createEntry(
  context: Context,
  caller: Caller,
  { place, key, ...input }: NewContent & { place: Place; key: EntryKey },
): Promise<Vault> {
  return await context.store.transaction(async (tx) => {
    context.cipher.readAhead(tx, place.projectId);
    const { entryExists } = await lookAt(tx, caller, 'vault.create', { place, key });
    if (entryExists) throw new AppError('entry_exists');
    return await append(context, tx, await createIn(context, tx, caller, { place, key, ...input }));
  });
}

/** In the transaction of a caller who may, and who has seen that there is no such entry. */
export async function createIn(
  context: Context,
  tx: Transaction,
  caller: Caller,
  { place, key, ...input }: NewContent & { place: Place; key: EntryKey },
): Promise<Written> {
  const createdBy = authorOf(caller);
  const createdAt = context.clock();
  const entry: Entry = {
    ...place,
    id: randomId('ent'),
    key,
    version: 1,
    allowedOrigins: [],
    allowedInPath: false,
    createdAt,
    createdBy,
  };
  await insertEntry(tx, entry);
  const comment = input.comment ?? new Redacted('');
  const plain = { value: toBytes(input.value), comment: toBytes(comment) };
  const sealed = await writeVersion(context, tx, entry, { plain, createdAt, createdBy });
  return {
    vault: { entry, content: sealed, comment, value: undefined },
    record: draft(caller, caller.actor, changeEvent('vault_create', entry, sealed)),
  };
}

/**
 * The entries of a page without values, or with them: then the record of each value given out is durable before.
 * Fails with `value_unreadable`, and gives nothing out, when one of them cannot be opened.
 */
export async function fetchEntries(
  context: Context,
  caller: Caller,
  { place, page, withValues }: { place: Place; page: Page; withValues: boolean },
): Promise<{ vaults: Vault[]; amount: number }> {
  const { store, audit } = context;
  await enter(store.db, caller, withValues ? 'vault.view' : 'vault.list', place);
  const { entries, amount } = await listEntries(store.db, place, {
    ...page,
    patterns: caller.actor.grant?.keys,
  });
  const vaults: Vault[] = [];
  for (const found of entries) {
    const vault = await openListed(context, found, { withValues });
    if (vault !== undefined) vaults.push(vault);
  }
  // An empty page gives no value out, but still tells how many keys match.
  const listed = { ...placeOf(place), type: 'vault_list', details: { entries: vaults.length } } as const;
  const events = withValues && vaults.length > 0 ? vaults.map(viewEvent) : [listed];
  await audit.record(...events.map((event) => draft(caller, caller.actor, event)));
  return { vaults, amount };
}

/** Fails with `entry_not_found`, `version_not_found` or `value_unreadable`, or for the place as `enter` does. */
export async function fetchEntry(
  context: Context,
  caller: Caller,
  at: { place: Place; key: EntryKey; version: number | undefined },
): Promise<OpenedVault> {
  const { store, audit } = context;
  const found = await getEntry(store.db, caller, 'vault.view', at);
  const vault = await openEntry(context, found);
  const value = await openValue(context, found);
  await audit.record(draft(caller, caller.actor, viewEvent(found)));
  return { ...vault, value };
}

/** Fails with `entry_not_found` or `version_conflict`, or for the place as `enter` does. */
export async function updateEntry(
  context: Context,
  caller: Caller,
  {
    place,
    key,
    ifVersion,
    ...input
  }: NewContent & { place: Place; key: EntryKey; ifVersion: number | undefined },
): Promise<Vault> {
  return await context.store.transaction(async (tx) => {
    context.cipher.readAhead(tx, place.projectId);
    const found = await getEntry(tx, caller, 'vault.update', { place, key });
    const { version } = found.entry;
    if (ifVersion !== undefined && ifVersion !== version) throw conflict(version, ifVersion);
    return await append(context, tx, await updateIn(context, tx, caller, { found, ...input }));
  });
}

/** In the transaction of a caller who may and who has read the entry. Without a comment the old one stays. */
export async function updateIn(
  context: Context,
  tx: Transaction,
  caller: Caller,
  { found, ...input }: NewContent & { found: EntryWithVersion },
): Promise<Written> {
  const { entry, content } = found;
  const value = toBytes(input.value);
  const comment =
    input.comment === undefined
      ? await openField(context, tx, entry, content, 'comment')
      : toBytes(input.comment);
  return await advance(context, tx, caller, { type: 'vault_update', entry, plain: { value, comment } });
}

/** Old value and comment become a new version. Fails with `entry_not_found`, `version_not_found` or `value_unreadable`. */
export async function restoreVersion(
  context: Context,
  caller: Caller,
  at: { place: Place; key: EntryKey; version: number },
): Promise<Vault> {
  return await context.store.transaction(async (tx) => {
    context.cipher.readAhead(tx, at.place.projectId);
    const { entry, content } = await getEntry(tx, caller, 'vault.restore', at);
    const value = await openField(context, tx, entry, content, 'value');
    const comment = await openField(context, tx, entry, content, 'comment');
    const details = { restored_version: at.version };
    const change = { type: 'vault_version_restore', entry, plain: { value, comment }, details } as const;
    return await append(context, tx, await advance(context, tx, caller, change));
  });
}

/** To which origins routes may send the value. Fails with `entry_not_found`, or for the place as `enter` does. */
export async function allowOrigins(
  context: Context,
  caller: Caller,
  {
    place,
    key,
    ...allowed
  }: Pick<Entry, 'allowedOrigins' | 'allowedInPath'> & { place: Place; key: EntryKey },
): Promise<Vault> {
  const { store, audit } = context;
  return await store.transaction(async (tx) => {
    const { entry, content } = await getEntry(tx, caller, 'vault.allow_origins', { place, key });
    await setOrigins(tx, entry.id, allowed);
    const details = { origins: allowed.allowedOrigins.join(' '), in_path: allowed.allowedInPath };
    const event = { ...placeOf(place), type: 'vault_allow_origins', object: key, details } as const;
    await audit.append(tx, draft(caller, caller.actor, event));
    const comment = mayReadComments(caller.actor)
      ? await openField(context, tx, entry, content, 'comment')
      : Buffer.alloc(0);
    return {
      entry: { ...entry, ...allowed },
      content,
      comment: new Redacted(comment.toString()),
      value: undefined,
    };
  });
}

/** With all its versions, for good (R5). Answers with the routes that used it. Fails with `entry_not_found`, or for the place as `enter` does. */
export async function deleteEntry(
  context: Context,
  caller: Caller,
  { place, key }: { place: Place; key: EntryKey },
): Promise<RouteId[]> {
  const { store, audit } = context;
  const routes = await store.transaction(async (tx) => {
    const [{ entry }, using] = await Promise.all([
      getEntry(tx, caller, 'vault.delete', { place, key }),
      listRoutesUsing(tx, { ...place, key }),
    ]);
    await removeEntry(tx, entry.id);
    const details = { version: entry.version, ...(using.length === 0 ? {} : { routes: using.join(' ') }) };
    await audit.append(
      tx,
      draft(caller, caller.actor, { ...placeOf(place), type: 'vault_delete', object: key, details }),
    );
    return using;
  });
  await context.eraser.erase();
  return routes;
}

/** Newest first. Fails with `entry_not_found`, or for the place as `enter` does. */
export async function fetchVersions(
  { store, audit }: Context,
  caller: Caller,
  { place, key, page }: { place: Place; key: EntryKey; page: Omit<Page, 'filter'> },
): Promise<{
  current: number;
  versions: Pick<EntryVersion, 'version' | 'createdAt' | 'createdBy'>[];
  amount: number;
}> {
  const { entry } = await getEntry(store.db, caller, 'vault.history', { place, key });
  const { versions, amount } = await listVersions(store.db, entry.id, page);
  await audit.record(
    draft(caller, caller.actor, {
      ...placeOf(place),
      type: 'vault_version_list',
      object: key,
      details: { versions: versions.length },
    }),
  );
  return { current: entry.version, versions, amount };
}

/**
 * Into a vault, for a key or to look around: fails with `project_not_found`, `membership_required`, `forbidden`,
 * `token_not_permitted` or, for those who may enter, with `environment_not_found`. Answers with the actor as they are now.
 */
export async function enter(
  db: Reader,
  caller: Caller,
  action: ProjectAction,
  place: Place,
  key?: EntryKey,
): Promise<Actor> {
  const [actor, whereabouts] = await Promise.all([
    actorNow(db, caller.actor),
    findWhereabouts(db, place, caller.actor.uid),
  ]);
  admit(actor, action, { place, key, whereabouts });
  return actor;
}

/** An entry in a vault. */
type EntryAt = { place: Place; key: EntryKey; version?: number | undefined };

/** `enter`, and what is there. */
async function lookAt(
  db: Reader,
  caller: Caller,
  action: ProjectAction,
  { place, key, version }: EntryAt,
): Promise<Sight> {
  const [actor, sight] = await Promise.all([
    actorNow(db, caller.actor),
    findEntryInSight(db, place, key, { version, uid: caller.actor.uid }),
  ]);
  admit(actor, action, { place, key, whereabouts: sight });
  return sight;
}

/** The decision of `enter`, on what was read. */
function admit(
  actor: Actor,
  action: ProjectAction,
  { place, key, whereabouts }: { place: Place; key: EntryKey | undefined; whereabouts: Whereabouts },
): void {
  permit(actor, action, place.projectId, whereabouts);
  requireWithin(actor, place.environment, key);
  if (!whereabouts.environmentExists) throw new AppError('environment_not_found');
}

/** Fails as `enter` does, or with `entry_not_found` or `version_not_found`. */
async function getEntry(
  db: Reader,
  caller: Caller,
  action: ProjectAction,
  at: EntryAt,
): Promise<EntryWithVersion> {
  const { found, entryExists } = await lookAt(db, caller, action, at);
  if (found !== undefined) return found;
  throw new AppError(at.version !== undefined && entryExists ? 'version_not_found' : 'entry_not_found');
}

async function append({ audit }: Context, tx: Transaction, { vault, record }: Written): Promise<Vault> {
  await audit.append(tx, record);
  return vault;
}

/** The next version of an entry that the transaction has read. */
async function advance(
  context: Context,
  tx: Transaction,
  caller: Caller,
  change: {
    type: 'vault_update' | 'vault_version_restore';
    entry: Entry;
    plain: { value: Buffer; comment: Buffer };
    details?: Record<string, number>;
  },
): Promise<Written> {
  const { entry, plain, type, details } = change;
  const next: Entry = { ...entry, version: entry.version + 1 };
  await advanceEntry(tx, entry.id, next.version);
  const comment = new Redacted(plain.comment.toString());
  const made = { plain, createdAt: context.clock(), createdBy: authorOf(caller) };
  const sealed = await writeVersion(context, tx, next, made);
  const vault = {
    entry: next,
    content: sealed,
    comment: mayReadComments(caller.actor) ? comment : new Redacted(''),
    value: undefined,
  };
  return { vault, record: draft(caller, caller.actor, changeEvent(type, next, sealed, details)) };
}

async function writeVersion(
  { cipher }: Context,
  tx: Transaction,
  entry: Entry,
  made: { plain: { value: Buffer; comment: Buffer }; createdAt: number; createdBy: Author },
): Promise<EntryVersion> {
  const { plain, createdAt, createdBy } = made;
  const sealed = await cipher.seal(tx, { ...entry, entryId: entry.id }, plain);
  const content = { ...sealed, version: entry.version, createdAt, createdBy };
  await insertVersion(tx, entry.id, content);
  return content;
}

/** Undefined: it was deleted since it was listed. */
async function openListed(
  context: Context,
  found: EntryWithVersion,
  { withValues }: { withValues: boolean },
): Promise<Vault | undefined> {
  try {
    const vault = await openEntry(context, found);
    return withValues ? { ...vault, value: await openValue(context, found) } : vault;
  } catch (error) {
    if (error instanceof AppError && error.code === 'entry_not_found') return undefined;
    throw error;
  }
}

async function openEntry(context: Context, { entry, content }: EntryWithVersion): Promise<Vault> {
  const comment = await openField(context, context.store.db, entry, content, 'comment');
  return { entry, content, comment: new Redacted(comment.toString()), value: undefined };
}

async function openValue(context: Context, { entry, content }: EntryWithVersion): Promise<Redacted<string>> {
  return new Redacted((await openField(context, context.store.db, entry, content, 'value')).toString());
}

/**
 * What was read may have been sealed anew since, or deleted, and the key that it was sealed under may be gone: then it is read again.
 * Fails with `entry_not_found`, or with `value_unreadable`; that refusal, and with it the record, names the entry.
 */
export async function openField(
  { cipher }: Pick<Context, 'cipher'>,
  db: Reader,
  entry: Entry,
  content: EntryVersion,
  field: 'value' | 'comment',
): Promise<Buffer> {
  const { version } = content;
  let sealed: SealedVersion = content;
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await cipher.open(db, { ...entry, entryId: entry.id, version }, field, sealed);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'value_unreadable') throw error;
      const now = await findSealed(db, { entryId: entry.id, version });
      if (now === undefined) throw new AppError('entry_not_found', {}, { cause: error });
      if (now.dataKeyId === sealed.dataKeyId || attempts === OPEN_ATTEMPTS_MAX)
        throw new AppError('value_unreadable', { key: entry.key, version }, { cause: error.cause });
      sealed = now;
    }
  }
}

function viewEvent({ entry, content }: Pick<Vault, 'entry' | 'content'>): AuditEvent {
  return { ...placeOf(entry), type: 'vault_view', object: entry.key, details: { version: content.version } };
}

function changeEvent(
  type: 'vault_create' | 'vault_update' | 'vault_version_restore',
  entry: Entry,
  sealed: SealedVersion,
  details: Record<string, number> = {},
): AuditEvent {
  return {
    ...placeOf(entry),
    type,
    object: entry.key,
    details: { ...details, ...storedDetails(entry.version, sealed) },
  };
}

function placeOf(place: Place): { project: string; environment: string } {
  return { project: place.projectId, environment: place.environment };
}

function authorOf({ actor }: Caller): Author {
  return { uid: actor.uid, username: actor.username };
}

function conflict(current: number, expected: number): AppError {
  return new AppError('version_conflict', { current, expected });
}

function toBytes(text: Redacted<string>): Buffer {
  return Buffer.from(text.expose());
}
