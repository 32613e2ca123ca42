import { randomBytes } from 'node:crypto';
import {
  AppError,
  checkGrant,
  invalidField,
  isEachIn,
  isWithin,
  makeTokenSecret,
  Redacted,
  type Action,
  type EnvironmentId,
  type ErrorCode,
  type KeyPattern,
  type ProjectId,
  type TokenId,
  type TokenKind,
} from '@coffer/core';
import { formatTime } from '../clock.ts';
import { randomId } from '../random-id.ts';
import { sha256 } from '../sha256.ts';
import {
  countTokens,
  findToken,
  insertToken,
  listTokens,
  removeToken,
  removeTokensMadeBy,
  updateToken,
  type AccessToken,
} from '../store/access-tokens.ts';
import type { Reader, Transaction } from '../store/database.ts';
import { listEnvironments } from '../store/environments.ts';
import type { Page } from '../store/page.ts';
import { findMembership } from '../store/projects.ts';
import type { Actor, Caller } from './actor.ts';
import { isMappedRange, isRangeWithin } from './address-ranges.ts';
import { draft } from './audit-log.ts';
import {
  abilitiesIn,
  abilitiesOf,
  authorize,
  authorizeProject,
  authorizeStill,
  requireUser,
} from './authorize.ts';
import type { Context } from './context.ts';

export type { AccessToken };

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_TTL_MS = 90 * DAY_MS;
const TOKENS_MAX = 200;

/** What is asked for: undefined and null limit nothing, but a time that is left out is the default one. */
export type TokenRequest = {
  name: string;
  permissions: readonly Action[];
  environments: readonly EnvironmentId[] | undefined;
  keys: readonly KeyPattern[] | undefined;
  addresses: readonly string[] | undefined;
  validFrom: number | undefined;
  validTo: number | null | undefined;
};

export type NewToken = TokenRequest & { kind: TokenKind; projectId: ProjectId | undefined };

/** What to change; null takes a limit away. */
export type TokenChange = {
  id: TokenId;
  name?: string | undefined;
  permissions?: readonly Action[] | undefined;
  environments?: readonly EnvironmentId[] | null | undefined;
  keys?: readonly KeyPattern[] | null | undefined;
  addresses?: readonly string[] | null | undefined;
  validFrom?: number | undefined;
  validTo?: number | null | undefined;
};

/**
 * Fails with `project_not_found`, `forbidden`, `token_not_permitted`, `invalid_input`, `token_limit`, or
 * `grant_exceeded` when it would be given more than its maker has.
 */
export async function createToken(
  context: Context,
  caller: Caller,
  request: NewToken,
): Promise<{ token: AccessToken; secret: Redacted<string> }> {
  const { store, audit, clock } = context;
  const { actor } = caller;
  const now = clock();
  const token: AccessToken = {
    ...request,
    id: randomId('tok'),
    uid: undefined,
    parentId: actor.grant?.id,
    trustId: undefined,
    validFrom: request.validFrom ?? now,
    validTo: request.validTo === null ? undefined : (request.validTo ?? now + DEFAULT_TTL_MS),
    createdAt: now,
    createdBy: { uid: actor.uid, username: actor.username },
    lastUsedAt: undefined,
    lastUsedIp: undefined,
    refusedAt: undefined,
  };
  const secret = makeTokenSecret(request.kind, randomBytes);
  return await store.transaction(async (tx) => {
    const { maker, owned } = await authorizeCreation(tx, actor, token);
    await refuseUnusable(tx, owned, now);
    await refuseExcess(tx, maker, owned);
    await insertToken(tx, owned, sha256(Buffer.from(secret)));
    await refuseTooMany(tx, owned);
    await audit.append(
      tx,
      draft(caller, actor, { ...eventOf(owned), type: 'token_create', details: describe(owned) }),
    );
    return { token: owned, secret: new Redacted(secret) };
  });
}

/** Newest first. Fails with `project_not_found`, `forbidden` or `token_not_permitted`. */
export async function fetchTokens(
  { store }: Context,
  { actor }: Caller,
  { projectId, ...page }: Page & { projectId: ProjectId | undefined },
): Promise<{ tokens: AccessToken[]; amount: number }> {
  if (projectId === undefined) {
    authorize(actor, 'token.own');
    requireUser(actor);
    return await listTokens(store.db, { uid: actor.uid }, page);
  }
  await authorizeProject(store.db, actor, 'token.list', projectId);
  return await listTokens(store.db, { projectId }, page);
}

