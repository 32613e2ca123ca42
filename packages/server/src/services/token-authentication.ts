import { AppError, isTokenSecret, type ErrorCode } from '@coffer/core';
import { sha256 } from '../sha256.ts';
import { findTokenBySecret, markRefused, touchToken, type AccessToken } from '../store/access-tokens.ts';
import { eventOf } from './access-tokens.ts';
import { tokenActor, type Actor, type Origin } from './actor.ts';
import { isInRanges } from './address-ranges.ts';
import { draft } from './audit-log.ts';
import type { Context } from './context.ts';

/** A use, or a refusal, is written down no more often than this: a read stays a read. */
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
  const { store, clock } = context;
  if (!isTokenSecret(secret)) throw new AppError('token_invalid');
  const found = await findTokenBySecret(store.db, sha256(Buffer.from(secret)));
  if (found === undefined) throw new AppError('token_invalid');
  const { token } = found;
  const [actor, now] = [tokenActor(found), clock()];
  const reason = refusalOf(token, origin.ip, now);
  if (reason !== undefined) {
    if (isDue(token.refusedAt, now)) await recordRefusal(context, origin, { token, actor, reason, now });
    throw new AppError(reason);
  }
  if (isDue(token.lastUsedAt, now)) {
    await store.transaction(async (tx) => await touchToken(tx, token.id, { at: now, ip: origin.ip }));
  }
  return actor;
}

function isDue(last: number | undefined, now: number): boolean {
  return last === undefined || now - last >= TOUCH_INTERVAL_MS;
}

/** Whoever has a dead token can send it again and again. */
async function recordRefusal(
  { store, audit }: Context,
  origin: Origin,
  { token, actor, reason, now }: { token: AccessToken; actor: Actor; reason: ErrorCode; now: number },
): Promise<void> {
  const event = { type: 'token_refused', outcome: 'denied', details: { code: reason } } as const;
  await store.transaction(async (tx) => {
    await markRefused(tx, token.id, now);
    await audit.append(tx, draft(origin, actor, { ...eventOf(token), ...event }));
  });
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
