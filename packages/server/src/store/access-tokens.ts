import type {
  Action,
  EnvironmentId,
  HeldGrant,
  KeyPattern,
  PrincipalId,
  ProjectId,
  Role,
  TokenId,
  TrustId,
  UserId,
} from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { contains, countRows, toSearchable, type Page } from './page.ts';
import { prepared } from './prepared.ts';
import type { AccessTokenRow } from './tables.ts';

export type AccessToken = HeldGrant & {
  name: string;
  /** Whose it is, if personal. */
  uid: UserId | undefined;
  parentId: TokenId | undefined;
  /** For whose identity token it was given out. */
  trustId: TrustId | undefined;
  /** Addresses and ranges that it is accepted from; undefined: all. */
  addresses: readonly string[] | undefined;
  validFrom: number;
  validTo: number | undefined;
  createdAt: number;
  createdBy: { uid: PrincipalId; username: string };
  lastUsedAt: number | undefined;
  lastUsedIp: string | undefined;
};

/** The user of a personal token, as they are now. */
export type TokenHolder = { username: string; role: Role };

/** With the user whose it is. */
export async function findTokenBySecret(
  db: Reader,
  secretHash: Uint8Array,
): Promise<{ token: AccessToken; holder: TokenHolder | undefined } | undefined> {
  const [row] = await tokenBySecret(db, { secretHash });
  if (row === undefined) return undefined;
  const { holder_username: username, holder_role: role } = row;
  return {
    token: toAccessToken(row),
    holder: username === null || role === null ? undefined : { username, role },
  };
}

export async function findToken(db: Reader, id: TokenId): Promise<AccessToken | undefined> {
  const row = await db.selectFrom('access_token').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toAccessToken(row);
}

/** Service tokens of a project that people made, or personal ones of a user; newest first. The filter looks at the name. */
export async function listTokens(
  db: Reader,
  owner: { projectId: ProjectId } | { uid: UserId },
  page: Page,
): Promise<{ tokens: AccessToken[]; amount: number }> {
  const matching = tokensOf(db, owner).where(contains('search', page.filter));
  const rows = await matching
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { tokens: rows.map(toAccessToken), amount: await countRows(matching) };
}

export async function countTokens(
  db: Reader,
  owner: { projectId: ProjectId } | { uid: UserId },
): Promise<number> {
  return await countRows(tokensOf(db, owner));
}

export async function insertToken(
  tx: Transaction,
  token: AccessToken,
  secretHash: Uint8Array,
): Promise<void> {
  await tx
    .insertInto('access_token')
    .values({
      id: token.id,
      kind: token.kind,
      secret_hash: secretHash,
      uid: token.uid ?? null,
      parent_id: token.parentId ?? null,
      trust_id: token.trustId ?? null,
      created_at: token.createdAt,
      created_by_uid: token.createdBy.uid,
      created_by_username: token.createdBy.username,
      last_used_at: null,
      last_used_ip: null,
      project_id: token.projectId ?? null,
      ...changeableColumns(token),
    })
    .execute();
}

/** Its name and what it grants. */
export async function updateToken(tx: Transaction, token: AccessToken): Promise<void> {
  await tx.updateTable('access_token').set(changeableColumns(token)).where('id', '=', token.id).execute();
}

export async function touchToken(
  tx: Transaction,
  id: TokenId,
  use: { at: number; ip: string },
): Promise<void> {
  await tx
    .updateTable('access_token')
    .set({ last_used_at: use.at, last_used_ip: use.ip })
    .where('id', '=', id)
    .execute();
}

/** With the tokens that it made. */
export async function removeToken(tx: Transaction, id: TokenId): Promise<void> {
  await tx.deleteFrom('access_token').where('id', '=', id).execute();
}

/** The tokens that it made; answers with their number. */
export async function removeTokensMadeBy(tx: Transaction, id: TokenId): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('access_token')
    .where('parent_id', '=', id)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** The personal ones; answers with their number. */
export async function removeTokensOf(tx: Transaction, uid: UserId): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('access_token')
    .where('uid', '=', uid)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** Those that were given out for identity tokens: nobody looks for them once they have expired. */
export async function removeExpiredTrustTokens(tx: Transaction, now: number): Promise<void> {
  await tx
    .deleteFrom('access_token')
    .where('trust_id', 'is not', null)
    .where('valid_to', '<=', now)
    .execute();
}

const tokenBySecret = prepared((db, { secretHash }: { secretHash: Uint8Array }) =>
  db
    .selectFrom('access_token')
    .leftJoin('user', 'user.uid', 'access_token.uid')
    .selectAll('access_token')
    .select(['user.username as holder_username', 'user.role as holder_role'])
    .where('access_token.secret_hash', '=', secretHash),
);

function tokensOf(db: Reader, owner: { projectId: ProjectId } | { uid: UserId }) {
  const tokens = db.selectFrom('access_token');
  return 'uid' in owner
    ? tokens.where('uid', '=', owner.uid)
    : tokens
        .where('kind', '=', 'service')
        .where('project_id', '=', owner.projectId)
        .where('trust_id', 'is', null);
}

function changeableColumns(token: AccessToken) {
  return {
    name: token.name,
    search: toSearchable(token.name),
    permissions: JSON.stringify(token.permissions),
    environments: toJson(token.environments),
    keys: toJson(token.keys),
    addresses: toJson(token.addresses),
    valid_from: token.validFrom,
    valid_to: token.validTo ?? null,
  };
}

function toJson(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list);
}

function fromJson(text: string | null): string[] | undefined {
  return text === null ? undefined : (JSON.parse(text) as string[]);
}

function toAccessToken(row: AccessTokenRow): AccessToken {
  return {
    id: row.id as TokenId,
    kind: row.kind,
    name: row.name,
    uid: (row.uid ?? undefined) as UserId | undefined,
    projectId: (row.project_id ?? undefined) as ProjectId | undefined,
    parentId: (row.parent_id ?? undefined) as TokenId | undefined,
    trustId: (row.trust_id ?? undefined) as TrustId | undefined,
    permissions: JSON.parse(row.permissions) as Action[],
    environments: fromJson(row.environments) as EnvironmentId[] | undefined,
    keys: fromJson(row.keys) as KeyPattern[] | undefined,
    addresses: fromJson(row.addresses),
    validFrom: row.valid_from,
    validTo: row.valid_to ?? undefined,
    createdAt: row.created_at,
    createdBy: { uid: row.created_by_uid as PrincipalId, username: row.created_by_username },
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedIp: row.last_used_ip ?? undefined,
  };
}
