import type { EnvironmentId, ProjectId } from '@coffer/core';
import type { Reader, Transaction } from './database.ts';
import { countRows } from './page.ts';
import { makeChange, prepared } from './prepared.ts';
import type { EnvironmentRow } from './tables.ts';

export type Environment = { projectId: ProjectId; id: EnvironmentId; name: string; createdAt: number };

export async function findEnvironment(
  db: Reader,
  projectId: ProjectId,
  id: EnvironmentId,
): Promise<Environment | undefined> {
  const [row] = await environmentById(db, { projectId, id });
  return row && toEnvironment(row);
}

/** Oldest first. All of them: their number is limited. */
export async function listEnvironments(db: Reader, projectId: ProjectId): Promise<Environment[]> {
  const rows = await db
    .selectFrom('environment')
    .selectAll()
    .where('project_id', '=', projectId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(toEnvironment);
}

export async function countEnvironments(db: Reader, projectId: ProjectId): Promise<number> {
  return await countRows(db.selectFrom('environment').where('project_id', '=', projectId));
}

/** False: the project has one with this id. */
export async function insertEnvironment(tx: Transaction, environment: Environment): Promise<boolean> {
  const result = await tx
    .insertInto('environment')
    .values({
      project_id: environment.projectId,
      id: environment.id,
      name: environment.name,
      created_at: environment.createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function removeEnvironment(
  tx: Transaction,
  projectId: ProjectId,
  id: EnvironmentId,
): Promise<void> {
  await makeChange(tx, tx.deleteFrom('environment').where('project_id', '=', projectId).where('id', '=', id));
}

const environmentById = prepared((db, { projectId, id }: { projectId: string; id: string }) =>
  db.selectFrom('environment').selectAll().where('project_id', '=', projectId).where('id', '=', id),
);

function toEnvironment(row: EnvironmentRow): Environment {
  return {
    projectId: row.project_id as ProjectId,
    id: row.id as EnvironmentId,
    name: row.name,
    createdAt: row.created_at,
  };
}
