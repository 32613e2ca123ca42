import { formatTime } from '../../clock.ts';
import type { AccessToken } from '../../services/access-tokens.ts';
import type { Actor } from '../../services/actor.ts';
import { abilitiesIn } from '../../services/authorize.ts';
import type { Environment } from '../../services/environments.ts';
import type { Project } from '../../services/projects.ts';
import type { IssuedSession, SessionOverview } from '../../services/sessions.ts';
import type { TokenTrust } from '../../services/token-trusts.ts';
import type { User } from '../../services/users.ts';
import type { Author, OpenedVault, Vault } from '../../services/vaults.ts';

/** How the things of the services look on the wire. The shapes themselves are in the contract. */

export function userShape(user: User) {
  return { ...memberShape(user), created_at: formatTime(user.createdAt) };
}

export function memberShape(user: User) {
  return {
    uid: user.uid,
    username: user.username,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    role: user.role,
  };
}

export function signedInShape(session: IssuedSession) {
  return { token: session.token, expires_at: formatTime(session.expiresAt), user: userShape(session.user) };
}

export function projectShape(project: Project, actor: Actor) {
  return {
    id: project.id,
    name: project.name,
    description: project.description,
    api_path: project.apiPath,
    members: project.members,
    is_member: project.isMember,
    abilities: abilitiesIn(actor, project),
    created_at: formatTime(project.createdAt),
  };
}

export function candidateShape({ uid, username, firstName, lastName }: User) {
  return { uid, username, first_name: firstName, last_name: lastName };
}

export function sessionShape(session: SessionOverview, actor: Actor) {
  return {
    id: session.id,
    created_at: formatTime(session.createdAt),
    expires_at: formatTime(session.expiresAt),
    ip: session.ip,
    user_agent: session.userAgent,
    current: actor.by === 'session' && session.id === actor.sessionId,
  };
}

export function environmentShape(environment: Environment) {
  return { id: environment.id, name: environment.name, created_at: formatTime(environment.createdAt) };
}

export function vaultShape({ entry, content, comment }: Vault) {
  return {
    project_id: entry.projectId,
    environment: entry.environment,
    key: entry.key,
    comment: comment.expose(),
    version: content.version,
    allowed_origins: [...entry.allowedOrigins],
    allowed_in_path: entry.allowedInPath,
    created_at: formatTime(entry.createdAt),
    created_by: authorShape(entry.createdBy),
    updated_at: formatTime(content.createdAt),
    updated_by: authorShape(content.createdBy),
  };
}

/** The one place where a value turns into an answer. */
export function vaultWithValueShape(vault: OpenedVault) {
  return { ...vaultShape(vault), value: vault.value.expose() };
}

/** Without its secret, which is shown once, beside this. */
export function accessTokenShape(token: AccessToken) {
  return {
    id: token.id,
    kind: token.kind,
    name: token.name,
    project_id: token.projectId ?? null,
    ...grantShape(token),
    valid_from: formatTime(token.validFrom),
    valid_to: token.validTo === undefined ? null : formatTime(token.validTo),
    created_at: formatTime(token.createdAt),
    created_by: authorShape(token.createdBy),
    last_used_at: token.lastUsedAt === undefined ? null : formatTime(token.lastUsedAt),
    last_used_ip: token.lastUsedIp ?? null,
  };
}

export function trustShape(trust: TokenTrust) {
  return {
    id: trust.id,
    project_id: trust.projectId,
    name: trust.name,
    issuer: trust.issuer,
    audience: trust.audience,
    subject: trust.subject,
    claims: { ...trust.claims },
    single_use: trust.singleUse,
    ttl_seconds: trust.ttlSeconds,
    ...grantShape(trust),
    created_at: formatTime(trust.createdAt),
    created_by: authorShape(trust.createdBy),
  };
}

export function authorShape(author: Author) {
  return { uid: author.uid, username: author.username };
}

function grantShape(grant: Pick<AccessToken, 'permissions' | 'environments' | 'keys' | 'addresses'>) {
  return {
    permissions: [...grant.permissions],
    environments: copyOf(grant.environments),
    keys: copyOf(grant.keys),
    addresses: copyOf(grant.addresses),
  };
}

function copyOf(list: readonly string[] | undefined): string[] | null {
  return list === undefined ? null : [...list];
}
