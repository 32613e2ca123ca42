import { AppError, type Action, type Redacted, type Role, type UserId } from '@coffer/core';
import { randomId } from '../random-id.ts';
import { removeTokensOf } from '../store/access-tokens.ts';
import type { Reader, Transaction } from '../store/database.ts';
import type { Page } from '../store/page.ts';
import { removeOtherSessions, removeSessionsOf } from '../store/sessions.ts';
import {
  countUsers,
  findPasswordHash,
  findUser,
  insertUser,
  listUsers,
  removeUser,
  updatePasswordHash,
  updateUser,
  type User,
} from '../store/users.ts';
import type { Caller } from './actor.ts';
import { draft } from './audit-log.ts';
import { abilitiesOf, authorize, authorizeStill, requireSession, requireUser } from './authorize.ts';
import type { Context } from './context.ts';
import { hashNewPassword, type NewUser } from './setup.ts';
import { tooManyAttempts } from './throttle.ts';

export type { User };

/** Fails with `user_not_found` or `forbidden`, which does not tell whether there is such a user. */
export async function fetchUser({ store }: Context, { actor }: Caller, uid: UserId): Promise<User> {
  authorize(actor, 'user.view', uid);
  return await getUser(store.db, uid);
}

/** Who the caller is, and what they may do on the instance. Fails with `token_not_permitted` for a service token. */
export async function fetchSelf(
  { store }: Context,
  { actor }: Caller,
): Promise<{ user: User; abilities: Action[] }> {
  authorize(actor, 'self.view');
  requireUser(actor);
  return { user: await getUser(store.db, actor.uid), abilities: abilitiesOf(actor) };
}

export async function fetchUsers(
  { store }: Context,
  { actor }: Caller,
  page: Page,
): Promise<{ users: User[]; amount: number }> {
  authorize(actor, 'user.list');
  return await listUsers(store.db, page);
}

/** Fails with `username_taken`, `email_taken`, or `invalid_input` when the password is too weak. */
export async function createUser(context: Context, caller: Caller, input: NewUser): Promise<User> {
  authorize(caller.actor, 'user.create');
  const passwordHash = await hashNewPassword(context, 'password', input);
  const { store, audit, clock } = context;
  return await store.transaction(async (tx) => {
    await authorizeStill(tx, caller.actor, 'user.create');
    const user: User = {
      uid: randomId('usr'),
      username: input.username,
      email: input.email,
      firstName: input.firstName,
      lastName: input.lastName,
      role: input.role,
      createdAt: clock(),
    };
    const taken = await insertUser(tx, user, passwordHash);
    if (taken !== undefined) throw new AppError(taken === 'username' ? 'username_taken' : 'email_taken');
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'user_create',
        object: user.uid,
        details: { username: user.username, role: user.role },
      }),
    );
    return user;
  });
}

export type UserChange = {
  uid: UserId;
  email?: string | undefined;
  firstName?: string | undefined;
  lastName?: string | undefined;
  role?: Role | undefined;
};

/** Fails with `forbidden`, `user_not_found`, `email_taken` or `last_root`. */
export async function changeUser(
  { store, audit }: Context,
  caller: Caller,
  change: UserChange,
): Promise<User> {
  authorize(caller.actor, 'user.update', change.uid);
  if (change.role !== undefined) authorize(caller.actor, 'user.change_role', change.uid);
  return await store.transaction(async (tx) => {
    await authorizeStill(tx, caller.actor, 'user.update', change.uid);
    if (change.role !== undefined) await authorizeStill(tx, caller.actor, 'user.change_role', change.uid);
    const user = await getUser(tx, change.uid);
    const changed: User = {
      ...user,
      email: change.email ?? user.email,
      firstName: change.firstName ?? user.firstName,
      lastName: change.lastName ?? user.lastName,
      role: change.role ?? user.role,
    };
    if (user.role === 'ROOT' && changed.role !== 'ROOT') await refuseLastRoot(tx);
    if (!(await updateUser(tx, changed))) throw new AppError('email_taken');
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'user_update',
        object: user.uid,
        details: changedFields(user, changed),
      }),
    );
    return changed;
  });
}

