import { AppError, DEFAULT_ENVIRONMENT, type ApiPath, type PrincipalId, type ProjectId } from '@coffer/core';
import type { Reader } from '../store/database.ts';
import { insertEnvironment } from '../store/environments.ts';
import { insertMember } from '../store/members.ts';
import type { Page } from '../store/page.ts';
import {
  findProject,
  insertProject,
  listProjects,
  removeProject,
  setFirstEvent,
  updateProject,
  type Project,
} from '../store/projects.ts';
import type { Caller } from './actor.ts';
import { draft } from './audit-log.ts';
import { authorize, authorizeProject, authorizeStill, requireUser } from './authorize.ts';
import type { Context } from './context.ts';

export type { Project };

/** Fails with `project_not_found`. */
export async function fetchProject({ store }: Context, { actor }: Caller, id: ProjectId): Promise<Project> {
  await authorizeProject(store.db, actor, 'project.view', id);
  return await getProject(store.db, id, actor.uid);
}

/** ROOT sees all, others those they are a member of (R17); with `ownOnly` ROOT sees only the latter, too. A token of one project sees that one. */
export async function fetchProjects(
  { store }: Context,
  { actor }: Caller,
  { ownOnly, ...page }: Page & { ownOnly: boolean },
): Promise<{ projects: Project[]; amount: number }> {
  authorize(actor, 'project.list');
  return await listProjects(store.db, page, {
    uid: actor.uid,
    ownOnly: actor.by !== 'service' && (ownOnly || actor.role !== 'ROOT'),
    only: actor.grant?.projectId,
  });
}

export type NewProject = { id: ProjectId; name: string; description: string; apiPath: ApiPath };

/** The creator is the first member. Fails with `project_id_taken` or `api_path_taken`. */
export async function createProject(
  { store, audit, clock }: Context,
  caller: Caller,
  input: NewProject,
): Promise<Project> {
  const { actor } = caller;
  authorize(actor, 'project.create');
  requireUser(actor);
  const now = clock();
  return await store.transaction(async (tx) => {
    await authorizeStill(tx, actor, 'project.create');
    const taken = await insertProject(tx, { ...input, createdAt: now });
    if (taken !== undefined) throw new AppError(taken === 'id' ? 'project_id_taken' : 'api_path_taken');
    await insertEnvironment(tx, {
      projectId: input.id,
      id: DEFAULT_ENVIRONMENT,
      name: 'Default',
      createdAt: now,
    });
    await insertMember(tx, { projectId: input.id, uid: actor.uid, addedAt: now });
    const index = await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'project_create',
        project: input.id,
        object: input.id,
        details: { api_path: input.apiPath },
      }),
    );
    await setFirstEvent(tx, input.id, index);
    return await getProject(tx, input.id, caller.actor.uid);
  });
}

export type ProjectChange = {
  id: ProjectId;
  name?: string | undefined;
  description?: string | undefined;
  apiPath?: ApiPath | undefined;
};

/** Fails with `project_not_found`, `forbidden` or `api_path_taken`. */
export async function changeProject(
  { store, audit }: Context,
  caller: Caller,
  change: ProjectChange,
): Promise<Project> {
  return await store.transaction(async (tx) => {
    await authorizeProject(tx, caller.actor, 'project.update', change.id);
    const project = await getProject(tx, change.id, caller.actor.uid);
    const changed: Project = {
      ...project,
      name: change.name ?? project.name,
      description: change.description ?? project.description,
      apiPath: change.apiPath ?? project.apiPath,
    };
    if (!(await updateProject(tx, changed))) throw new AppError('api_path_taken');
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'project_update',
        project: project.id,
        details: changedFields(project, changed),
      }),
    );
    return changed;
  });
}

/** With everything in it, for good. Fails with `project_not_found` or `forbidden`. */
export async function deleteProject(context: Context, caller: Caller, id: ProjectId): Promise<void> {
  const { store, audit } = context;
  await store.transaction(async (tx) => {
    await authorizeProject(tx, caller.actor, 'project.delete', id);
    const project = await getProject(tx, id, caller.actor.uid);
    await removeProject(tx, id);
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'project_delete',
        project: id,
        details: { name: project.name, api_path: project.apiPath },
      }),
    );
  });
  await context.eraser.erase();
}

/** As the user sees it. Fails with `project_not_found`. */
export async function getProject(db: Reader, id: ProjectId, uid: PrincipalId): Promise<Project> {
  const project = await findProject(db, id, uid);
  if (project === undefined) throw new AppError('project_not_found');
  return project;
}

function changedFields(before: Project, after: Project): Record<string, string> {
  const fields = [
    ...(before.name === after.name ? [] : ['name']),
    ...(before.description === after.description ? [] : ['description']),
    ...(before.apiPath === after.apiPath ? [] : ['api_path']),
  ];
  const path =
    before.apiPath === after.apiPath
      ? {}
      : { api_path_before: before.apiPath, api_path_after: after.apiPath };
  return { fields: fields.join(','), ...path };
}
