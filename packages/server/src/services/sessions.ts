import { createHash, randomBytes } from 'node:crypto';
import { AppError, Redacted, type SessionId } from '@coffer/core';
import { isRecent } from '../clock.ts';
import { randomId } from '../random-id.ts';
import type { Transaction } from '../store/database.ts';
import type { Page } from '../store/page.ts';
import {
  extendSession,
  findSession,
  findSessionByCookie,
  insertSession,
  listSessions,
  removeExpiredSessions,
  removeSession,
  removeSessionOf,
  rotateCookie,
  type Session,
  type SessionOverview,
  type SignedIn,
} from '../store/sessions.ts';
import { findCredentials, type User } from '../store/users.ts';
import { sessionActor, type Caller, type Origin, type SignedInActor } from './actor.ts';
import { draft } from './audit-log.ts';
import { requireSession } from './authorize.ts';
import type { Context } from './context.ts';

import { tooManyAttempts } from './throttle.ts';

export type { SessionOverview };

/** A session that nobody refreshes ends after this. */
const SESSION_IDLE_MS = 12 * 60 * 60 * 1000;
/** And whatever happens it ends after this. */
const SESSION_MAX_MS = 7 * 24 * 60 * 60 * 1000;
/** How long a replaced cookie still serves: requests of other tabs may be on their way with it. */
const ROTATION_GRACE_MS = 30 * 1000;
const USER_AGENT_CHARACTERS_MAX = 200;

export type IssuedSession = {
  user: User;
  token: string;
  /** Of the token; milliseconds. */
  expiresAt: number;
  /** Undefined: the cookie that there is stays. */
  cookie: { secret: Redacted<string>; expiresAt: number } | undefined;
};

/** Fails with `credentials_invalid`, `too_many_attempts` or `overloaded`. */
export async function login(
  context: Context,
  origin: Origin,
  input: { signInName: string; password: Redacted<string> },
): Promise<IssuedSession> {
  const { store, audit, passwords, throttle } = context;
  const credentials = await findCredentials(store.db, input.signInName);
  const attempt = { account: input.signInName, uid: credentials?.user.uid, ip: origin.ip };
  const waitMs = await store.transaction(async (tx) => await throttle.begin(tx, attempt));
  // Not in the audit log, where a flood of tries would drown the rest; the refused try that began the wait is.
  if (waitMs > 0) throw tooManyAttempts(waitMs);
  const matches = await passwords.matches(credentials?.passwordHash, input.password);
  if (credentials === undefined || !matches) {
    // The name that was typed stays out of the record: people type passwords there.
    const details = { reason: credentials === undefined ? 'unknown_user' : 'wrong_password' };
    await audit.record(draft(origin, credentials?.user, { type: 'user_login', outcome: 'denied', details }));
    throw new AppError('credentials_invalid');
  }
  return await store.transaction(async (tx) => {
    // Between the comparison and now the password may have been changed or the user deleted.
    const current = await findCredentials(tx, input.signInName);
    if (current?.passwordHash !== credentials.passwordHash) throw new AppError('credentials_invalid');
    await throttle.succeed(tx, attempt);
    await throttle.remember(tx, current.user.uid, origin.ip);
    await audit.append(tx, draft(origin, current.user, { type: 'user_login' }));
    return await startSession(context, tx, current.user, origin);
  });
}

/** In the transaction that decided that the user may sign in. */
export async function startSession(
  context: Context,
  tx: Transaction,
  user: User,
  origin: Origin,
): Promise<IssuedSession> {
  const now = context.clock();
  await removeExpiredSessions(tx, now);
  const { secret, hash } = makeCookie();
  const id = randomId('ses');
  const expiresAt = now + SESSION_IDLE_MS;
  await insertSession(tx, {
    id,
    uid: user.uid,
    cookieHash: hash,
    createdAt: now,
    expiresAt,
    ip: origin.ip,
    userAgent: origin.userAgent.slice(0, USER_AGENT_CHARACTERS_MAX),
  });
  const token = await context.tokens.issue(tx, { uid: user.uid, sid: id });
  return { user, ...token, cookie: { secret, expiresAt } };
}

/** Who sends this token, as they are now. Fails with `token_invalid`, `token_expired` or `session_ended`. */
export async function authenticateToken(context: Context, token: string): Promise<SignedInActor> {
  const { uid, sid } = await context.tokens.verify(context.store.db, token);
  const found = await findSession(context.store.db, sid);
  if (found === undefined || found.user.uid !== uid) throw new AppError('session_ended');
  return standing(context, found);
}

