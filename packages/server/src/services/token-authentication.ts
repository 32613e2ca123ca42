import { AppError, isTokenSecret, type ErrorCode } from '@coffer/core';
import { sha256 } from '../sha256.ts';
import { findTokenBySecret, touchToken, type AccessToken, type TokenHolder } from '../store/access-tokens.ts';
import { eventOf } from './access-tokens.ts';
import type { Actor, Origin, PersonalTokenActor, ServiceTokenActor } from './actor.ts';
import { isInRanges } from './address-ranges.ts';
import { draft } from './audit-log.ts';
import type { Context } from './context.ts';

/** A use is written down no more often than this: a read stays a read. */
const TOUCH_INTERVAL_MS = 10 * 60 * 1000;

/**
 * Who sends this secret, as they are now. Fails with `token_invalid`, and, on record, with `token_expired`,
 * `token_not_yet_valid` or `token_address_refused`.
 */
export async function authenticateAccessToken(
  context: Context,
  origin: Origin,
  secret: string,
): Promise<Actor> {
  const { store, audit, clock } = context;
  if (!isTokenSecret(secret)) throw new AppError('token_invalid');
  const found = await findTokenBySecret(store.db, sha256(Buffer.from(secret)));
  if (found === undefined) throw new AppError('token_invalid');
  const { token } = found;
  const [actor, now] = [actorOf(found), clock()];
  const reason = refusalOf(token, origin.ip, now);
  if (reason !== undefined) {
    const event = {
      ...eventOf(token),
      type: 'token_refused',
      outcome: 'denied',
      details: { code: reason },
    } as const;
    await audit.record(draft(origin, actor, event));
    throw new AppError(reason);
  }
  if (token.lastUsedAt === undefined || now - token.lastUsedAt >= TOUCH_INTERVAL_MS) {
    await store.transaction(async (tx) => await touchToken(tx, token.id, { at: now, ip: origin.ip }));
  }
  return actor;
}

function actorOf({
  token,
  holder,
}: {
  token: AccessToken;
  holder: TokenHolder | undefined;
}): PersonalTokenActor | ServiceTokenActor {
  return token.uid === undefined || holder === undefined
    ? { by: 'service', uid: token.id, username: `token:${token.name}`, grant: token }
    : { by: 'personal', uid: token.uid, ...holder, grant: token };
}

function refusalOf(
  { validFrom, validTo, addresses }: AccessToken,
  ip: string,
  now: number,
): ErrorCode | undefined {
  if (now < validFrom) return 'token_not_yet_valid';
  if (validTo !== undefined && now >= validTo) return 'token_expired';
  if (addresses !== undefined && !isInRanges(ip, addresses)) return 'token_address_refused';
  return undefined;
}
