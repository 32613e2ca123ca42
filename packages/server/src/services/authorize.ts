import {
  AppError,
  decide,
  type Action,
  type Circumstances,
  type InstanceAction,
  type ProjectAction,
  type ProjectId,
  type UserId,
} from '@coffer/core';
import type { Reader } from '../store/database.ts';
import { findMembership } from '../store/projects.ts';
import { findSession } from '../store/sessions.ts';
import type { Actor } from './actor.ts';

/**
 * The one function that every service asks. Membership is read here, for each call; the role was read with the
 * session, for each call (R15).
 *
 * Fails with `forbidden`, `membership_required`, or `project_not_found` where the project is not the actor's to see.
 */
export async function authorizeProject(
  db: Reader,
  actor: Actor,
  action: ProjectAction,
  projectId: ProjectId,
): Promise<void> {
  judge(actor, action, await findMembership(db, projectId, actor.uid));
}

/** The same for actions on the instance. `subject` is the user whom it is about. Fails with `forbidden`. */
export function authorize(actor: Actor, action: InstanceAction, subject?: UserId): void {
  judge(actor, action, { isSelf: subject === actor.uid });
}

/**
 * The same once more, in the transaction of a change that came after slow work: the session may have ended and the role
 * changed since the request began. Fails with `session_ended` or `forbidden`.
 */
export async function authorizeStill(tx: Reader, actor: Actor, action: InstanceAction): Promise<void> {
  const found = await findSession(tx, actor.sessionId);
  if (found === undefined) throw new AppError('session_ended');
  authorize({ ...actor, role: found.user.role }, action);
}

function judge(actor: Actor, action: Action, circumstances: Circumstances): void {
  switch (decide(action, actor.role, circumstances)) {
    case 'allowed':
      return;
    case 'hidden':
      throw new AppError('project_not_found');
    case 'needs_membership':
      throw new AppError('membership_required');
    case 'forbidden':
      throw new AppError('forbidden');
  }
}
