import type { Brand, TokenId } from './ids.ts';
import type { EntryKey, EnvironmentId, ProjectId } from './names.ts';
import { PERMISSIONS, type Action, type TokenRule } from './permissions.ts';
import type { TokenKind } from './token-secret.ts';

/**
 * What an access token may do at most. Who holds a personal token may do no more than its user may at that moment;
 * a service token has no user, and may do what is granted here.
 */
export type TokenGrant = {
  kind: TokenKind;
  permissions: readonly Action[];
  /** A service token has one always. Undefined: every project of the user. */
  projectId: ProjectId | undefined;
  /** Undefined: all of them. */
  environments: readonly EnvironmentId[] | undefined;
  /** Undefined: all of them. */
  keys: readonly KeyPattern[] | undefined;
};

/** A grant and the token that holds it. */
export type HeldGrant = TokenGrant & { id: TokenId };

/** A key in which `*` stands for any characters, also none: `STRIPE_*`. */
export type KeyPattern = Brand<string, 'KeyPattern'>;
export const KEY_PATTERN_PATTERN = /^[A-Z*][A-Z0-9_*]{0,254}$/;

/** Databases try out ways to spread them: each more multiplies what a list costs. */
const STARS_MAX = 3;

/** What an action reaches: the keys of one environment, no more than the names of environments, or the whole project. */
const INSIDE_ENVIRONMENTS: ReadonlySet<Action> = new Set<Action>([
  'vault.create',
  'vault.list',
  'vault.watch',
  'vault.view',
  'vault.update',
  'vault.import',
  'vault.delete',
  'vault.history',
  'vault.restore',
  'vault.allow_origins',
  'route.create',
  'route.list',
  'route.view',
  'route.update',
  'route.delete',
  'route.preview',
  'route.invoke',
  'environment.list',
  'project.view',
  'project.list',
]);
/** What a token of one project may do though it is no action on a project: it is shown that project alone. */
const INSIDE_PROJECT: ReadonlySet<Action> = new Set<Action>(['project.list']);

export function checkKeyPattern(text: string): string | undefined {
  if (text.length < 1 || text.length > 255) return 'must have 1 to 255 characters';
  if (!KEY_PATTERN_PATTERN.test(text))
    return 'must be a key, or a part of one with * for the rest, as in STRIPE_*';
  if (text.split('*').length > STARS_MAX + 1) return `must have at most ${STARS_MAX} times *`;
  return undefined;
}

/** Whether a token may be given a permission at all. */
export function isGrantable(action: Action, kind: TokenKind): boolean {
  const rule: TokenRule = PERMISSIONS[action].token;
  return rule === 'any' || (rule === 'personal' && kind === 'personal');
}

/** What is wrong with a grant, field by field: an unusable permission is refused rather than ignored. */
export function checkGrant({ kind, permissions, projectId, environments, keys }: TokenGrant): {
  path: string;
  message: string;
}[] {
  const isLimited = environments !== undefined || keys !== undefined;
  return permissions.flatMap((action, index) => {
    const path = `permissions.${index}`;
    if (!isGrantable(action, kind)) return [{ path, message: `cannot be given to a ${kind} token` }];
    if (projectId !== undefined && PERMISSIONS[action].on === 'instance' && !INSIDE_PROJECT.has(action))
      return [{ path, message: 'cannot be given to a token of one project' }];
    if (isLimited && !INSIDE_ENVIRONMENTS.has(action))
      return [{ path, message: 'cannot be limited to environments or keys' }];
    return [];
  });
}

/** `hidden` means: answer as if the project did not exist. */
export function decideGrant(
  grant: TokenGrant,
  action: Action,
  projectId?: ProjectId,
): 'allowed' | 'not_granted' | 'hidden' {
  if (projectId !== undefined && grant.projectId !== undefined && grant.projectId !== projectId)
    return 'hidden';
  const rule: TokenRule = PERMISSIONS[action].token;
  if (rule === 'always') return 'allowed';
  return rule !== 'none' && grant.permissions.includes(action) ? 'allowed' : 'not_granted';
}

export function grantsEnvironment({ environments }: TokenGrant, environment: EnvironmentId): boolean {
  return environments === undefined || environments.includes(environment);
}

export function grantsKey({ keys }: TokenGrant, key: EntryKey): boolean {
  return keys === undefined || keys.some((pattern) => matchesPattern(pattern, key));
}

/**
 * Whether a grant gives nothing that another does not: what a token makes is within what it is.
 *
 * That a pattern covers another is found by matching the other as if it were a key, its `*` a character like any: what
 * takes the `*` up is a `*`, which takes up all that it could stand for.
 */
export function isWithin(inner: TokenGrant, outer: TokenGrant): boolean {
  return (
    inner.permissions.every((action) => outer.permissions.includes(action)) &&
    (outer.projectId === undefined || inner.projectId === outer.projectId) &&
    isEachIn(inner.environments, outer.environments, (environment, other) => environment === other) &&
    isEachIn(inner.keys, outer.keys, (pattern, other) => matchesPattern(other, pattern))
  );
}

/** Undefined stands for all. */
export function isEachIn<T>(
  inner: readonly T[] | undefined,
  outer: readonly T[] | undefined,
  isIn: (item: T, other: T) => boolean,
): boolean {
  if (outer === undefined) return true;
  return inner !== undefined && inner.every((item) => outer.some((other) => isIn(item, other)));
}

/** In time proportional to the product of both lengths at most: after a mismatch only the last `*` takes up more. */
function matchesPattern(pattern: string, text: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < text.length;) {
    if (pattern[at] === '*') {
      [star, resume] = [at, index];
      at += 1;
    } else if (at < pattern.length && pattern[at] === text[index]) {
      at += 1;
      index += 1;
    } else if (star === -1) {
      return false;
    } else {
      resume += 1;
      [at, index] = [star + 1, resume];
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
