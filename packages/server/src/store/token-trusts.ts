import type { Action, EnvironmentId, KeyPattern, PrincipalId, ProjectId, TrustId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { toGrant, toGrantColumns } from './grant-columns.ts';
import { contains, countRows, toSearchable, type Page } from './page.ts';
import { makeChange } from './prepared.ts';
import type { TokenTrustRow } from './tables.ts';

/** Whose identity tokens are exchanged for a service token, and for what kind. */
export type TokenTrust = {
  id: TrustId;
  projectId: ProjectId;
  name: string;
  issuer: string;
  audience: string;
  subject: string;
  /** What else the token must say, claim by claim. */
  claims: Readonly<Record<string, string | number | boolean>>;
  /** An identity token is exchanged once. */
  singleUse: boolean;
  /** Of the tokens that are given out. */
  ttlSeconds: number;
  permissions: readonly Action[];
  environments: readonly EnvironmentId[] | undefined;
  keys: readonly KeyPattern[] | undefined;
  addresses: readonly string[] | undefined;
  createdAt: number;
  createdBy: { uid: PrincipalId; username: string };
};

export async function findTrust(db: Reader, id: TrustId): Promise<TokenTrust | undefined> {
  const row = await db.selectFrom('token_trust').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toTrust(row);
}

/** Newest first. The filter looks at the name. */
export async function listTrusts(
  db: Reader,
  projectId: ProjectId,
  page: Page,
): Promise<{ trusts: TokenTrust[]; amount: number }> {
  const matching = db
    .selectFrom('token_trust')
    .where('project_id', '=', projectId)
    .where(contains('search', page.filter));
  const rows = await matching
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { trusts: rows.map(toTrust), amount: await countRows(matching) };
}

export async function countTrusts(db: Reader, projectId: ProjectId): Promise<number> {
  return await countRows(db.selectFrom('token_trust').where('project_id', '=', projectId));
}

export async function insertTrust(tx: Transaction, trust: TokenTrust): Promise<void> {
  await makeChange(
    tx,
    tx.insertInto('token_trust').values({
      id: trust.id,
      project_id: trust.projectId,
      name: trust.name,
      search: toSearchable(trust.name),
      issuer: trust.issuer,
      audience: trust.audience,
      subject: trust.subject,
      claims: JSON.stringify(trust.claims),
      single_use: trust.singleUse ? 1 : 0,
      ttl_seconds: trust.ttlSeconds,
      ...toGrantColumns(trust),
      created_at: trust.createdAt,
      created_by_uid: trust.createdBy.uid,
      created_by_username: trust.createdBy.username,
    }),
  );
}

/** With the tokens that were given out for it. */
export async function removeTrust(tx: Transaction, id: TrustId): Promise<void> {
  await makeChange(tx, tx.deleteFrom('token_trust').where('id', '=', id));
}

/** False: it was used before. Forgets those that have expired. */
export async function insertUsedIdentity(
  tx: Transaction,
  use: { hash: Uint8Array; expiresAt: number; now: number },
): Promise<boolean> {
  await makeChange(tx, tx.deleteFrom('used_identity').where('expires_at', '<=', use.now));
  const result = await tx
    .insertInto('used_identity')
    .values({ hash: use.hash, expires_at: use.expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

function toTrust(row: TokenTrustRow): TokenTrust {
  return {
    id: row.id as TrustId,
    projectId: row.project_id as ProjectId,
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    subject: row.subject,
    claims: JSON.parse(row.claims) as TokenTrust['claims'],
    singleUse: row.single_use === 1,
    ttlSeconds: row.ttl_seconds,
    ...toGrant(row),
    createdAt: row.created_at,
    createdBy: { uid: row.created_by_uid as PrincipalId, username: row.created_by_username },
  };
}
