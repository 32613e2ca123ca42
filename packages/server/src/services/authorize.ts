import {
  AppError,
  decide,
  decideGrant,
  grantsEnvironment,
  grantsKey,
  instanceAbilities,
  projectAbilities,
  type Action,
  type EntryKey,
  type EnvironmentId,
  type InstanceAction,
  type ProjectAction,
  type ProjectId,
  type UserId,
} from '@coffer/core';
import { findHeldToken } from '../store/access-tokens.ts';
import { readHeadAhead } from '../store/audit.ts';
import type { Reader, Transaction } from '../store/database.ts';
import { findMembership } from '../store/projects.ts';
import { findSession } from '../store/sessions.ts';
import { findUser } from '../store/users.ts';
import {
  sessionActor,
  tokenActor,
  type Actor,
  type PersonalTokenActor,
  type SignedInActor,
} from './actor.ts';

/**
 * The one function that every service asks. Membership is read here, for each call; role and token were read when the
 * caller was recognised, for each call (R15), and in the transaction of a change once more: one that came first may have
 * ended what the caller had. Answers with the actor as they are then.
 *
 * Fails with `forbidden`, `membership_required`, `token_not_permitted`, `session_ended`, `token_invalid`, or `project_not_found` where
 * the project is not the actor's to see.
 */
export async function authorizeProject(
  db: Reader,
  caller: Actor,
  action: ProjectAction,
  projectId: ProjectId,
): Promise<Actor> {
  const [actor, membership] = await Promise.all([
    actorNow(db, caller),
    findMembership(db, projectId, caller.uid),
  ]);
  permit(actor, action, projectId, membership);
  return actor;
}

/** The decision of `authorizeProject`, for those who read the membership together with what is asked for. */
export function permit(
  actor: Actor,
  action: ProjectAction,
  projectId: ProjectId,
  membership: { projectExists: boolean; isMember: boolean },
): void {
  const granted = actor.grant === undefined ? 'allowed' : decideGrant(actor.grant, action, projectId);
  if (granted === 'hidden' || !membership.projectExists) throw new AppError('project_not_found');
  if (actor.by !== 'service') refuse(decide(action, actor.role, membership));
  if (granted === 'not_granted') throw new AppError('token_not_permitted');
}

/** In the transaction of a change the actor is read once more. Fails with `session_ended` or `token_invalid`. */
export async function actorNow(db: Reader, caller: Actor): Promise<Actor> {
  return db.isTransaction ? await readAnew(db, caller) : caller;
}

/** The same for actions on the instance. `subject` is the user whom it is about. Fails with `forbidden` or `token_not_permitted`. */
export function authorize(actor: Actor, action: InstanceAction, subject?: UserId): void {
  if (actor.by !== 'service') refuse(decide(action, actor.role, { isSelf: subject === actor.uid }));
  if (actor.grant !== undefined && decideGrant(actor.grant, action) !== 'allowed')
    throw new AppError('token_not_permitted');
}

/** For what only someone who signed in may do. Fails with `token_not_permitted`. */
export function requireSession(actor: Actor): asserts actor is SignedInActor {
  if (actor.by !== 'session') throw new AppError('token_not_permitted');
}

/** For what is someone's own. Fails with `token_not_permitted`. */
export function requireUser(actor: Actor): asserts actor is SignedInActor | PersonalTokenActor {
  if (actor.by === 'service') throw new AppError('token_not_permitted');
}

/** Whether a user may do it now, whoever is calling: for what they left to be done with their right. */
export async function mayUser(
  db: Reader,
  uid: UserId,
  action: ProjectAction,
  projectId: ProjectId,
): Promise<boolean> {
  const user = await findUser(db, uid);
  if (user === undefined) return false;
  return decide(action, user.role, await findMembership(db, projectId, uid)) === 'allowed';
}

/** What a token leaves out of a project. Fails with `token_not_permitted`, whether there is such a key or not. */
export function requireWithin({ grant }: Actor, environment: EnvironmentId, key?: EntryKey): void {
  if (grant === undefined) return;
  if (!grantsEnvironment(grant, environment) || (key !== undefined && !grantsKey(grant, key)))
    throw new AppError('token_not_permitted');
}

/**
 * For a change, in its transaction: a role may have changed, a session or token ended since the request began, in a
 * transaction that came first. Fails as `authorize` does, or with `session_ended` or `token_invalid`.
 */
export async function authorizeStill(
  tx: Transaction,
  actor: Actor,
  action: InstanceAction,
  subject?: UserId,
): Promise<void> {
  authorize(await readAnew(tx, actor), action, subject);
}

async function readAnew(tx: Reader, actor: Actor): Promise<Actor> {
  // A change is on record: what that needs is read at once with what decides on it.
  readHeadAhead(tx);
  if (actor.by === 'session') {
    const found = await findSession(tx, actor.sessionId);
    if (found === undefined) throw new AppError('session_ended');
    return sessionActor(found);
  }
  const found = await findHeldToken(tx, actor.grant.id);
  if (found === undefined) throw new AppError('token_invalid');
  return tokenActor(found);
}

/** A token that may only write is not told what stands there. */
export function mayReadComments({ grant }: Actor): boolean {
  if (grant === undefined) return true;
  return (['vault.list', 'vault.view'] as const).some((action) => decideGrant(grant, action) === 'allowed');
}

/** What an actor may do in a project that they see: what a page may offer. */
export function abilitiesIn(actor: Actor, { id, isMember }: { id: ProjectId; isMember: boolean }): Action[] {
  const { grant } = actor;
  if (actor.by === 'service') {
    return actor.grant.projectId === id ? [...actor.grant.permissions] : [];
  }
  const abilities = projectAbilities(actor.role, isMember);
  return grant === undefined
    ? abilities
    : abilities.filter((action) => decideGrant(grant, action, id) === 'allowed');
}

/** And on the instance, to others than themselves. */
export function abilitiesOf(actor: SignedInActor | PersonalTokenActor): Action[] {
  const { grant, role } = actor;
  const abilities = instanceAbilities(role);
  return grant === undefined
    ? abilities
    : abilities.filter((action) => decideGrant(grant, action) === 'allowed');
}

function refuse(decision: ReturnType<typeof decide>): void {
  switch (decision) {
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
