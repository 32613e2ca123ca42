import { AppError, type ProjectId, type Role, type UserId } from '@coffer/core';
import type { Transaction } from '../store/database.ts';
import { countMembers, insertMember, listCandidates, listMembers, removeMember } from '../store/members.ts';
import type { Page } from '../store/page.ts';
import type { Project } from '../store/projects.ts';
import { findUser, type User } from '../store/users.ts';
import type { Caller } from './actor.ts';
import { draft } from './audit-log.ts';
import { authorizeProject } from './authorize.ts';
import type { Context } from './context.ts';
import { getProject } from './projects.ts';

/** Without one of these as a member, no member can open the vault. */
const MANAGERS: readonly Role[] = ['ROOT', 'ADMIN'];

/** Fails with `project_not_found`. */
export async function fetchMembers(
  { store }: Context,
  { actor }: Caller,
  projectId: ProjectId,
  page: Page,
): Promise<{ members: User[]; amount: number }> {
  await authorizeProject(store.db, actor, 'member.list', projectId);
  return await listMembers(store.db, projectId, page);
}

/** Users who are no members. Fails with `project_not_found` or `forbidden`. */
export async function fetchCandidates(
  { store }: Context,
  { actor }: Caller,
  projectId: ProjectId,
  page: Page,
): Promise<{ candidates: User[]; amount: number }> {
  await authorizeProject(store.db, actor, 'member.list_candidates', projectId);
  return await listCandidates(store.db, projectId, page);
}

/** Fails with `project_not_found`, `forbidden`, `user_not_found` or `member_exists`. */
export async function addMember(
  { store, audit, clock }: Context,
  caller: Caller,
  { projectId, uid }: { projectId: ProjectId; uid: UserId },
): Promise<Project> {
  return await store.transaction(async (tx) => {
    await authorizeProject(tx, caller.actor, 'member.add', projectId);
    const user = await findUser(tx, uid);
    if (user === undefined) throw new AppError('user_not_found');
    if (!(await insertMember(tx, { projectId, uid, addedAt: clock() }))) throw new AppError('member_exists');
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'project_member_add',
        project: projectId,
        object: uid,
        details: { username: user.username, role: user.role },
      }),
    );
    return await getProject(tx, projectId, caller.actor.uid);
  });
}

/** Fails with `project_not_found`, `forbidden`, `member_not_found`, or `last_manager` unless forced. */
export async function dropMember(
  { store, audit }: Context,
  caller: Caller,
  { projectId, uid, force }: { projectId: ProjectId; uid: UserId; force: boolean },
): Promise<Project> {
  return await store.transaction(async (tx) => {
    await authorizeProject(tx, caller.actor, 'member.remove', projectId);
    const managersBefore = await countMembers(tx, projectId, MANAGERS);
    if (!(await removeMember(tx, projectId, uid))) throw new AppError('member_not_found');
    if (!force) await refuseLastManager(tx, projectId, managersBefore);
    await audit.append(
      tx,
      draft(caller, caller.actor, {
        type: 'project_member_remove',
        project: projectId,
        object: uid,
        details: { forced: force },
      }),
    );
    return await getProject(tx, projectId, caller.actor.uid);
  });
}

async function refuseLastManager(
  tx: Transaction,
  projectId: ProjectId,
  managersBefore: number,
): Promise<void> {
  const managers = await countMembers(tx, projectId, MANAGERS);
  if (managers === 0 && managersBefore > 0) throw new AppError('last_manager');
}
