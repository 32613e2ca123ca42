import {
  ACTIONS,
  checkGrant,
  projectAbilities,
  type Action,
  type PERMISSIONS,
  type ProjectId,
} from '@coffer/core';
import type { Project } from '../data/projects.ts';
import type { Me } from '../data/session.ts';
import type { TokenKind } from '../data/tokens.ts';

/** What tokens can be given at all. */
type Grantable = {
  [A in Action]: (typeof PERMISSIONS)[A]['token'] extends 'any' | 'personal' ? A : never;
}[Action];

/** What people call each permission. */
const TITLES: Readonly<Record<Grantable, string>> = {
  'vault.list': 'List keys',
  'vault.watch': 'Watch for changes',
  'vault.view': 'Read values',
  'vault.create': 'Create entries',
  'vault.update': 'Change values',
  'vault.import': 'Import entries',
  'vault.delete': 'Delete entries',
  'vault.history': 'See the history',
  'vault.restore': 'Restore versions',
  'vault.allow_origins': 'Allow origins for routes',
  'route.invoke': 'Call routes',
  'route.list': 'List routes',
  'route.view': 'See the definitions of routes',
  'route.preview': 'Preview routes',
  'route.create': 'Make routes',
  'route.update': 'Change routes',
  'route.delete': 'Delete routes',
  'environment.list': 'List environments',
  'environment.create': 'Add environments',
  'environment.delete': 'Delete environments',
  'project.list': 'List projects',
  'project.view': 'See the project',
  'project.create': 'Create projects',
  'project.update': 'Change the project',
  'project.delete': 'Delete the project',
  'member.list': 'List members',
  'member.list_candidates': 'Search for people to add',
  'member.add': 'Add members',
  'member.remove': 'Remove members',
  'token.list': 'List service tokens',
  'token.create': 'Make service tokens',
  'token.revoke': 'Revoke service tokens',
  'event.list_project': 'Read the events of the project',
  'event.list': 'Read all events that you may see',
  'user.list': 'List users',
  'user.view': 'See users',
};

const GROUPS = [
  { title: 'Entries', prefixes: ['vault'] },
  { title: 'Routes', prefixes: ['route'] },
  { title: 'Environments', prefixes: ['environment'] },
  { title: 'Project and members', prefixes: ['project', 'member'] },
  { title: 'Tokens, events, users', prefixes: ['token', 'event', 'user'] },
] as const;

const READ: readonly Action[] = ['vault.list', 'vault.view', 'vault.watch', 'environment.list'];
const READ_AND_WRITE: readonly Action[] = [
  ...READ,
  'vault.create',
  'vault.update',
  'vault.import',
  'vault.delete',
  'vault.history',
  'vault.restore',
];

export type Preset = { title: string; permissions: readonly Action[] };

/** Those of what is offered that people choose most; none that would choose nothing, or the same as another. */
export function presetsOf(offered: readonly Action[]): Preset[] {
  const presets = [
    { title: 'Read values', permissions: firstPermissions(offered) },
    { title: 'Read and write', permissions: READ_AND_WRITE.filter((action) => offered.includes(action)) },
    { title: 'Everything', permissions: offered },
  ];
  return presets.filter(
    ({ permissions }, index) =>
      permissions.length > 0 &&
      presets.findIndex((other) => isSameSet(other.permissions, permissions)) === index,
  );
}

/** What a new token begins with: no more than reading. */
export function firstPermissions(offered: readonly Action[]): Action[] {
  return READ.filter((action) => offered.includes(action));
}

export function isSameSet<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}

/** The permissions in groups, each with those of its actions that are among the given. */
export function groupPermissions(
  actions: readonly Action[],
): { title: string; permissions: { action: Action; title: string }[] }[] {
  const known = Object.entries(TITLES) as [Grantable, string][];
  return GROUPS.map(({ title, prefixes }) => ({
    title,
    permissions: known
      .filter(
        ([action]) => actions.includes(action) && prefixes.some((prefix) => action.startsWith(`${prefix}.`)),
      )
      .map(([action, words]) => ({ action, title: words })),
  })).filter(({ permissions }) => permissions.length > 0);
}

export function permissionTitle(action: Action): string {
  return action in TITLES ? TITLES[action as Grantable] : action;
}

/** What a token of this kind can be given by someone with these abilities. */
export function offeredPermissions(
  kind: TokenKind,
  projectId: string | undefined,
  abilities: readonly Action[],
): Action[] {
  return ACTIONS.filter(
    (action) => abilities.includes(action) && isPossible(action, { kind, projectId, isLimited: false }),
  );
}

/** Whether a token can have it: some permissions cannot be limited to environments or keys. */
export function isPossible(
  action: Action,
  { kind, projectId, isLimited }: { kind: TokenKind; projectId: string | undefined; isLimited: boolean },
): boolean {
  const wrong = checkGrant({
    kind,
    permissions: [action],
    projectId: projectId as ProjectId | undefined,
    environments: isLimited ? [] : undefined,
    keys: undefined,
  });
  return wrong.length === 0;
}

/** What one may do in a project and on the instance; without a project, what one may in those that one is a member of. */
export function abilitiesIn(project: Project | undefined, { user, abilities }: Me): Action[] {
  return [...(project?.abilities ?? projectAbilities(user.role, true)), ...abilities];
}

/** In a few words: "Read values and 2 more". */
export function summarizePermissions(permissions: readonly Action[]): string {
  const includesAll = (needed: readonly Action[]): boolean =>
    needed.every((action) => permissions.includes(action));
  if (includesAll(READ_AND_WRITE))
    return andMore('Read and write', permissions.length - READ_AND_WRITE.length);
  if (includesAll(READ)) return andMore('Read values', permissions.length - READ.length);
  const named = permissions.slice(0, 2).map(permissionTitle);
  return andMore(named.join(', '), permissions.length - named.length);
}

function andMore(words: string, count: number): string {
  return count === 0 ? words : `${words} and ${count} more`;
}
