import type { AuditEventType, ErrorCode, Role } from '@coffer/core';

/**
 * Who may call what, written from R12 to R18 of the specification and from the column "who" of the HTTP contract, and
 * not from the permission table of the code: when the two differ, one of them is wrong.
 *
 * A row is an endpoint, or an endpoint and what it is done to. Each lists what comes of a call by
 * ROOT, ADMIN, AUTHOR and VIEWER: first of members of the project that the call is about, then of those who are none.
 */
export type Outcome = 'ok' | ErrorCode;

type Row = {
  member: readonly [Outcome, Outcome, Outcome, Outcome];
  outsider: readonly [Outcome, Outcome, Outcome, Outcome];
  /** The type of the audit record of a refused attempt (R32). */
  refusalIs?: AuditEventType;
};

export const CALLERS: readonly Role[] = ['ROOT', 'ADMIN', 'AUTHOR', 'VIEWER'];

/** Those that anyone may call, signed in or not; the pages are beside them. */
export const PUBLIC_ENDPOINTS = ['health', 'ready', 'setup', 'user_login', 'token_exchange'];
export const PUBLIC_PAGES = ['/openapi.json', '/scalar'];

const ok = 'ok';
/** They may see the thing, but not do this. */
const no = 'forbidden';
/** It answers as if it did not exist (R14). */
const hidden = 'project_not_found';
/** Sessions are their user's alone. */
const gone = 'session_not_found';
/** Personal tokens are their user's alone, others for those who see the project. */
const lost = 'token_not_found';
const untrusted = 'trust_not_found';
const mute = 'issuer_unavailable';
/** ROOT sees every project, but opens only those they are a member of (R13). */
const join = 'membership_required';

const EVERYONE = { member: [ok, ok, ok, ok], outsider: [ok, ok, ok, ok] } as const;
const ROOT_ONLY = { member: [ok, no, no, no], outsider: [ok, no, no, no] } as const;

