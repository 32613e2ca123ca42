import type { Role, UserId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { contains, countRows, toSearchable, type Page } from './page.ts';
import { makeChange } from './prepared.ts';
import type { UserRow } from './tables.ts';

export type User = {
  uid: UserId;
  username: string;
  email: string;
  firstName: string;
  lastName: string;
  role: Role;
  createdAt: number;
};

export type Credentials = { user: User; passwordHash: string };

export async function findUser(db: Reader, uid: UserId): Promise<User | undefined> {
  const row = await db.selectFrom('user').selectAll().where('uid', '=', uid).executeTakeFirst();
  return row && toUser(row);
}

/** By user name or e-mail address, in any case. A user name has no @ and an address has one, so they cannot be mixed up. */
export async function findCredentials(db: Reader, signInName: string): Promise<Credentials | undefined> {
  const key = foldCase(signInName);
  const row = await db
    .selectFrom('user')
    .selectAll()
    .where((where) => where.or([where('username_key', '=', key), where('email_key', '=', key)]))
    .executeTakeFirst();
  return row && { user: toUser(row), passwordHash: row.password_hash };
}

export async function findPasswordHash(db: Reader, uid: UserId): Promise<string | undefined> {
  const row = await db.selectFrom('user').select('password_hash').where('uid', '=', uid).executeTakeFirst();
  return row?.password_hash;
}

/** By user name. */
export async function listUsers(db: Reader, page: Page): Promise<{ users: User[]; amount: number }> {
  const matching = db.selectFrom('user').where(contains('user.search', page.filter));
  const amount = await countRows(matching);
  const rows = await matching
    .selectAll()
    .orderBy('username_key')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { users: rows.map(toUser), amount };
}

export async function countUsers(db: Reader, role?: Role): Promise<number> {
  const users = db.selectFrom('user');
  return await countRows(role === undefined ? users : users.where('role', '=', role));
}

/** Says which unique name is taken, or nothing. */
export async function insertUser(
  tx: Transaction,
  user: User,
  passwordHash: string,
): Promise<'username' | 'email' | undefined> {
  const usernameKey = foldCase(user.username);
  const result = await tx
    .insertInto('user')
    .values({
      uid: user.uid,
      username: user.username,
      username_key: usernameKey,
      email: user.email,
      email_key: foldCase(user.email),
      first_name: user.firstName,
      last_name: user.lastName,
      role: user.role,
      password_hash: passwordHash,
      search: searchText(user),
      created_at: user.createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (result.numInsertedOrUpdatedRows === 1n) return undefined;
  const taken = await tx
    .selectFrom('user')
    .select('uid')
    .where('username_key', '=', usernameKey)
    .executeTakeFirst();
  return taken === undefined ? 'email' : 'username';
}

/** False: another user has the e-mail address. */
export async function updateUser(tx: Transaction, user: User): Promise<boolean> {
  const other = await tx
    .selectFrom('user')
    .select('uid')
    .where('email_key', '=', foldCase(user.email))
    .where('uid', '!=', user.uid)
    .executeTakeFirst();
  if (other !== undefined) return false;
  await makeChange(
    tx,
    tx
      .updateTable('user')
      .set({
        email: user.email,
        email_key: foldCase(user.email),
        first_name: user.firstName,
        last_name: user.lastName,
        role: user.role,
        search: searchText(user),
      })
      .where('uid', '=', user.uid),
  );
  return true;
}

export async function updatePasswordHash(tx: Transaction, uid: UserId, passwordHash: string): Promise<void> {
  await makeChange(tx, tx.updateTable('user').set({ password_hash: passwordHash }).where('uid', '=', uid));
}

/** Sessions and memberships go with the user. */
export async function removeUser(tx: Transaction, uid: UserId): Promise<void> {
  await makeChange(tx, tx.deleteFrom('user').where('uid', '=', uid));
}

export function toUser(row: Omit<UserRow, 'username_key' | 'email_key' | 'password_hash' | 'search'>): User {
  return {
    uid: row.uid as UserId,
    username: row.username,
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    role: row.role,
    createdAt: row.created_at,
  };
}

/** User names and addresses are ASCII, where lower case is one to one. */
function foldCase(text: string): string {
  return text.toLowerCase();
}

function searchText(user: User): string {
  const names = [
    user.username,
    user.email,
    user.firstName,
    user.lastName,
    `${user.firstName} ${user.lastName}`,
  ];
  return toSearchable([...names, user.role].join('\n'));
}
