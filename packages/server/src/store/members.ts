import type { ProjectId, Role, UserId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { contains, countRows, type Page } from './page.ts';
import { toUser, type User } from './users.ts';

/** By user name. */
export async function listMembers(
  db: Reader,
  projectId: ProjectId,
  page: Page,
): Promise<{ members: User[]; amount: number }> {
  const matching = db
    .selectFrom('member')
    .innerJoin('user', 'user.uid', 'member.uid')
    .where('member.project_id', '=', projectId)
    .where(contains('user.search', page.filter));
  const rows = await matching
    .selectAll('user')
    .orderBy('user.username_key')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { members: rows.map(toUser), amount: await countRows(matching) };
}

/** Users who are no members, by user name. The filter does not look at their role: it is the last line of the text. */
export async function listCandidates(
  db: Reader,
  projectId: ProjectId,
  page: Page,
): Promise<{ candidates: User[]; amount: number }> {
  const members = db.selectFrom('member').select('member.uid').where('member.project_id', '=', projectId);
  const matching = db
    .selectFrom('user')
    .where('user.uid', 'not in', members)
    .where(contains('user.search', page.filter, '\n'));
  const rows = await matching
    .selectAll('user')
    .orderBy('user.username_key')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { candidates: rows.map(toUser), amount: await countRows(matching) };
}

/** How many members have one of the roles. */
export async function countMembers(
  db: Reader,
  projectId: ProjectId,
  roles: readonly Role[],
): Promise<number> {
  return await countRows(
    db
      .selectFrom('member')
      .innerJoin('user', 'user.uid', 'member.uid')
      .where('member.project_id', '=', projectId)
      .where('user.role', 'in', roles),
  );
}

/** False: they are a member already. */
export async function insertMember(
  tx: Transaction,
  member: { projectId: ProjectId; uid: UserId; addedAt: number },
): Promise<boolean> {
  const result = await tx
    .insertInto('member')
    .values({ project_id: member.projectId, uid: member.uid, added_at: member.addedAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** False: they were no member. */
export async function removeMember(tx: Transaction, projectId: ProjectId, uid: UserId): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('member')
    .where('project_id', '=', projectId)
    .where('uid', '=', uid)
    .executeTakeFirstOrThrow();
  return numDeletedRows === 1n;
}
