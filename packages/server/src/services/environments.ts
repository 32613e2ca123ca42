import {
  AppError,
  DEFAULT_ENVIRONMENT,
  grantsEnvironment,
  type EnvironmentId,
  type ProjectId,
} from '@coffer/core';
import { withdrawEnvironment } from '../store/access-tokens.ts';
import { countRoutes } from '../store/routes.ts';
import { countEntries } from '../store/entries.ts';
import {
  countEnvironments,
  findEnvironment,
  insertEnvironment,
  listEnvironments,
  removeEnvironment,
  type Environment,
} from '../store/environments.ts';
import type { Caller } from './actor.ts';
import { draft } from './audit-log.ts';
import { authorizeProject } from './authorize.ts';
import type { Context } from './context.ts';

export type { Environment };

const ENVIRONMENTS_MAX = 100;

/** Fails with `project_not_found`, `membership_required` or `forbidden`. */
export async function fetchEnvironments(
  { store }: Context,
  { actor }: Caller,
  projectId: ProjectId,
): Promise<Environment[]> {
  await authorizeProject(store.db, actor, 'environment.list', projectId);
  const environments = await listEnvironments(store.db, projectId);
  const { grant } = actor;
  return grant === undefined ? environments : environments.filter(({ id }) => grantsEnvironment(grant, id));
}

/** Fails with `project_not_found`, `membership_required`, `forbidden`, `environment_exists` or `environment_limit`. */
export async function createEnvironment(
  { store, audit, clock }: Context,
  caller: Caller,
  input: { projectId: ProjectId; id: EnvironmentId; name: string },
): Promise<Environment> {
  return await store.transaction(async (tx) => {
    await authorizeProject(tx, caller.actor, 'environment.create', input.projectId);
    const environment = { ...input, createdAt: clock() };
    if (!(await insertEnvironment(tx, environment))) throw new AppError('environment_exists');
    if ((await countEnvironments(tx, input.projectId)) > ENVIRONMENTS_MAX) {
      throw new AppError('environment_limit', { limit: ENVIRONMENTS_MAX });
    }
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'environment_create',
        project: input.projectId,
        environment: input.id,
        object: input.id,
      }),
    );
    return environment;
  });
}

/**
 * Fails with `project_not_found`, `membership_required`, `forbidden`, `environment_permanent`,
 * `environment_not_found` or `environment_not_empty`.
 */
export async function deleteEnvironment(
  { store, audit }: Context,
  caller: Caller,
  { projectId, id }: { projectId: ProjectId; id: EnvironmentId },
): Promise<void> {
  await store.transaction(async (tx) => {
    await authorizeProject(tx, caller.actor, 'environment.delete', projectId);
    if (id === DEFAULT_ENVIRONMENT) throw new AppError('environment_permanent');
    if ((await findEnvironment(tx, projectId, id)) === undefined) throw new AppError('environment_not_found');
    const entries = await countEntries(tx, { projectId, environment: id });
    const routes = await countRoutes(tx, { projectId, environment: id });
    if (entries + routes > 0) throw new AppError('environment_not_empty', { entries, routes });
    await removeEnvironment(tx, projectId, id);
    // One that is made later under this id is another: what was given for this one is not for that.
    const revoked = await withdrawEnvironment(tx, projectId, id);
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'environment_delete',
        project: projectId,
        environment: id,
        object: id,
        details: { tokens_revoked: revoked },
      }),
    );
  });
}
