/**
 * Who may do what: one table, and the one function that decides. Services ask it through `authorize`; the reference
 * page and the exhaustive tests are made from the table.
 */
export const ROLES = ['ROOT', 'ADMIN', 'AUTHOR', 'VIEWER'] as const;
export type Role = (typeof ROLES)[number];

/** A rule on the instance looks at the role alone; `self` lets everyone do it to their own account. */
type InstanceRule = { on: 'instance'; roles: readonly Role[]; self?: true; token: TokenRule };

/** A rule on a project looks at the role and at membership. ROOT sees every project, others only their own (R14, R17). */
type ProjectRule = { on: 'project'; member: readonly Role[]; nonMember: readonly Role[]; token: TokenRule };

/**
 * Which access tokens can be given it: those of a person and of a project (`any`), only the former (`personal`), none, or
 * all have it (`always`). What an account is, and what a token is, is changed by people who are signed in.
 */
export type TokenRule = 'any' | 'personal' | 'none' | 'always';

export type PermissionRule = InstanceRule | ProjectRule;

const EVERYONE = ROLES;
const MANAGERS = ['ROOT', 'ADMIN'] as const;
const NOBODY = [] as const;

const vault = { on: 'project', member: MANAGERS, nonMember: NOBODY, token: 'any' } as const;
const management = { on: 'project', member: MANAGERS, nonMember: ['ROOT'], token: 'personal' } as const;
/** What changes where values may go: done by people, not by programs of a project. */
const outflow = { ...vault, token: 'personal' } as const;
const callable = { ...vault, member: ['ROOT', 'ADMIN', 'AUTHOR'] } as const;
const visible = { on: 'project', member: EVERYONE, nonMember: ['ROOT'], token: 'any' } as const;
const accounts = { on: 'instance', roles: ['ROOT'], token: 'none' } as const;

export const PERMISSIONS = {
  'session.use': { on: 'instance', roles: EVERYONE, token: 'none' },
  'self.view': { on: 'instance', roles: EVERYONE, token: 'always' },
  'user.create': accounts,
  'user.list': { ...accounts, token: 'personal' },
  'user.view': { ...accounts, self: true, token: 'personal' },
  'user.update': { ...accounts, self: true },
  'user.reset_password': accounts,
  'user.change_role': accounts,
  'user.delete': accounts,
  'project.create': { on: 'instance', roles: MANAGERS, token: 'personal' },
  'project.list': { on: 'instance', roles: EVERYONE, token: 'any' },
  'project.view': visible,
  'project.update': management,
  'project.delete': management,
  'member.list': visible,
  'member.add': management,
  'member.remove': management,
  'member.list_candidates': management,
  'environment.create': vault,
  'environment.list': vault,
  'environment.delete': vault,
  'vault.create': vault,
  'vault.list': vault,
  'vault.watch': vault,
  'vault.view': vault,
  'vault.update': vault,
  'vault.import': vault,
  'vault.delete': vault,
  'vault.history': vault,
  'vault.restore': vault,
  'vault.allow_origins': outflow,
  'route.create': outflow,
  'route.list': callable,
  'route.view': vault,
  'route.update': outflow,
  'route.delete': outflow,
  'route.preview': vault,
  'route.invoke': callable,
  'token.own': { on: 'instance', roles: EVERYONE, token: 'none' },
  'token.create': { ...management, token: 'any' },
  'token.list': { ...management, token: 'any' },
  'token.update': { ...management, token: 'none' },
  'token.revoke': { ...management, token: 'any' },
  'event.list': { on: 'instance', roles: MANAGERS, token: 'personal' },
  'event.list_project': { ...management, token: 'any' },
} as const satisfies Record<string, PermissionRule>;

export type Action = keyof typeof PERMISSIONS;
export const ACTIONS = Object.keys(PERMISSIONS) as [Action, ...Action[]];
export type ProjectAction = {
  [A in Action]: (typeof PERMISSIONS)[A] extends { on: 'project' } ? A : never;
}[Action];
export type InstanceAction = Exclude<Action, ProjectAction>;

/** Every project action that a role may do, as a member or not: what a page may offer. */
export function projectAbilities(role: Role, isMember: boolean): ProjectAction[] {
  return ACTIONS.filter(
    (action): action is ProjectAction =>
      PERMISSIONS[action].on === 'project' &&
      decide(action, role, { projectExists: true, isMember }) === 'allowed',
  );
}

/** Every action on the instance that a role may do to others than themselves. */
export function instanceAbilities(role: Role): InstanceAction[] {
  return ACTIONS.filter(
    (action): action is InstanceAction =>
      PERMISSIONS[action].on === 'instance' && decide(action, role, { isSelf: false }) === 'allowed',
  );
}

/** What the decision is about: for a project action whether it exists and the actor is a member; else whether it is their own account. */
export type Circumstances = { projectExists: boolean; isMember: boolean } | { isSelf: boolean };

/** `hidden` means: answer as if it did not exist. `needs_membership` means: the actor may see the project, but only a member may do this. */
export type Decision = 'allowed' | 'forbidden' | 'hidden' | 'needs_membership';

export function decide(action: Action, role: Role, circumstances: Circumstances): Decision {
  const rule: PermissionRule = PERMISSIONS[action];
  if (rule.on === 'instance') {
    const isSelf = 'isSelf' in circumstances && circumstances.isSelf;
    return rule.roles.includes(role) || (rule.self === true && isSelf) ? 'allowed' : 'forbidden';
  }
  if (!('projectExists' in circumstances)) return 'hidden';
  const { projectExists, isMember } = circumstances;
  if (!projectExists || (!isMember && role !== 'ROOT')) return 'hidden';
  if ((isMember ? rule.member : rule.nonMember).includes(role)) return 'allowed';
  return !isMember && rule.member.includes(role) ? 'needs_membership' : 'forbidden';
}
