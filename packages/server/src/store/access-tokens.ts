import type {
  EnvironmentId,
  HeldGrant,
  PrincipalId,
  ProjectId,
  Role,
  TokenId,
  TrustId,
  UserId,
} from '@coffer/core';
import { sql } from 'kysely';
import type { Reader, Transaction } from './database.ts';
import { toGrant, toGrantColumns } from './grant-columns.ts';
import { contains, countRows, toSearchable, type Page } from './page.ts';
import { makeChange, prepared } from './prepared.ts';
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
  /** When a refusal of it was last recorded. */
  refusedAt: number | undefined;
};

/** The user of a personal token, as they are now. */
export type TokenHolder = { username: string; role: Role };

export type HeldToken = {
  token: AccessToken;
  /** Of a service token undefined. */ holder: TokenHolder | undefined;
};

/** With the user whose it is. */
export async function findTokenBySecret(db: Reader, secretHash: Uint8Array): Promise<HeldToken | undefined> {
  const [row] = await tokenBySecret(db, { secretHash });
  return row && toHeldToken(row);
}

/** The same for a token that is known. */
export async function findHeldToken(db: Reader, id: TokenId): Promise<HeldToken | undefined> {
  const [row] = await tokenById(db, { id });
  return row && toHeldToken(row);
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
  await makeChange(
    tx,
    tx.insertInto('access_token').values({
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
      refused_at: null,
      project_id: token.projectId ?? null,
      ...changeableColumns(token),
    }),
  );
}

/** Its name and what it grants. */
export async function updateToken(tx: Transaction, token: AccessToken): Promise<void> {
  await makeChange(
    tx,
    tx.updateTable('access_token').set(changeableColumns(token)).where('id', '=', token.id),
  );
}

export async function touchToken(
  tx: Transaction,
  id: TokenId,
  use: { at: number; ip: string },
): Promise<void> {
  await makeChange(
    tx,
    tx.updateTable('access_token').set({ last_used_at: use.at, last_used_ip: use.ip }).where('id', '=', id),
  );
}

export async function markRefused(tx: Transaction, id: TokenId, at: number): Promise<void> {
  await makeChange(tx, tx.updateTable('access_token').set({ refused_at: at }).where('id', '=', id));
}

/** With the tokens that it made, and those that these made; answers with the number of those. */
export async function removeToken(tx: Transaction, id: TokenId): Promise<number> {
  const { rows } = await sql<{ amount: number }>`
    with recursive made (id) as (
      select id from access_token where parent_id = ${id}
      union all select access_token.id from access_token join made on access_token.parent_id = made.id
    )
    select count(*) as amount from made`.execute(tx);
  await makeChange(tx, tx.deleteFrom('access_token').where('id', '=', id));
  return rows[0]?.amount ?? 0;
}

/**
 * Takes an environment out of what tokens and trusts of a project name; those that named nothing else go. Answers with
 * the number of tokens that went.
 */
export async function withdrawEnvironment(
  tx: Transaction,
  projectId: ProjectId,
  environment: EnvironmentId,
): Promise<number> {
  let removed = 0;
  for (const table of ['token_trust', 'access_token'] as const) {
    const rows = await tx
      .selectFrom(table)
      .select(['id', 'permissions', 'environments', 'keys', 'addresses'])
      .where('project_id', '=', projectId)
      .where('environments', 'is not', null)
      .execute();
    for (const row of rows) {
      const { id } = row;
      const grant = toGrant(row);
      const rest = grant.environments?.filter((name) => name !== environment) ?? [];
      if (rest.length === grant.environments?.length) continue;
      if (rest.length > 0) {
        const columns = toGrantColumns({ ...grant, environments: rest });
        await makeChange(tx, tx.updateTable(table).set(columns).where('id', '=', id));
      } else {
        await makeChange(tx, tx.deleteFrom(table).where('id', '=', id));
        removed += table === 'access_token' ? 1 : 0;
      }
    }
  }
  return removed;
}

/** Answers with their number. */
export async function removeAllTokens(tx: Transaction): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('access_token').executeTakeFirstOrThrow();
  return Number(numDeletedRows);
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

export async function countTrustTokens(db: Reader, trustId: TrustId): Promise<number> {
  return await countRows(db.selectFrom('access_token').where('trust_id', '=', trustId));
}

/** Those that were given out for identity tokens: nobody looks for them once they have expired. */
export async function removeExpiredTrustTokens(tx: Transaction, now: number): Promise<void> {
  await makeChange(
    tx,
    tx.deleteFrom('access_token').where('trust_id', 'is not', null).where('valid_to', '<=', now),
  );
}

const tokenBySecret = prepared((db, { secretHash }: { secretHash: Uint8Array }) =>
  tokensWithHolders(db).where('access_token.secret_hash', '=', secretHash),
);

const tokenById = prepared((db, { id }: { id: string }) =>
  tokensWithHolders(db).where('access_token.id', '=', id),
);

function tokensWithHolders(db: Reader) {
  return db
    .selectFrom('access_token')
    .leftJoin('user', 'user.uid', 'access_token.uid')
    .selectAll('access_token')
    .select(['user.username as holder_username', 'user.role as holder_role']);
}

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
    ...toGrantColumns(token),
    valid_from: token.validFrom,
    valid_to: token.validTo ?? null,
  };
}

function toHeldToken(
  row: AccessTokenRow & { holder_username: string | null; holder_role: Role | null },
): HeldToken {
  const { holder_username: username, holder_role: role } = row;
  return {
    token: toAccessToken(row),
    holder: username === null || role === null ? undefined : { username, role },
  };
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
    ...toGrant(row),
    validFrom: row.valid_from,
    validTo: row.valid_to ?? undefined,
    createdAt: row.created_at,
    createdBy: { uid: row.created_by_uid as PrincipalId, username: row.created_by_username },
    lastUsedAt: row.last_used_at ?? undefined,
    lastUsedIp: row.last_used_ip ?? undefined,
    refusedAt: row.refused_at ?? undefined,
  };
}
