/**
 * The types of audit events. `records` says when one is written: `always` (success and refusal) or only on `refusal`
 * (looking at things that hold no secret).
 */
export type AuditEventDefinition = { title: string; records: 'always' | 'refusal' };

export const AUDIT_EVENTS = {
  instance_create: { title: 'The instance was created, on an empty database', records: 'always' },
  root_key_rotate: {
    title: 'A new root key took the place of the old one; `details` has the ids of both',
    records: 'always',
  },
  data_key_rewrap: { title: 'A data key was wrapped under the new root key', records: 'always' },
  root_key_retire: {
    title: 'Nothing is wrapped under a replaced root key any more: its rotation is done',
    records: 'always',
  },
  data_key_rotate: {
    title: 'A new data key took the place of the others of a project; `details` says of how many',
    records: 'always',
  },
  vault_reseal: {
    title: 'A version was sealed anew under a new data key; its content is the same',
    records: 'always',
  },
  data_key_destroy: {
    title: 'A replaced data key was destroyed: nothing is sealed under it any more',
    records: 'always',
  },
  audit_head_accept: {
    title:
      'A database was accepted whose log is not the one that a server last saw; `details` has both heads',
    records: 'always',
  },
  instance_setup: { title: 'The first ROOT user was created', records: 'always' },
  instance_backup: {
    title: 'A backup was begun; `details` says by whom, and whether it holds the root key',
    records: 'always',
  },
  instance_backup_end: {
    title:
      'A backup ended; `details` has name, size and SHA-256 of its file, or why there is none, and names the record of its beginning',
    records: 'always',
  },
  instance_restore: {
    title: 'The instance was restored from a backup; `details` says of when. Sessions from before are over',
    records: 'always',
  },
  user_login: { title: 'Sign-in', records: 'always' },
  user_logout: { title: 'Sign-out', records: 'always' },
  user_create: { title: 'A user was created', records: 'always' },
  user_list: { title: 'The users were listed', records: 'refusal' },
  user_view: { title: 'A user was looked at', records: 'refusal' },
  user_update: { title: 'A user was changed; `details` names the fields', records: 'always' },
  user_password: { title: 'A password was changed', records: 'always' },
  user_password_reset: { title: 'The password of another user was set anew', records: 'always' },
  user_delete: { title: 'A user was deleted', records: 'always' },
  user_session_list: { title: 'The own sessions were listed', records: 'refusal' },
  user_session_delete: { title: 'A session was ended from another one', records: 'always' },
  session_reuse: {
    title: 'A replaced session cookie was used again; the session was ended',
    records: 'always',
  },
  project_create: { title: 'A project was created', records: 'always' },
  project_view: { title: 'A project was looked at', records: 'refusal' },
  project_update: { title: 'A project was changed; `details` names the fields', records: 'always' },
  project_delete: { title: 'A project was deleted with everything in it', records: 'always' },
  project_member_list: { title: 'The members of a project were listed', records: 'refusal' },
  project_member_candidate_list: {
    title: 'Users who could become members were looked for',
    records: 'refusal',
  },
  project_member_add: { title: 'A member was added', records: 'always' },
  project_member_remove: { title: 'A member was removed', records: 'always' },
  environment_create: { title: 'An environment was created', records: 'always' },
  environment_list: { title: 'The environments of a project were listed', records: 'refusal' },
  environment_delete: { title: 'An environment was deleted', records: 'always' },
  vault_create: { title: 'An entry was created', records: 'always' },
  vault_list: { title: 'The keys of an environment were listed, without values', records: 'always' },
  vault_watch: { title: 'Changes of an environment were watched, without values', records: 'always' },
  vault_view: { title: 'A value was given out', records: 'always' },
  vault_offline: {
    title: 'Values were used from an offline copy, as its holder says; `details` tells when',
    records: 'always',
  },
  vault_update: { title: 'An entry got a new version', records: 'always' },
  vault_delete: { title: 'An entry was deleted with all its versions', records: 'always' },
  vault_import: { title: 'Many entries were created or got a new version at once', records: 'always' },
  vault_version_list: { title: 'The history of an entry was listed, without values', records: 'always' },
  vault_version_restore: { title: 'An old version was restored as a new one', records: 'always' },
  vault_allow_origins: {
    title: 'The origins that routes may send a value to were set; `details` names them',
    records: 'always',
  },
  route_create: { title: 'A route was made', records: 'always' },
  route_list: { title: 'The routes of a project were listed', records: 'refusal' },
  route_view: { title: 'A route was looked at', records: 'refusal' },
  route_update: { title: 'A route got a new version', records: 'always' },
  route_delete: { title: 'A route was deleted with all its versions', records: 'always' },
  route_preview: { title: 'A route was tried out without being called', records: 'refusal' },
  route_version_list: { title: 'The versions of a route were listed', records: 'refusal' },
  route_call_list: { title: 'The calls of a route were listed', records: 'refusal' },
  route_invoke: {
    title: 'A route was called: values were opened for the outside API that `details` names',
    records: 'always',
  },
  route_invoke_end: {
    title: 'A call of a route ended; `details` says how, and names the record of its beginning',
    records: 'always',
  },
  token_create: { title: 'An access token was made', records: 'always' },
  token_list: { title: 'Access tokens were listed', records: 'refusal' },
  token_update: { title: 'An access token was changed; `details` names the fields', records: 'always' },
  token_revoke: { title: 'An access token was revoked', records: 'always' },
  token_trust_create: {
    title: 'A project came to trust the identity tokens of a workload',
    records: 'always',
  },
  token_trust_list: { title: 'The workloads that a project trusts were listed', records: 'refusal' },
  token_trust_delete: { title: 'The trust in a workload was ended', records: 'always' },
  token_exchange: { title: 'An identity token was exchanged for a service token', records: 'always' },
  token_refused: {
    title: 'A known access token was refused: outside its time, or from another address than it is for',
    records: 'always',
  },
  event_list: { title: 'The audit log was read', records: 'always' },
} as const satisfies Record<string, AuditEventDefinition>;