export const MATRIX: Readonly<Record<string, Row>> = {
  health: EVERYONE,
  ready: EVERYONE,
  user_login: EVERYONE,
  setup: {
    member: ['setup_done', 'setup_done', 'setup_done', 'setup_done'],
    outsider: ['setup_done', 'setup_done', 'setup_done', 'setup_done'],
  },

  user_me: EVERYONE,
  user_refresh: EVERYONE,
  user_logout: EVERYONE,
  user_password: EVERYONE,
  user_session_fetch: EVERYONE,
  'user_session_delete of oneself': EVERYONE,
  // ROOT too has only their own sessions.
  'user_session_delete of another': {
    member: [gone, gone, gone, gone],
    outsider: [gone, gone, gone, gone],
    refusalIs: 'user_session_delete',
  },

  user_create: { ...ROOT_ONLY, refusalIs: 'user_create' },
  user_fetch: { ...ROOT_ONLY, refusalIs: 'user_list' },
  'user_fetch_one of another': { ...ROOT_ONLY, refusalIs: 'user_view' },
  'user_fetch_one of nobody': {
    member: ['user_not_found', no, no, no],
    outsider: ['user_not_found', no, no, no],
    refusalIs: 'user_view',
  },
  'user_fetch_one of oneself': EVERYONE,
  'user_update of another': { ...ROOT_ONLY, refusalIs: 'user_update' },
  'user_update of the role of another': { ...ROOT_ONLY, refusalIs: 'user_update' },
  'user_update of oneself': EVERYONE,
  'user_update of the role of oneself': { ...ROOT_ONLY, refusalIs: 'user_update' },
  'user_update of name and role of oneself': { ...ROOT_ONLY, refusalIs: 'user_update' },
  'user_password_reset of another': { ...ROOT_ONLY, refusalIs: 'user_password_reset' },
  'user_password_reset of nobody': {
    member: ['user_not_found', no, no, no],
    outsider: ['user_not_found', no, no, no],
    refusalIs: 'user_password_reset',
  },
  'user_password_reset of oneself': { ...ROOT_ONLY, refusalIs: 'user_password_reset' },
  'user_delete of another': { ...ROOT_ONLY, refusalIs: 'user_delete' },
  'user_delete of oneself': { ...ROOT_ONLY, refusalIs: 'user_delete' },

  project_create: { member: [ok, ok, no, no], outsider: [ok, ok, no, no], refusalIs: 'project_create' },
  project_fetch: EVERYONE,
  'project_fetch of memberships': EVERYONE,
  project_fetch_one: {
    member: [ok, ok, ok, ok],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_view',
  },
  project_update: {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_update',
  },
  project_delete: {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_delete',
  },
  project_member_fetch: {
    member: [ok, ok, ok, ok],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_member_list',
  },
  project_member_candidate_fetch: {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_member_candidate_list',
  },
  'project_member_add of another': {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_member_add',
  },
  'project_member_add of oneself': {
    member: ['member_exists', 'member_exists', no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_member_add',
  },
  project_member_remove: {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'project_member_remove',
  },

  environment_create: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'environment_create',
  },
  environment_fetch: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'environment_list',
  },
  environment_delete: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'environment_delete',
  },

  vault_create: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_create',
  },
  vault_fetch: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_list',
  },
  'vault_fetch of values': {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_view',
  },
  vault_fetch_one: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_view',
  },
  vault_watch: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_watch',
  },
  'vault_fetch_one of an old version': {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_view',
  },
  'vault_fetch_one of no environment': {
    member: ['environment_not_found', 'environment_not_found', no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_view',
  },
  'vault_fetch_one of no entry': {
    member: ['entry_not_found', 'entry_not_found', no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_view',
  },
  vault_update: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_update',
  },
  vault_import: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_import',
  },
  'vault_import of no environment': {
    member: ['environment_not_found', 'environment_not_found', no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_import',
  },
  vault_delete: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_delete',
  },
  vault_version_fetch: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_version_list',
  },
  vault_version_restore: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_version_restore',
  },

  vault_allow_origins: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_allow_origins',
  },
  route_create: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_create',
  },
  'route_create for a value': {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_create',
  },
  // What they may call, not how it is done.
  route_fetch: {
    member: [ok, ok, ok, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_list',
  },
  'route_fetch by key': {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_list',
  },
  route_fetch_one: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_view',
  },
  route_update: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_update',
  },
  route_delete: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_delete',
  },
  route_preview: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_preview',
  },
  route_version_fetch: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_version_list',
  },
  'route_fetch_one of no route': {
    member: ['route_not_found', 'route_not_found', no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'route_view',
  },
  route_call_fetch: {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'route_call_list',
  },

  "token_create of one's own": EVERYONE,
  'token_create in the project': {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'token_create',
  },
  // Nobody gives what they do not have.
  'token_create in the project, for its vault': {
    member: [ok, ok, no, no],
    outsider: ['grant_exceeded', hidden, hidden, hidden],
    refusalIs: 'token_create',
  },
  "token_fetch of one's own": EVERYONE,
  'token_fetch of the project': {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'token_list',
  },
  // Who signed in uses none.
  token_me: { member: [lost, lost, lost, lost], outsider: [lost, lost, lost, lost] },
  "token_update of one's own": EVERYONE,
  "token_update of another's": {
    member: [lost, lost, lost, lost],
    outsider: [lost, lost, lost, lost],
    refusalIs: 'token_update',
  },
  'token_update of the name of one of the project': {
    member: [ok, ok, no, no],
    outsider: [ok, lost, lost, lost],
    refusalIs: 'token_update',
  },
  'token_update of the permissions of one of the project': {
    member: [ok, ok, no, no],
    outsider: ['grant_exceeded', lost, lost, lost],
    refusalIs: 'token_update',
  },
  "token_revoke of one's own": EVERYONE,
  "token_revoke of another's": {
    member: [lost, lost, lost, lost],
    outsider: [lost, lost, lost, lost],
    refusalIs: 'token_revoke',
  },
  'token_revoke of one of the project': {
    member: [ok, ok, no, no],
    outsider: [ok, lost, lost, lost],
    refusalIs: 'token_revoke',
  },

  token_trust_create: {
    member: [ok, ok, no, no],
    outsider: ['grant_exceeded', hidden, hidden, hidden],
    refusalIs: 'token_trust_create',
  },
  token_trust_fetch: {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, hidden, hidden],
    refusalIs: 'token_trust_list',
  },
  token_trust_delete: {
    member: [ok, ok, no, no],
    outsider: [ok, untrusted, untrusted, untrusted],
    refusalIs: 'token_trust_delete',
  },
  // No issuer answers here; who calls does not count.
  token_exchange: { member: [mute, mute, mute, mute], outsider: [mute, mute, mute, mute] },

  event_offline: {
    member: [ok, ok, no, no],
    outsider: [join, hidden, hidden, hidden],
    refusalIs: 'vault_offline',
  },

  event_fetch: { member: [ok, ok, no, no], outsider: [ok, ok, no, no], refusalIs: 'event_list' },
  // The role is looked at first: AUTHOR and VIEWER learn nothing of any project.
  'event_fetch of the project': {
    member: [ok, ok, no, no],
    outsider: [ok, hidden, no, no],
    refusalIs: 'event_list',
  },
};
