import type { SessionId, UserId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { countRows, type Page } from './page.ts';
import { makeChange, prepared } from './prepared.ts';
import type { SessionRow } from './tables.ts';
import { toUser, type User } from './users.ts';

export type Session = {
  id: SessionId;
  uid: UserId;
  createdAt: number;
  expiresAt: number;
  /** When a refresh last replaced the cookie. */
  rotatedAt: number | undefined;
};

/** A session as its user sees it. */
export type SessionOverview = {
  id: SessionId;
  createdAt: number;
  expiresAt: number;
  ip: string;
  userAgent: string;
};

export type SignedIn = { session: Session; user: User };

/** The session and its user as they are now: role and existence are read for each request, never from the token (R15). */
export async function findSession(db: Reader, id: SessionId): Promise<SignedIn | undefined> {
  const [row] = await sessionById(db, { id });
  return row && toSignedIn(row);
}

/** By the hash of the cookie's secret. `isPrevious`: a refresh has replaced this cookie. */
export async function findSessionByCookie(
  db: Reader,
  cookieHash: Uint8Array,
): Promise<(SignedIn & { isPrevious: boolean }) | undefined> {
  const current = await sessionsWithUsers(db)
    .where('session.cookie_hash', '=', cookieHash)
    .executeTakeFirst();
  if (current !== undefined) return { ...toSignedIn(current), isPrevious: false };
  const previous = await sessionsWithUsers(db)
    .where('session.previous_cookie_hash', '=', cookieHash)
    .executeTakeFirst();
  return previous && { ...toSignedIn(previous), isPrevious: true };
}

export async function insertSession(
  tx: Transaction,
  session: Omit<Session, 'rotatedAt'> & { cookieHash: Uint8Array; ip: string; userAgent: string },
): Promise<void> {
  await makeChange(
    tx,
    tx.insertInto('session').values({
      id: session.id,
      uid: session.uid,
      cookie_hash: session.cookieHash,
      previous_cookie_hash: null,
      rotated_at: null,
      created_at: session.createdAt,
      expires_at: session.expiresAt,
      ip: session.ip,
      user_agent: session.userAgent,
    }),
  );
}

/** The cookie hash that stood becomes the previous one. */
export async function rotateCookie(
  tx: Transaction,
  id: SessionId,
  rotation: { cookieHash: Uint8Array; at: number },
): Promise<void> {
  await makeChange(
    tx,
    tx
      .updateTable('session')
      .set((set) => ({
        previous_cookie_hash: set.ref('cookie_hash'),
        cookie_hash: rotation.cookieHash,
        rotated_at: rotation.at,
      }))
      .where('id', '=', id),
  );
}

export async function extendSession(tx: Transaction, id: SessionId, expiresAt: number): Promise<void> {
  await makeChange(tx, tx.updateTable('session').set({ expires_at: expiresAt }).where('id', '=', id));
}

export async function removeSession(tx: Transaction, id: SessionId): Promise<void> {
  await makeChange(tx, tx.deleteFrom('session').where('id', '=', id));
}

/** Of one user, newest first. */
export async function listSessions(
  db: Reader,
  uid: UserId,
  page: Omit<Page, 'filter'> & { now: number },
): Promise<{ sessions: SessionOverview[]; amount: number }> {
  const standing = db.selectFrom('session').where('uid', '=', uid).where('expires_at', '>', page.now);
  const rows = await standing
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  const sessions = rows.map((row) => ({
    id: row.id as SessionId,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ip: row.ip,
    userAgent: row.user_agent,
  }));
  return { sessions, amount: await countRows(standing) };
}

/** False: the user has no such session. */
export async function removeSessionOf(tx: Transaction, uid: UserId, id: SessionId): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('session')
    .where('uid', '=', uid)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}

export async function removeSessionsOf(tx: Transaction, uid: UserId): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('session').where('uid', '=', uid).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Answers with their number. */
export async function removeOtherSessions(tx: Transaction, uid: UserId, kept: SessionId): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('session')
    .where('uid', '=', uid)
    .where('id', '!=', kept)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

export async function removeExpiredSessions(tx: Transaction, now: number): Promise<void> {
  await makeChange(tx, tx.deleteFrom('session').where('expires_at', '<=', now));
}

const sessionById = prepared((db, { id }: { id: string }) =>
  sessionsWithUsers(db).where('session.id', '=', id),
);

function sessionsWithUsers(db: Reader) {
  return db
    .selectFrom('session')
    .innerJoin('user', 'user.uid', 'session.uid')
    .select([
      'user.uid',
      'user.username',
      'user.email',
      'user.first_name',
      'user.last_name',
      'user.role',
      'user.created_at',
      'session.id as session_id',
      'session.created_at as session_created_at',
      'session.expires_at',
      'session.rotated_at',
    ]);
}

type SessionWithUserRow = Parameters<typeof toUser>[0] &
  Pick<SessionRow, 'expires_at' | 'rotated_at'> & { session_id: string; session_created_at: number };

function toSignedIn(row: SessionWithUserRow): SignedIn {
  return {
    user: toUser(row),
    session: {
      id: row.session_id as SessionId,
      uid: row.uid as UserId,
      createdAt: row.session_created_at,
      expiresAt: row.expires_at,
      rotatedAt: row.rotated_at ?? undefined,
    },
  };
}
