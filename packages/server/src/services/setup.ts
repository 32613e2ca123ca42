import { timingSafeEqual } from 'node:crypto';
import { AppError, type Redacted, type Role } from '@coffer/core';
import { randomId } from '../random-id.ts';
import { sha256 } from '../sha256.ts';
import type { Transaction } from '../store/database.ts';
import { countUsers, insertUser, type User } from '../store/users.ts';
import type { Origin } from './actor.ts';
import { draft } from './audit-log.ts';
import type { Context } from './context.ts';
import { startSession, type IssuedSession } from './sessions.ts';
import { tooManyAttempts } from './throttle.ts';

export type NewUser = {
  username: string;
  email: string;
  firstName: string;
  lastName: string;
  password: Redacted<string>;
  role: Role;
};

export async function isSetUp({ store }: Context): Promise<boolean> {
  return (await countUsers(store.db)) > 0;
}

/**
 * Makes the first ROOT user and signs them in. Fails with `setup_done`, `setup_token_invalid`, `invalid_input`,
 * `too_many_attempts` or `overloaded`.
 */
export async function setUp(
  context: Context,
  origin: Origin,
  input: Omit<NewUser, 'role'> & { setupToken: Redacted<string> },
): Promise<IssuedSession> {
  const { store, audit, throttle, rootKeys } = context;
  if (await isSetUp(context)) throw new AppError('setup_done');
  // No sign-in name: those have no control characters.
  const attempt = { account: '\u0000setup', uid: undefined, ip: origin.ip };
  const waitMs = await store.transaction(async (tx) => await throttle.begin(tx, attempt));
  if (waitMs > 0) throw tooManyAttempts(waitMs);
  if (!isSameSecret(input.setupToken, rootKeys.latest.setupToken)) {
    await audit.record(draft(origin, undefined, { type: 'instance_setup', outcome: 'denied' }));
    throw new AppError('setup_token_invalid');
  }
  await store.transaction(async (tx) => await throttle.succeed(tx, attempt));
  const passwordHash = await hashNewPassword(context, 'password', input);
  return await store.transaction(async (tx) => {
    const user = await insertFirstUser(context, tx, { origin, input, passwordHash });
    await throttle.remember(tx, user.uid, origin.ip);
    return await startSession(context, tx, user, origin);
  });
}

/** Makes the first ROOT user from the settings, at start. Does nothing when there are users. Fails with `invalid_input`. */
export async function setUpFromSettings(context: Context, input: Omit<NewUser, 'role'>): Promise<void> {
  if (await isSetUp(context)) return;
  const origin = { ip: '', requestId: 'start', userAgent: '' };
  const passwordHash = await hashNewPassword(context, 'password', input);
  await context.store.transaction(async (tx) => {
    if ((await countUsers(tx)) > 0) return;
    await insertFirstUser(context, tx, { origin, input, passwordHash });
  });
}

/** Fails with `invalid_input` when the password is too weak, or with `overloaded`. Slow: outside transactions. */
export async function hashNewPassword(
  { passwords }: Context,
  path: string,
  user: Pick<NewUser, 'username' | 'email' | 'firstName' | 'lastName' | 'password'>,
): Promise<string> {
  await passwords.refuseCommon(path, user.password, [
    user.username,
    user.email,
    user.firstName,
    user.lastName,
  ]);
  return await passwords.hash(user.password);
}

/** Fails with `setup_done` when another call was first. */
async function insertFirstUser(
  { audit, clock }: Context,
  tx: Transaction,
  { origin, input, passwordHash }: { origin: Origin; input: Omit<NewUser, 'role'>; passwordHash: string },
): Promise<User> {
  if ((await countUsers(tx)) > 0) throw new AppError('setup_done');
  const user: User = {
    uid: randomId('usr'),
    username: input.username,
    email: input.email,
    firstName: input.firstName,
    lastName: input.lastName,
    role: 'ROOT',
    createdAt: clock(),
  };
  await insertUser(tx, user, passwordHash);
  await audit.append(tx, draft(origin, user, { type: 'instance_setup', object: user.uid }));
  return user;
}

/** Compares hashes, which have one length, in constant time. */
function isSameSecret(a: Redacted<string>, b: Redacted<string>): boolean {
  return timingSafeEqual(sha256(Buffer.from(a.expose())), sha256(Buffer.from(b.expose())));
}
