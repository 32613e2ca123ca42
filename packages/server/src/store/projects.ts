import { pathsAbove, type ApiPath, type PrincipalId, type ProjectId } from '@coffer/core';
import { sql } from 'kysely';
import { emptyCiphertexts } from './ciphertexts.ts';
import type { Reader, Transaction } from './database.ts';
import { contains, countRows, toSearchable, type Page } from './page.ts';
import { makeChange, prepared } from './prepared.ts';
import type { ProjectRow } from './tables.ts';

export type Project = {
  id: ProjectId;
  name: string;
  description: string;
  apiPath: ApiPath;
  /** The number of members. */
  members: number;
  /** Whether the user whom it was read for is one. */
  isMember: boolean;
  createdAt: number;
};

export async function findProject(db: Reader, id: ProjectId, uid: PrincipalId): Promise<Project | undefined> {
  const row = await projectsWithMembers(db, uid).where('project.id', '=', id).executeTakeFirst();
  return row && toProject(row);
}

export async function hasProject(db: Reader, id: ProjectId): Promise<boolean> {
  const row = await db.selectFrom('project').select('id').where('id', '=', id).executeTakeFirst();
  return row !== undefined;
}

/** Whether there is such a project, and whether the user is a member of it. */
export async function findMembership(
  db: Reader,
  id: ProjectId,
  uid: PrincipalId,
): Promise<{ projectExists: boolean; isMember: boolean }> {
  const [row] = await membership(db, { id, uid });
  return { projectExists: row !== undefined, isMember: (row?.member_uid ?? null) !== null };
}

/** By name; all of them, those that the user is a member of, or only one. The filter looks at name and id. */
export async function listProjects(
  db: Reader,
  page: Page,
  { uid, ownOnly, only }: { uid: PrincipalId; ownOnly: boolean; only: ProjectId | undefined },
): Promise<{ projects: Project[]; amount: number }> {
  let matching = projectsWithMembers(db, uid).where(contains('project.search', page.filter));
  let counted = db.selectFrom('project').where(contains('project.search', page.filter));
  if (ownOnly) {
    const own = db.selectFrom('member').select('member.project_id').where('member.uid', '=', uid);
    matching = matching.where('project.id', 'in', own);
    counted = counted.where('project.id', 'in', own);
  }
  if (only !== undefined) {
    matching = matching.where('project.id', '=', only);
    counted = counted.where('project.id', '=', only);
  }
  const rows = await matching
    .orderBy('project.search')
    .orderBy('project.id')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return { projects: rows.map(toProject), amount: await countRows(counted) };
}

/** Says which unique name is taken, or nothing. A path is taken when another's lies at, above or below it. */
export async function insertProject(
  tx: Transaction,
  project: Omit<Project, 'members' | 'isMember'>,
): Promise<'id' | 'api_path' | undefined> {
  if (await isPathTaken(tx, project.apiPath, project.id)) return 'api_path';
  const result = await tx
    .insertInto('project')
    .values({
      id: project.id,
      name: project.name,
      description: project.description,
      api_path: project.apiPath,
      search: searchText(project),
      first_event: 0,
      created_at: project.createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n ? undefined : 'id';
}

/** The index of the audit entry of its creation: its members see the log from there on. */
export async function setFirstEvent(tx: Transaction, id: ProjectId, index: number): Promise<void> {
  await makeChange(tx, tx.updateTable('project').set({ first_event: index }).where('id', '=', id));
}

/** False: the path is taken. */
export async function updateProject(tx: Transaction, project: Project): Promise<boolean> {
  if (await isPathTaken(tx, project.apiPath, project.id)) return false;
  await makeChange(
    tx,
    tx
      .updateTable('project')
      .set({
        name: project.name,
        description: project.description,
        api_path: project.apiPath,
        search: searchText(project),
      })
      .where('id', '=', project.id),
  );
  return true;
}

/** With its entries, their versions, its data keys, environments and memberships. */
export async function removeProject(tx: Transaction, id: ProjectId): Promise<void> {
  await emptyCiphertexts(tx, { projectId: id });
  await makeChange(tx, tx.deleteFrom('entry').where('project_id', '=', id));
  await tx.deleteFrom('project').where('id', '=', id).execute();
}

const membership = prepared((db, { id, uid }: { id: string; uid: string }) =>
  db
    .selectFrom('project')
    .leftJoin('member', (join) =>
      join.onRef('member.project_id', '=', 'project.id').on('member.uid', '=', uid),
    )
    .select('member.uid as member_uid')
    .where('project.id', '=', id),
);

async function isPathTaken(tx: Transaction, path: ApiPath, except: ProjectId): Promise<boolean> {
  const below = `${path}/`;
  const taken = await tx
    .selectFrom('project')
    .select('id')
    .where('id', '!=', except)
    .where((where) =>
      where.or([
        where('api_path', 'in', [path, ...pathsAbove(path)]),
        where(sql<string>`substr(api_path, 1, ${sql.lit(below.length)})`, '=', below),
      ]),
    )
    .executeTakeFirst();
  return taken !== undefined;
}

function projectsWithMembers(db: Reader, uid: PrincipalId) {
  return db
    .selectFrom('project')
    .selectAll('project')
    .select((select) => {
      const members = select.selectFrom('member').whereRef('member.project_id', '=', 'project.id');
      return [
        members.select((all) => all.fn.countAll<number>().as('amount')).as('members'),
        members
          .where('member.uid', '=', uid)
          .select((own) => own.fn.countAll<number>().as('amount'))
          .as('own'),
      ];
    });
}

function toProject(row: ProjectRow & { members: number | null; own: number | null }): Project {
  return {
    id: row.id as ProjectId,
    name: row.name,
    description: row.description,
    apiPath: row.api_path as ApiPath,
    members: Number(row.members),
    isMember: Number(row.own) > 0,
    createdAt: row.created_at,
  };
}

function searchText(project: Pick<Project, 'id' | 'name'>): string {
  return toSearchable(`${project.name}\n${project.id}`);
}
