import { randomBytes } from 'node:crypto';
import {
  AppError,
  invalidField,
  makeTokenSecret,
  Redacted,
  type Action,
  type EnvironmentId,
  type KeyPattern,
  type ProjectId,
  type TrustId,
} from '@coffer/core';
import { randomId } from '../random-id.ts';
import { sha256 } from '../sha256.ts';
import {
  countTrustTokens,
  insertToken,
  removeExpiredTrustTokens,
  type AccessToken,
} from '../store/access-tokens.ts';
import type { Page } from '../store/page.ts';
import {
  countTrusts,
  findTrust,
  insertTrust,
  insertUsedIdentity,
  listTrusts,
  removeTrust,
  type TokenTrust,
} from '../store/token-trusts.ts';
import { describeGrant, hiding, refuseExcess, refuseUnusable } from './access-tokens.ts';
import type { Caller, Origin } from './actor.ts';
import { draft } from './audit-log.ts';
import { authorizeProject, requireSession } from './authorize.ts';
import type { Context } from './context.ts';
import { refused, type Identity } from './identity-tokens.ts';
import { tooManyAttempts } from './throttle.ts';

export type { TokenTrust };

const TRUSTS_MAX = 50;
/** Given out for one trust and still valid. */
const LIVE_TOKENS_MAX = 500;
/** How long a used identity token is remembered beyond its expiry: as long as a clock may be behind. */
const USED_GRACE_MS = 5 * 60 * 1000;

export type NewTrust = {
  projectId: ProjectId;
  name: string;
  issuer: string;
  audience: string;
  subject: string;
  claims: TokenTrust['claims'];
  singleUse: boolean;
  ttlSeconds: number;
  permissions: readonly Action[];
  environments: readonly EnvironmentId[] | undefined;
  keys: readonly KeyPattern[] | undefined;
  addresses: readonly string[] | undefined;
};

/** Fails with `project_not_found`, `forbidden`, `token_not_permitted`, `invalid_input`, `grant_exceeded` or `trust_limit`. */
export async function createTrust(context: Context, caller: Caller, request: NewTrust): Promise<TokenTrust> {
  const { store, audit, clock, egress } = context;
  const { actor } = caller;
  requireSession(actor);
  const now = clock();
  const createdBy = { uid: actor.uid, username: actor.username };
  const trust: TokenTrust = { ...request, id: randomId('trs'), createdAt: now, createdBy };
  return await store.transaction(async (tx) => {
    const maker = await authorizeProject(tx, actor, 'token.create', trust.projectId);
    const issuer = URL.parse(trust.issuer);
    if (issuer === null || !egress.permits(issuer))
      throw invalidField(
        'issuer',
        'must be an https URL of the public internet, or one that the operator allows',
      );
    const token = tokenFor(trust, now);
    await refuseUnusable(tx, token, now);
    await refuseExcess(tx, maker, token);
    await insertTrust(tx, trust);
    if ((await countTrusts(tx, trust.projectId)) > TRUSTS_MAX)
      throw new AppError('trust_limit', { limit: TRUSTS_MAX });
    await audit.append(
      tx,
      draft(caller, actor, {
        type: 'token_trust_create',
        project: trust.projectId,
        object: trust.id,
        details: describe(trust),
      }),
    );
    return trust;
  });
}

/** Newest first. Fails with `project_not_found`, `forbidden` or `token_not_permitted`. */
export async function fetchTrusts(
  { store }: Context,
  { actor }: Caller,
  { projectId, ...page }: Page & { projectId: ProjectId },
): Promise<{ trusts: TokenTrust[]; amount: number }> {
  await authorizeProject(store.db, actor, 'token.list', projectId);
  return await listTrusts(store.db, projectId, page);
}

/** With the tokens that were given out for it. Fails with `trust_not_found`, `forbidden` or `token_not_permitted`. */
export async function deleteTrust({ store, audit }: Context, caller: Caller, id: TrustId): Promise<void> {
  const { actor } = caller;
  await store.transaction(async (tx) => {
    const trust = await findTrust(tx, id);
    if (trust === undefined) throw new AppError('trust_not_found');
    await authorizeProject(tx, actor, 'token.revoke', trust.projectId).catch(hiding('trust_not_found'));
    const revoked = await countTrustTokens(tx, id);
    await removeTrust(tx, id);
    const event = { type: 'token_trust_delete', project: trust.projectId, object: id } as const;
    await audit.append(
      tx,
      draft(caller, actor, { ...event, details: { name: trust.name, tokens_revoked: revoked } }),
    );
  });
}

/**
 * A service token for an identity token. Fails with `identity_refused`, whether there is such a trust or not, with
 * `issuer_unavailable`, `token_limit` or `too_many_attempts`. What is refused though its issuer signed it is on record,
 * once: nobody else can make such a token, but whoever has one can send it again and again.
 */