/** The one that the caller uses. Fails with `token_not_found` when they use none. */
export async function fetchOwnToken({ store }: Context, { actor }: Caller): Promise<AccessToken> {
  const token = actor.grant && (await findToken(store.db, actor.grant.id));
  if (token === undefined) throw new AppError('token_not_found');
  return token;
}

/** Fails with `token_not_found`, `forbidden`, `token_not_permitted`, `invalid_input` or `grant_exceeded`. */
export async function changeToken(
  { store, audit, clock }: Context,
  caller: Caller,
  { id, ...change }: TokenChange,
): Promise<AccessToken> {
  const { actor } = caller;
  return await store.transaction(async (tx) => {
    const { token, changer } = await getToken(tx, actor, 'token.update', id);
    const changed: AccessToken = {
      ...token,
      name: change.name ?? token.name,
      permissions: change.permissions ?? token.permissions,
      environments: orElse(change.environments, token.environments),
      keys: orElse(change.keys, token.keys),
      addresses: orElse(change.addresses, token.addresses),
      validFrom: change.validFrom ?? token.validFrom,
      validTo: orElse(change.validTo, token.validTo),
    };
    await refuseUnusable(tx, changed, clock());
    // Who may not give a right may still rename a token that has it, or take some of it away.
    if (!isNoMoreThan(changed, token)) await refuseExcess(tx, changer, changed);
    await updateToken(tx, changed);
    const revoked = await removeTokensMadeBy(tx, id);
    const fields = Object.entries(change).filter(([, value]) => value !== undefined);
    const details = { fields: fields.map(([name]) => name).join(','), tokens_revoked: revoked };
    await audit.append(
      tx,
      draft(caller, actor, {
        ...eventOf(token),
        type: 'token_update',
        details: { ...describe(changed), ...details },
      }),
    );
    return changed;
  });
}

/** And those that it made. Fails with `token_not_found`, `forbidden` or `token_not_permitted`. */
export async function revokeToken({ store, audit }: Context, caller: Caller, id: TokenId): Promise<void> {
  const { actor } = caller;
  await store.transaction(async (tx) => {
    const isItself = actor.grant?.id === id;
    const token = isItself ? await findToken(tx, id) : (await getToken(tx, actor, 'token.revoke', id)).token;
    if (token === undefined) throw new AppError('token_not_found');
    const revoked = await removeToken(tx, id);
    await audit.append(
      tx,
      draft(caller, actor, {
        ...eventOf(token),
        type: 'token_revoke',
        details: { name: token.name, tokens_revoked: revoked },
      }),
    );
  });
}

/** The token with whose it is, if that is someone who may have it. */
async function authorizeCreation(
  tx: Transaction,
  actor: Actor,
  token: AccessToken,
): Promise<{ maker: Actor; owned: AccessToken }> {
  const { kind, projectId } = token;
  if (kind === 'service') {
    if (projectId === undefined) throw invalidField('project_id', 'must be given for a service token');
    return { maker: await authorizeProject(tx, actor, 'token.create', projectId), owned: token };
  }
  await authorizeStill(tx, actor, 'token.own');
  requireUser(actor);
  if (projectId !== undefined) await authorizeProject(tx, actor, 'project.view', projectId);
  return { maker: actor, owned: { ...token, uid: actor.uid } };
}

/** Fails with `invalid_input` where a grant could not be what it says. */
export async function refuseUnusable(tx: Reader, token: AccessToken, now: number): Promise<void> {
  const { projectId, environments = [], validFrom, validTo } = token;
  const fields = checkGrant(token);
  for (const [index, range] of (token.addresses ?? []).entries()) {
    if (isMappedRange(range)) fields.push({ path: `addresses.${index}`, message: 'must be written as IPv4' });
  }
  const known = projectId === undefined ? undefined : await listEnvironments(tx, projectId);
  for (const [index, environment] of environments.entries()) {
    if (known === undefined || known.some(({ id }) => id === environment)) continue;
    fields.push({ path: `environments.${index}`, message: 'is no environment of the project' });
  }
  if (validTo !== undefined && validTo <= Math.max(now, validFrom))
    fields.push({ path: 'valid_to', message: 'must be in the future and after valid_from' });
  if (fields.length > 0) throw new AppError('invalid_input', {}, { fields });
}