/** Who was signed in with this session, as they are now. Fails with `session_ended`. */
export async function authenticateSession(context: Context, id: SessionId): Promise<SignedInActor> {
  const found = await findSession(context.store.db, id);
  if (found === undefined) throw new AppError('session_ended');
  return standing(context, found);
}

/**
 * Who sends this session cookie. Fails with `session_ended`. A cookie that was replaced a while ago is in two hands:
 * the session ends, and that is on record.
 */
export async function authenticateCookie(
  context: Context,
  origin: Origin,
  secret: Redacted<string>,
): Promise<SignedInActor> {
  const found = await findSessionByCookie(context.store.db, hashCookie(secret));
  if (found === undefined) throw new AppError('session_ended');
  const { session, user, isPrevious } = found;
  if (isPrevious && !isJustRotated(session, context.clock())) {
    await context.store.transaction(async (tx) => {
      await removeSession(tx, session.id);
      await context.audit.append(
        tx,
        draft(origin, user, { type: 'session_reuse', outcome: 'denied', object: session.id }),
      );
    });
    throw new AppError('session_ended');
  }
  return standing(context, found);
}

/** A new token for the same session, and a new cookie for a browser. Fails with `session_ended`. */
export async function refresh(context: Context, caller: Caller, withCookie: boolean): Promise<IssuedSession> {
  const { actor } = caller;
  requireSession(actor);
  const now = context.clock();
  return await context.store.transaction(async (tx) => {
    const found = await findSession(tx, actor.sessionId);
    if (found === undefined) throw new AppError('session_ended');
    const { session, user } = found;
    const expiresAt = Math.min(now + SESSION_IDLE_MS, session.createdAt + SESSION_MAX_MS);
    await extendSession(tx, session.id, expiresAt);
    const cookie = withCookie ? await rotate(tx, session, now) : undefined;
    return {
      user,
      ...(await context.tokens.issue(tx, { uid: user.uid, sid: session.id })),
      cookie: cookie && { secret: cookie, expiresAt },
    };
  });
}

export async function logout({ store, audit }: Context, caller: Caller): Promise<void> {
  const { actor } = caller;
  requireSession(actor);
  await store.transaction(async (tx) => {
    await removeSession(tx, actor.sessionId);
    await audit.append(tx, draft(caller, actor, { type: 'user_logout' }));
  });
}

/** One's own, newest first. */
export async function fetchSessions(
  { store, clock }: Context,
  { actor }: Caller,
  page: Omit<Page, 'filter'>,
): Promise<{ sessions: SessionOverview[]; amount: number }> {
  requireSession(actor);
  return await listSessions(store.db, actor.uid, { ...page, now: clock() });
}

/** One of one's own; answers whether it is the one that the call came in. Fails with `session_not_found`. */
export async function endSession({ store, audit }: Context, caller: Caller, id: SessionId): Promise<boolean> {
  const { actor } = caller;
  requireSession(actor);
  await store.transaction(async (tx) => {
    if (!(await removeSessionOf(tx, actor.uid, id))) throw new AppError('session_not_found');
    await audit.append(tx, draft(caller, actor, { type: 'user_session_delete', object: id }));
  });
  return id === actor.sessionId;
}

/** Tabs that refresh at the same moment share one new cookie: only the first gets one. */
async function rotate(tx: Transaction, session: Session, now: number): Promise<Redacted<string> | undefined> {
  if (isJustRotated(session, now)) return undefined;
  const { secret, hash } = makeCookie();
  await rotateCookie(tx, session.id, { cookieHash: hash, at: now });
  return secret;
}

function isJustRotated({ rotatedAt }: Session, now: number): boolean {
  return rotatedAt !== undefined && isRecent(rotatedAt, { now, withinMs: ROTATION_GRACE_MS });
}

function standing({ clock }: Context, found: SignedIn): SignedInActor {
  if (found.session.expiresAt <= clock()) throw new AppError('session_ended');
  return sessionActor(found);
}

function makeCookie(): { secret: Redacted<string>; hash: Buffer } {
  const secret = new Redacted(randomBytes(32).toString('base64url'));
  return { secret, hash: hashCookie(secret) };
}

function hashCookie(secret: Redacted<string>): Buffer {
  return createHash('sha256').update(secret.expose()).digest();
}