/** Fails with `password_incorrect`, `too_many_attempts`, `overloaded`, or `invalid_input` when the new one is too weak. */
export async function changePassword(
  context: Context,
  caller: Caller,
  input: { current: Redacted<string>; next: Redacted<string> },
): Promise<void> {
  const { store, audit, passwords, throttle } = context;
  const { actor } = caller;
  requireSession(actor);
  const attempt = { account: actor.uid, uid: actor.uid, ip: caller.ip };
  const waitMs = await store.transaction(async (tx) => await throttle.begin(tx, attempt));
  if (waitMs > 0) throw tooManyAttempts(waitMs);
  const storedHash = await findPasswordHash(store.db, actor.uid);
  if (!(await passwords.matches(storedHash, input.current))) throw new AppError('password_incorrect');
  await store.transaction(async (tx) => await throttle.succeed(tx, attempt));
  const user = await getUser(store.db, actor.uid);
  const passwordHash = await hashNewPassword(context, 'new_password', { ...user, password: input.next });
  await store.transaction(async (tx) => {
    await authorizeStill(tx, actor, 'session.use');
    // Two changes at once: the one whose current password is no longer current loses.
    if ((await findPasswordHash(tx, actor.uid)) !== storedHash) throw new AppError('password_incorrect');
    await updatePasswordHash(tx, actor.uid, passwordHash);
    const ended = await removeOtherSessions(tx, actor.uid, actor.sessionId);
    await audit.append(
      tx,
      draft(caller, actor, { type: 'user_password', object: actor.uid, details: { sessions_ended: ended } }),
    );
  });
}

/** Fails with `user_not_found`, `overloaded`, or `invalid_input` when the password is too weak. */
export async function resetPassword(
  context: Context,
  caller: Caller,
  { uid, next }: { uid: UserId; next: Redacted<string> },
): Promise<void> {
  const { store, audit } = context;
  authorize(caller.actor, 'user.reset_password');
  const user = await getUser(store.db, uid);
  const passwordHash = await hashNewPassword(context, 'new_password', { ...user, password: next });
  await store.transaction(async (tx) => {
    await authorizeStill(tx, caller.actor, 'user.reset_password');
    await getUser(tx, uid);
    await updatePasswordHash(tx, uid, passwordHash);
    const details = {
      sessions_ended: await removeSessionsOf(tx, uid),
      tokens_revoked: await removeTokensOf(tx, uid),
    };
    await audit.append(
      tx,
      draft(caller, caller.actor, { type: 'user_password_reset', object: uid, details }),
    );
  });
}

/** Fails with `user_not_found` or `last_root`. */
export async function deleteUser({ store, audit }: Context, caller: Caller, uid: UserId): Promise<void> {
  authorize(caller.actor, 'user.delete');
  await store.transaction(async (tx) => {
    await authorizeStill(tx, caller.actor, 'user.delete');
    const user = await getUser(tx, uid);
    if (user.role === 'ROOT') await refuseLastRoot(tx);
    const revoked = await removeTokensOf(tx, uid);
    await removeUser(tx, uid);
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'user_delete',
        object: uid,
        details: { username: user.username, role: user.role, tokens_revoked: revoked },
      }),
    );
  });
}

async function getUser(db: Reader, uid: UserId): Promise<User> {
  const user = await findUser(db, uid);
  if (user === undefined) throw new AppError('user_not_found');
  return user;
}

async function refuseLastRoot(tx: Transaction): Promise<void> {
  if ((await countUsers(tx, 'ROOT')) <= 1) throw new AppError('last_root');
}

/** Names and addresses are not repeated in the log, roles are: who could do what is what it is for. */
function changedFields(before: User, after: User): Record<string, string> {
  const fields = [
    ...(before.email === after.email ? [] : ['email']),
    ...(before.firstName === after.firstName ? [] : ['first_name']),
    ...(before.lastName === after.lastName ? [] : ['last_name']),
    ...(before.role === after.role ? [] : ['role']),
  ];
  const role = before.role === after.role ? {} : { role_before: before.role, role_after: after.role };
  return { fields: fields.join(','), ...role };
}