/** Nobody gives more than they have: a person no right that they lack there, a token nothing that it leaves out. */
export async function refuseExcess(tx: Reader, actor: Actor, token: AccessToken): Promise<void> {
  if (actor.grant !== undefined && !isNoMoreThan(token, await findMaker(tx, actor.grant.id)))
    throw new AppError('grant_exceeded');
  // A personal token is held against what its user may at each use.
  if (token.kind === 'personal' || token.projectId === undefined) return;
  const { isMember } = await findMembership(tx, token.projectId, actor.uid);
  const own = new Set<Action>([
    ...abilitiesIn(actor, { id: token.projectId, isMember }),
    ...(actor.by === 'service' ? [] : abilitiesOf(actor)),
  ]);
  if (!token.permissions.every((action) => own.has(action))) throw new AppError('grant_exceeded');
}

async function findMaker(tx: Reader, id: TokenId): Promise<AccessToken> {
  const maker = await findToken(tx, id);
  if (maker === undefined) throw new AppError('token_invalid');
  return maker;
}

function isNoMoreThan(inner: AccessToken, outer: AccessToken): boolean {
  return (
    isWithin(inner, outer) &&
    isEachIn(inner.addresses, outer.addresses, isRangeWithin) &&
    inner.validFrom >= outer.validFrom &&
    (inner.validTo ?? Infinity) <= (outer.validTo ?? Infinity)
  );
}

async function refuseTooMany(tx: Reader, { projectId, uid }: AccessToken): Promise<void> {
  const owner = uid === undefined ? projectId && { projectId } : { uid };
  if (owner !== undefined && (await countTokens(tx, owner)) > TOKENS_MAX)
    throw new AppError('token_limit', { limit: TOKENS_MAX });
}

/** Personal ones are their user's alone; those of a project that the actor does not see are not there. */
async function getToken(
  tx: Transaction,
  actor: Actor,
  action: 'token.update' | 'token.revoke',
  id: TokenId,
): Promise<{ token: AccessToken; changer: Actor }> {
  const token = await findToken(tx, id);
  if (token === undefined) throw new AppError('token_not_found');
  if (token.uid !== undefined) {
    if (token.uid !== actor.uid) throw new AppError('token_not_found');
    await authorizeStill(tx, actor, 'token.own');
    return { token, changer: actor };
  }
  if (token.projectId === undefined) throw new AppError('token_not_found');
  const changer = await authorizeProject(tx, actor, action, token.projectId).catch(hiding('token_not_found'));
  return { token, changer };
}

/** Who does not see the project is told that there is no such thing. */
export function hiding(code: ErrorCode): (error: unknown) => never {
  return (error) => {
    if (error instanceof AppError && error.code === 'project_not_found') throw new AppError(code);
    throw error;
  };
}

/** What an event of a token is about. */
export function eventOf({ id, projectId }: AccessToken): { object: string; project?: string } {
  return { object: id, ...(projectId === undefined ? {} : { project: projectId }) };
}

/** What the record tells: enough to know later what someone could do with it. */
function describe({ kind, name, validFrom, validTo, ...grant }: AccessToken) {
  return {
    kind,
    name,
    ...describeGrant(grant),
    valid_from: formatTime(validFrom),
    ...(validTo === undefined ? {} : { valid_to: formatTime(validTo) }),
  };
}

/** The same of what is given out for a trust. */
export function describeGrant({
  permissions,
  environments,
  keys,
  addresses,
}: Pick<AccessToken, 'permissions' | 'environments' | 'keys' | 'addresses'>) {
  return {
    permissions: permissions.join(','),
    ...(environments === undefined ? {} : { environments: environments.join(',') }),
    ...(keys === undefined ? {} : { keys: keys.join(',') }),
    ...(addresses === undefined ? {} : { addresses: addresses.join(',') }),
  };
}

/** Undefined keeps what was, null takes it away. */
function orElse<T>(changed: T | null | undefined, was: T | undefined): T | undefined {
  return changed === null ? undefined : (changed ?? was);
}