export async function exchangeIdentity(
  context: Context,
  origin: Origin,
  { trustId, identityToken }: { trustId: TrustId; identityToken: Redacted<string> },
): Promise<{ token: AccessToken; secret: Redacted<string> }> {
  const { store, throttle } = context;
  const trust = await findTrust(store.db, trustId);
  if (trust === undefined) throw refused('nothing trusts it');
  const attempt = { account: `${trustId} ${origin.ip}`, uid: undefined, ip: origin.ip };
  const waitMs = await store.transaction(async (tx) => await throttle.begin(tx, attempt));
  if (waitMs > 0) throw tooManyAttempts(waitMs);
  const succeed = async (): Promise<void> =>
    await store.transaction(async (tx) => await throttle.succeed(tx, attempt));
  const identity = await verify(context, identityToken, trust, succeed);
  const hash = hashOf(identityToken);
  const reason = identity.refusal ?? mismatch(trust, identity);
  const given = reason ?? (await giveOut(context, origin, { trust, identity, hash }));
  if (typeof given === 'string') {
    await recordRefusal(context, origin, { trust, identity, hash, reason: given });
    throw refused(given);
  }
  await succeed();
  return given;
}

/** That the issuer cannot be asked is no failure of who asks. */
async function verify(
  { identityTokens }: Context,
  token: Redacted<string>,
  trust: TokenTrust,
  succeed: () => Promise<void>,
): Promise<Identity> {
  try {
    return await identityTokens.verify(token.expose(), trust);
  } catch (error) {
    if (error instanceof AppError && error.code === 'issuer_unavailable') await succeed();
    throw error;
  }
}

type Signed = { trust: TokenTrust; identity: Identity; hash: Buffer };

/** Or why not. */
async function giveOut(
  { store, audit, clock }: Context,
  origin: Origin,
  { trust, identity, hash }: Signed,
): Promise<{ token: AccessToken; secret: Redacted<string> } | string> {
  const secret = makeTokenSecret('service', randomBytes);
  return await store.transaction(async (tx) => {
    // It may have been deleted while the issuer was asked.
    if ((await findTrust(tx, trust.id)) === undefined) return 'nothing trusts it';
    const now = clock();
    const isFirst = await insertUsedIdentity(tx, useOf(identity, hash, now));
    if (trust.singleUse && !isFirst) return 'it was exchanged before';
    await removeExpiredTrustTokens(tx, now);
    if ((await countTrustTokens(tx, trust.id)) >= LIVE_TOKENS_MAX)
      throw new AppError('token_limit', { limit: LIVE_TOKENS_MAX });
    const token = tokenFor(trust, now);
    await insertToken(tx, token, sha256(Buffer.from(secret)));
    const { issuer, subject, ttlSeconds } = trust;
    const event = { type: 'token_exchange', project: trust.projectId, object: trust.id } as const;
    const details = { token: token.id, issuer, subject, ttl_seconds: ttlSeconds };
    const actor = { uid: token.id, username: `token:${token.name}` };
    await audit.append(tx, draft(origin, actor, { ...event, details }));
    return { token, secret: new Redacted(secret) };
  });
}

async function recordRefusal(
  { store, audit, clock }: Context,
  origin: Origin,
  { trust, identity, hash, reason }: Signed & { reason: string },
): Promise<void> {
  const event = {
    type: 'token_exchange',
    outcome: 'denied',
    project: trust.projectId,
    object: trust.id,
  } as const;
  const details = { code: 'identity_refused', reason, subject: identity.subject.slice(0, 1000) };
  await store.transaction(async (tx) => {
    const seen = sha256(Buffer.from(`refused ${trust.id}`), hash);
    if (await insertUsedIdentity(tx, useOf(identity, seen, clock())))
      await audit.append(tx, draft(origin, undefined, { ...event, details }));
  });
}

function useOf(
  { expiresAt }: Identity,
  hash: Buffer,
  now: number,
): { hash: Buffer; expiresAt: number; now: number } {
  return { hash, expiresAt: Math.max(expiresAt, now) + USED_GRACE_MS, now };
}

/** What is given out for it at a moment. */
function tokenFor(trust: TokenTrust, now: number): AccessToken {
  const { name, projectId, permissions, environments, keys, addresses, createdBy } = trust;
  return {
    kind: 'service',
    id: randomId('tok'),
    trustId: trust.id,
    parentId: undefined,
    uid: undefined,
    name,
    projectId,
    permissions,
    environments,
    keys,
    addresses,
    createdBy,
    validFrom: now,
    validTo: now + trust.ttlSeconds * 1000,
    createdAt: now,
    lastUsedAt: undefined,
    lastUsedIp: undefined,
    refusedAt: undefined,
  };
}

function mismatch({ subject, claims }: TokenTrust, identity: Identity): string | undefined {
  if (identity.subject !== subject) return 'it is of another subject';
  const other = Object.entries(claims).find(([name, value]) => identity.claims[name] !== value);
  return other && `its claim ${other[0]} is another`;
}

/** Of what is signed: another signature of the same would be the same token. */
function hashOf(identityToken: Redacted<string>): Buffer {
  const text = identityToken.expose();
  return sha256(Buffer.from(text.slice(0, text.lastIndexOf('.'))));
}

function describe({ name, issuer, audience, subject, claims, ...trust }: TokenTrust) {
  return {
    name,
    issuer,
    audience,
    subject,
    ...describeGrant(trust),
    single_use: trust.singleUse,
    ttl_seconds: trust.ttlSeconds,
    ...(Object.keys(claims).length === 0 ? {} : { claims: JSON.stringify(claims) }),
  };
}