export type AuditEventType = keyof typeof AUDIT_EVENTS;
export const AUDIT_EVENT_TYPES = Object.keys(AUDIT_EVENTS) as [AuditEventType, ...AuditEventType[]];

/** What happens to one entry and changes it; `object` is its key. */
export const CHANGE_EVENT_TYPES = [
  'vault_create',
  'vault_update',
  'vault_delete',
  'vault_version_restore',
] as const satisfies readonly AuditEventType[];
export type ChangeEventType = (typeof CHANGE_EVENT_TYPES)[number];

/**
 * What stores a version of an entry: `object` is its key, and `details` has its `version` and, of what was sealed,
 * `ciphertext_sha256` and `comment_ciphertext_sha256`, hexadecimal. `vault_reseal` also has, of what was there before,
 * `replaced_ciphertext_sha256` and `replaced_comment_ciphertext_sha256`.
 */
export const VERSION_EVENT_TYPES = [
  'vault_create',
  'vault_update',
  'vault_version_restore',
  'vault_reseal',
] as const satisfies readonly AuditEventType[];

export const OUTCOMES = ['success', 'denied', 'error'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One entry of the audit log, as it is hashed (canonical JSON) and as it is shown. Version 1 of the format. */
export type AuditEntry = {
  v: 1;
  index: number;
  type: AuditEventType;
  /** RFC 3339, UTC, milliseconds. */
  at: string;
  outcome: Outcome;
  uid: string | null;
  username: string | null;
  project_id: string | null;
  environment: string | null;
  /** What it was done to: a key, a uid or an id. */
  object: string | null;
  ip: string | null;
  request_id: string | null;
  details: Readonly<Record<string, string | number | boolean>>;
};
