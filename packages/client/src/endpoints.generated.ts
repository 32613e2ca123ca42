// Made by scripts/reference.ts from the contract. Do not edit; run `npm run fix`.

import type { CallOptions, EndpointLine } from './call.ts';

export const ENDPOINTS = {
  health: ['GET', '/health', 'anyone'],
  ready: ['GET', '/ready', 'anyone'],
  setup: ['POST', '/setup', 'anyone'],
  user_login: ['POST', '/user/login', 'anyone'],
  user_refresh: ['POST', '/user/refresh', 'signed_in'],
  user_logout: ['POST', '/user/logout', 'signed_in'],
  user_me: ['GET', '/user/me', 'signed_in'],
  user_create: ['POST', '/user/create', 'signed_in'],
  user_fetch: ['GET', '/user/fetch', 'signed_in'],
  user_fetch_one: ['GET', '/user/fetch/one', 'signed_in'],
  user_update: ['PATCH', '/user/update', 'signed_in'],
  user_password: ['PATCH', '/user/password', 'signed_in'],
  user_password_reset: ['PATCH', '/user/password/reset', 'signed_in'],
  user_session_fetch: ['GET', '/user/session/fetch', 'signed_in'],
  user_session_delete: ['DELETE', '/user/session/delete', 'signed_in'],
  user_delete: ['DELETE', '/user/delete', 'signed_in'],
  project_create: ['POST', '/project/create', 'signed_in'],
  project_fetch: ['GET', '/project/fetch', 'signed_in'],
  project_fetch_one: ['GET', '/project/fetch/one', 'signed_in'],
  project_update: ['PATCH', '/project/update', 'signed_in'],
  project_delete: ['DELETE', '/project/delete', 'signed_in'],
  project_member_fetch: ['GET', '/project/member/fetch', 'signed_in'],
  project_member_candidate_fetch: ['GET', '/project/member/candidate/fetch', 'signed_in'],
  project_member_add: ['PATCH', '/project/member/add', 'signed_in'],
  project_member_remove: ['PATCH', '/project/member/remove', 'signed_in'],
  environment_create: ['POST', '/environment/create', 'signed_in'],
  environment_fetch: ['GET', '/environment/fetch', 'signed_in'],
  environment_delete: ['DELETE', '/environment/delete', 'signed_in'],
  vault_create: ['POST', '/vault/create', 'signed_in'],
  vault_fetch: ['GET', '/vault/fetch', 'signed_in'],
  vault_fetch_one: ['GET', '/vault/fetch/one', 'signed_in'],
  vault_watch: ['GET', '/vault/watch', 'signed_in'],
  vault_update: ['PATCH', '/vault/update', 'signed_in'],
  vault_delete: ['DELETE', '/vault/delete', 'signed_in'],
  vault_import: ['POST', '/vault/import', 'signed_in'],
  vault_allow_origins: ['PATCH', '/vault/allow/origins', 'signed_in'],
  vault_version_fetch: ['GET', '/vault/version/fetch', 'signed_in'],
  vault_version_restore: ['PATCH', '/vault/version/restore', 'signed_in'],
  route_create: ['POST', '/route/create', 'signed_in'],
  route_fetch: ['GET', '/route/fetch', 'signed_in'],
  route_fetch_one: ['GET', '/route/fetch/one', 'signed_in'],
  route_update: ['PATCH', '/route/update', 'signed_in'],
  route_delete: ['DELETE', '/route/delete', 'signed_in'],
  route_preview: ['POST', '/route/preview', 'signed_in'],
  route_version_fetch: ['GET', '/route/version/fetch', 'signed_in'],
  route_call_fetch: ['GET', '/route/call/fetch', 'signed_in'],
  token_create: ['POST', '/token/create', 'signed_in'],
  token_fetch: ['GET', '/token/fetch', 'signed_in'],
  token_me: ['GET', '/token/me', 'signed_in'],
  token_update: ['PATCH', '/token/update', 'signed_in'],
  token_revoke: ['DELETE', '/token/revoke', 'signed_in'],
  token_trust_create: ['POST', '/token/trust/create', 'signed_in'],
  token_trust_fetch: ['GET', '/token/trust/fetch', 'signed_in'],
  token_trust_delete: ['DELETE', '/token/trust/delete', 'signed_in'],
  token_exchange: ['POST', '/token/exchange', 'anyone'],
  event_fetch: ['GET', '/event/fetch', 'signed_in'],
  event_offline: ['POST', '/event/offline', 'signed_in'],
} as const satisfies Record<string, EndpointLine>;

/** Every code that the server answers a failure with. */
export type ErrorCode =
  | 'invalid_input'
  | 'malformed_json'
  | 'malformed_request'
  | 'unauthenticated'
  | 'token_invalid'
  | 'token_expired'
  | 'identity_refused'
  | 'token_not_yet_valid'
  | 'session_ended'
  | 'credentials_invalid'
  | 'setup_token_invalid'
  | 'forbidden'
  | 'membership_required'
  | 'token_not_permitted'
  | 'token_address_refused'
  | 'grant_exceeded'
  | 'origin_mismatch'
  | 'password_incorrect'
  | 'endpoint_not_found'
  | 'user_not_found'
  | 'project_not_found'
  | 'environment_not_found'
  | 'entry_not_found'
  | 'token_not_found'
  | 'trust_not_found'
  | 'session_not_found'
  | 'version_not_found'
  | 'member_not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'setup_done'
  | 'username_taken'
  | 'email_taken'
  | 'last_root'
  | 'project_id_taken'
  | 'api_path_taken'
  | 'member_exists'
  | 'last_manager'
  | 'environment_exists'
  | 'environment_not_empty'
  | 'environment_permanent'
  | 'environment_limit'
  | 'trust_limit'
  | 'token_limit'
  | 'entry_exists'
  | 'version_conflict'
  | 'body_too_large'
  | 'value_too_large'
  | 'unsupported_media_type'
  | 'too_many_attempts'
  | 'too_many_watchers'
  | 'headers_too_large'
  | 'internal'
  | 'value_unreadable'
  | 'store_unavailable'
  | 'audit_unavailable'
  | 'issuer_unavailable'
  | 'overloaded'
  | 'not_ready'
  | 'origin_not_allowed'
  | 'path_not_allowed'
  | 'route_unauthorized'
  | 'route_unusable'
  | 'route_not_found'
  | 'route_exists'
  | 'route_path_taken'
  | 'route_limit'
  | 'route_entry_missing'
  | 'route_value_unusable'
  | 'too_many_calls'
  | 'route_upstream_unreachable'
  | 'route_response_refused'
  | 'route_upstream_timeout';

/** What every success says beside its payload. */
export type Answer = { status: number; message: string };

export type Ability = 'session.use' | 'self.view' | 'user.create' | 'user.list' | 'user.view' | 'user.update' | 'user.reset_password' | 'user.change_role' | 'user.delete' | 'project.create' | 'project.list' | 'project.view' | 'project.update' | 'project.delete' | 'member.list' | 'member.add' | 'member.remove' | 'member.list_candidates' | 'environment.create' | 'environment.list' | 'environment.delete' | 'vault.create' | 'vault.list' | 'vault.watch' | 'vault.view' | 'vault.update' | 'vault.import' | 'vault.delete' | 'vault.history' | 'vault.restore' | 'vault.allow_origins' | 'route.create' | 'route.list' | 'route.view' | 'route.update' | 'route.delete' | 'route.preview' | 'route.invoke' | 'token.own' | 'token.create' | 'token.list' | 'token.update' | 'token.revoke' | 'event.list' | 'event.list_project';

export type User = {
  uid: string;
  username: string;
  email: string;
  first_name: string;
  last_name: string;
  role: 'ROOT' | 'ADMIN' | 'AUTHOR' | 'VIEWER';
  created_at: string;
};

export type Session = {
  id: string;
  created_at: string;
  expires_at: string;
  ip: string;
  user_agent: string;
  current: boolean;
};

export type Project = {
  id: string;
  name: string;
  description: string;
  api_path: string;
  /** The number of members. */
  members: number;
  /** Whether the caller is one. */
  is_member: boolean;
  abilities: readonly (Ability)[];
  created_at: string;
};

export type Member = {
  uid: string;
  username: string;
  email: string;
  first_name: string;
  last_name: string;
  role: 'ROOT' | 'ADMIN' | 'AUTHOR' | 'VIEWER';
};

export type Candidate = {
  uid: string;
  username: string;
  first_name: string;
  last_name: string;
};

export type Environment = {
  id: string;
  name: string;
  created_at: string;
};

export type VaultEntry = {
  project_id: string;
  environment: string;
  key: string;
  comment: string;
  version: number;
  /** Those that routes may send the value to. */
  allowed_origins: readonly (string)[];
  /** Whether routes may put it into the path of a URL. */
  allowed_in_path: boolean;
  created_at: string;
  created_by: {
    uid: string;
    username: string;
  };
  updated_at: string;
  updated_by: {
    uid: string;
    username: string;
  };
};

export type VaultEntryWithValue = {
  project_id: string;
  environment: string;
  key: string;
  comment: string;
  version: number;
  /** Those that routes may send the value to. */
  allowed_origins: readonly (string)[];
  /** Whether routes may put it into the path of a URL. */
  allowed_in_path: boolean;
  created_at: string;
  created_by: {
    uid: string;
    username: string;
  };
  updated_at: string;
  updated_by: {
    uid: string;
    username: string;
  };
  value: string;
};

export type Change = {
  /** Of its record in the audit log. */
  index: number;
  type: 'vault_create' | 'vault_update' | 'vault_delete' | 'vault_version_restore';
  key: string;
  at: string;
};

export type EntryVersion = {
  version: number;
  created_at: string;
  created_by: {
    uid: string;
    username: string;
  };
  current: boolean;
};

export type AuditEventType = 'instance_create' | 'root_key_rotate' | 'data_key_rewrap' | 'root_key_retire' | 'data_key_rotate' | 'vault_reseal' | 'data_key_destroy' | 'audit_head_accept' | 'instance_setup' | 'instance_backup' | 'instance_backup_end' | 'instance_restore' | 'user_login' | 'user_logout' | 'user_create' | 'user_list' | 'user_view' | 'user_update' | 'user_password' | 'user_password_reset' | 'user_delete' | 'user_session_list' | 'user_session_delete' | 'session_reuse' | 'project_create' | 'project_view' | 'project_update' | 'project_delete' | 'project_member_list' | 'project_member_candidate_list' | 'project_member_add' | 'project_member_remove' | 'environment_create' | 'environment_list' | 'environment_delete' | 'vault_create' | 'vault_list' | 'vault_watch' | 'vault_view' | 'vault_offline' | 'vault_update' | 'vault_delete' | 'vault_import' | 'vault_version_list' | 'vault_version_restore' | 'vault_allow_origins' | 'route_create' | 'route_list' | 'route_view' | 'route_update' | 'route_delete' | 'route_preview' | 'route_version_list' | 'route_call_list' | 'route_invoke' | 'route_invoke_end' | 'token_create' | 'token_list' | 'token_update' | 'token_revoke' | 'token_trust_create' | 'token_trust_list' | 'token_trust_delete' | 'token_exchange' | 'token_refused' | 'event_list';

export type AuditEvent = {
  index: number;
  type: AuditEventType;
  at: string;
  outcome: 'success' | 'denied' | 'error';
  uid: string | null;
  username: string | null;
  project_id: string | null;
  environment: string | null;
  object: string | null;
  ip: string | null;
  request_id: string | null;
  details: Readonly<Record<string, string | number | boolean>>;
};

export type HealthInput = Record<string, never>;

export type HealthAnswer = Answer & {
  version: string;
};

export type ReadyInput = Record<string, never>;

export type ReadyAnswer = Answer & {
  /** What an administrator should look into though all that works, such as a backup that failed. */
  warnings: readonly (string)[];
};

export type SetupInput = {
  setup_token: string;
  username: string;
  email: string;
  first_name: string;
  last_name: string;
  password: string;
};

export type SetupAnswer = Answer & {
  /** A JWT, to be sent as Authorization: Bearer. */
  token: string;
  /** When the token expires. */
  expires_at: string;
  user: User;
};

export type UserLoginInput = {
  /** User name or e-mail address. */
  auth_data: string;
  password: string;
};

export type UserLoginAnswer = Answer & {
  /** A JWT, to be sent as Authorization: Bearer. */
  token: string;
  /** When the token expires. */
  expires_at: string;
  user: User;
};

export type UserRefreshInput = Record<string, never>;

export type UserRefreshAnswer = Answer & {
  /** A JWT, to be sent as Authorization: Bearer. */
  token: string;
  /** When the token expires. */
  expires_at: string;
  user: User;
};

export type UserLogoutInput = Record<string, never>;

export type UserLogoutAnswer = Answer;

export type UserMeInput = Record<string, never>;

export type UserMeAnswer = Answer & {
  user: User;
  abilities: readonly (Ability)[];
};

export type UserCreateInput = {
  username: string;
  email: string;
  first_name: string;
  last_name: string;
  password: string;
  role: 'ROOT' | 'ADMIN' | 'AUTHOR' | 'VIEWER';
};

export type UserCreateAnswer = Answer & {
  user: User;
};

export type UserFetchInput = {
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
};

export type UserFetchAnswer = Answer & {
  users: readonly (User)[];
  /** The number that match in all. */
  amount: number;
};

export type UserFetchOneInput = {
  uid: string;
};

export type UserFetchOneAnswer = Answer & {
  user: User;
};

export type UserUpdateInput = {
  uid: string;
  email?: string | undefined;
  first_name?: string | undefined;
  last_name?: string | undefined;
  role?: 'ROOT' | 'ADMIN' | 'AUTHOR' | 'VIEWER' | undefined;
};

export type UserUpdateAnswer = Answer & {
  user: User;
};

export type UserPasswordInput = {
  current_password: string;
  new_password: string;
};

export type UserPasswordAnswer = Answer;

export type UserPasswordResetInput = {
  uid: string;
  new_password: string;
};

export type UserPasswordResetAnswer = Answer;

export type UserSessionFetchInput = {
  limit?: number | undefined;
  offset?: number | undefined;
};

export type UserSessionFetchAnswer = Answer & {
  sessions: readonly (Session)[];
  /** The number that match in all. */
  amount: number;
};

export type UserSessionDeleteInput = {
  id: string;
};

export type UserSessionDeleteAnswer = Answer;

export type UserDeleteInput = {
  uid: string;
};

export type UserDeleteAnswer = Answer;

export type ProjectCreateInput = {
  id: string;
  name: string;
  description?: string | undefined;
  api_path: string;
};

export type ProjectCreateAnswer = Answer & {
  project: Project;
};

export type ProjectFetchInput = {
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
  member?: boolean | undefined;
};

export type ProjectFetchAnswer = Answer & {
  projects: readonly (Project)[];
  /** The number that match in all. */
  amount: number;
};

export type ProjectFetchOneInput = {
  project_id: string;
};

export type ProjectFetchOneAnswer = Answer & {
  project: Project;
};

export type ProjectUpdateInput = {
  project_id: string;
  name?: string | undefined;
  description?: string | undefined;
  api_path?: string | undefined;
};

export type ProjectUpdateAnswer = Answer & {
  project: Project;
};

export type ProjectDeleteInput = {
  project_id: string;
};

export type ProjectDeleteAnswer = Answer;

export type ProjectMemberFetchInput = {
  project_id: string;
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
};

export type ProjectMemberFetchAnswer = Answer & {
  members: readonly (Member)[];
  /** The number that match in all. */
  amount: number;
};

export type ProjectMemberCandidateFetchInput = {
  project_id: string;
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
};

export type ProjectMemberCandidateFetchAnswer = Answer & {
  candidates: readonly (Candidate)[];
  /** The number that match in all. */
  amount: number;
};

export type ProjectMemberAddInput = {
  project_id: string;
  uid: string;
};

export type ProjectMemberAddAnswer = Answer & {
  project: Project;
};

export type ProjectMemberRemoveInput = {
  project_id: string;
  uid: string;
  force?: boolean | undefined;
};

export type ProjectMemberRemoveAnswer = Answer & {
  project: Project;
};

export type EnvironmentCreateInput = {
  project_id: string;
  id: string;
  name: string;
};

export type EnvironmentCreateAnswer = Answer & {
  environment: Environment;
};

export type EnvironmentFetchInput = {
  project_id: string;
};

export type EnvironmentFetchAnswer = Answer & {
  environments: readonly (Environment)[];
  /** The number that match in all. */
  amount: number;
};

export type EnvironmentDeleteInput = {
  project_id: string;
  id: string;
};

export type EnvironmentDeleteAnswer = Answer;

export type VaultCreateInput = {
  project_id: string;
  environment?: string | undefined;
  key: string;
  /** 0 to 65,536 bytes of UTF-8, kept byte for byte. */
  value: string;
  comment?: string | undefined;
};

export type VaultCreateAnswer = Answer & {
  vault: VaultEntry;
};

export type VaultFetchInput = {
  project_id: string;
  environment?: string | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
  values?: boolean | undefined;
};

export type VaultFetchAnswer = Answer & {
  vaults: readonly (VaultEntry | VaultEntryWithValue)[];
  /** The number that match in all. */
  amount: number;
};

export type VaultFetchOneInput = {
  project_id: string;
  environment?: string | undefined;
  key: string;
  version?: number | undefined;
};

export type VaultFetchOneAnswer = Answer & {
  vault: VaultEntryWithValue;
};

export type VaultWatchInput = {
  project_id: string;
  environment?: string | undefined;
  /** Only what came after this index. Left out: only what is still to come. */
  after?: number | undefined;
};

export type VaultWatchAnswer = Answer & {
  changes: readonly (Change)[];
  /** The index up to which these are all. */
  last: number;
  /** Whether there are more already. */
  more: boolean;
};

export type VaultUpdateInput = {
  project_id: string;
  environment?: string | undefined;
  key: string;
  /** 0 to 65,536 bytes of UTF-8, kept byte for byte. */
  value: string;
  comment?: string | undefined;
  if_version?: number | undefined;
};

export type VaultUpdateAnswer = Answer & {
  vault: VaultEntry;
};

export type VaultDeleteInput = {
  project_id: string;
  environment?: string | undefined;
  key: string;
};

export type VaultDeleteAnswer = Answer & {
  /** Those that used it, and no longer work. */
  routes: readonly (string)[];
};

export type VaultImportInput = {
  project_id: string;
  environment?: string | undefined;
  entries: readonly ({
    key: string;
    /** 0 to 65,536 bytes of UTF-8, kept byte for byte. */
    value: string;
    comment?: string | undefined;
    if_version?: number | undefined;
  })[];
  dry_run?: boolean | undefined;
};

export type VaultImportAnswer = Answer & {
  created: readonly (string)[];
  updated: readonly (string)[];
  unchanged: readonly (string)[];
};

export type VaultAllowOriginsInput = {
  project_id: string;
  environment?: string | undefined;
  key: string;
  allowed_origins: readonly (string)[];
  /** Whether it may stand in the path of a URL, where servers write it to their logs. */
  allowed_in_path?: boolean | undefined;
};

export type VaultAllowOriginsAnswer = Answer & {
  vault: VaultEntry;
};

export type VaultVersionFetchInput = {
  project_id: string;
  environment?: string | undefined;
  key: string;
  limit?: number | undefined;
  offset?: number | undefined;
};

export type VaultVersionFetchAnswer = Answer & {
  versions: readonly (EntryVersion)[];
  /** The number that match in all. */
  amount: number;
};

export type VaultVersionRestoreInput = {
  project_id: string;
  environment?: string | undefined;
  key: string;
  version: number;
};

export type VaultVersionRestoreAnswer = Answer & {
  vault: VaultEntry;
};

export type RouteCreateInput = {
  project_id: string;
  id: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  environment?: string | undefined;
  description?: string | undefined;
  access?: 'members' | 'public' | undefined;
  /** Must be true with access public: anyone who reaches the server can call the route. */
  confirm_public?: boolean | undefined;
  /** Of a public route, for each address. */
  rate_per_minute?: number | undefined;
  inputs?: readonly ({
    name: string;
    in: 'path' | 'query' | 'header' | 'body';
    type?: 'string' | 'integer' | 'number' | 'boolean' | 'json' | undefined;
    required?: boolean | undefined;
    description?: string | undefined;
    /** Of a text in characters, of JSON in bytes. */
    max_length?: number | undefined;
    minimum?: number | null | undefined;
    maximum?: number | null | undefined;
    /** null: any text. */
    values?: readonly (string)[] | null | undefined;
  })[] | undefined;
  request: {
    origin: string;
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    /** A template. */
    path: string;
    query?: readonly ({
      name: string;
      value: string;
    })[] | undefined;
    headers?: readonly ({
      name: string;
      value: string;
    })[] | undefined;
    body?: {
      type: 'json';
      /** Any JSON; its texts are templates. */
      value: unknown;
    } | {
      type: 'form';
      fields: readonly ({
        name: string;
        value: string;
      })[];
    } | {
      type: 'text';
      content_type?: string | undefined;
      text: string;
    } | null | undefined;
    auth?: {
      type: 'bearer';
      token: string;
    } | {
      type: 'basic';
      username: string;
      password: string;
    } | {
      type: 'hmac';
      key: string;
      algorithm?: 'sha1' | 'sha256' | 'sha512' | undefined;
      encoding?: 'hex' | 'base64' | undefined;
      parts: readonly (string)[];
      separator?: string | undefined;
      header: string;
      prefix?: string | undefined;
      timestamp_header?: string | null | undefined;
    } | {
      type: 'aws_sigv4';
      access_key_id: string;
      secret_access_key: string;
      session_token?: string | null | undefined;
      region: string;
      service: string;
    } | {
      type: 'oauth2_client_credentials';
      token_url: string;
      client_id: string;
      client_secret: string;
      client_auth?: 'basic' | 'post' | undefined;
      scope?: string | null | undefined;
      audience?: string | null | undefined;
    } | null | undefined;
  };
  response?: {
    statuses?: readonly (number)[] | null | undefined;
    headers?: readonly (string)[] | undefined;
    max_bytes?: number | undefined;
    /** Until the answer begins. */
    timeout_seconds?: number | undefined;
    /** Until the answer has ended. */
    max_seconds?: number | undefined;
    redact?: 'auto' | 'fail' | undefined;
    retries?: number | undefined;
  } | undefined;
};

export type RouteCreateAnswer = Answer & {
  route: {
    project_id: string;
    id: string;
    version: number;
    /** SHA-256 of the definition as canonical JSON (RFC 8785), in hexadecimal. */
    digest: string;
    saved_at: string;
    saved_by: {
      uid: string;
      username: string;
    };
    url: string;
    definition: {
      method: string;
      path: string;
      environment: string;
      description: string;
      access: 'members' | 'public';
      rate_per_minute: number;
      inputs: readonly ({
        name: string;
        in: 'path' | 'query' | 'header' | 'body';
        type: 'string' | 'integer' | 'number' | 'boolean' | 'json';
        required: boolean;
        description: string;
        /** Of a text in characters, of JSON in bytes. */
        max_length: number;
        minimum: number | null;
        maximum: number | null;
        /** null: any text. */
        values: readonly (string)[] | null;
      })[];
      request: {
        origin: string;
        method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
        /** A template. */
        path: string;
        query: readonly ({
          name: string;
          value: string;
        })[];
        headers: readonly ({
          name: string;
          value: string;
        })[];
        body: {
          type: 'json';
          /** Any JSON; its texts are templates. */
          value: unknown;
        } | {
          type: 'form';
          fields: readonly ({
            name: string;
            value: string;
          })[];
        } | {
          type: 'text';
          content_type: string;
          text: string;
        } | null;
        auth: {
          type: 'bearer';
          token: string;
        } | {
          type: 'basic';
          username: string;
          password: string;
        } | {
          type: 'hmac';
          key: string;
          algorithm: 'sha1' | 'sha256' | 'sha512';
          encoding: 'hex' | 'base64';
          parts: readonly (string)[];
          separator: string;
          header: string;
          prefix: string;
          timestamp_header: string | null;
        } | {
          type: 'aws_sigv4';
          access_key_id: string;
          secret_access_key: string;
          session_token: string | null;
          region: string;
          service: string;
        } | {
          type: 'oauth2_client_credentials';
          token_url: string;
          client_id: string;
          client_secret: string;
          client_auth: 'basic' | 'post';
          scope: string | null;
          audience: string | null;
        } | null;
      };
      response: {
        statuses: readonly (number)[] | null;
        headers: readonly (string)[];
        max_bytes: number;
        /** Until the answer begins. */
        timeout_seconds: number;
        /** Until the answer has ended. */
        max_seconds: number;
        redact: 'auto' | 'fail';
        retries: number;
      };
    };
    /** The entries whose values it uses. */
    keys: readonly (string)[];
  };
};

export type RouteFetchInput = {
  project_id: string;
  environment?: string | undefined;
  key?: string | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
};

export type RouteFetchAnswer = Answer & {
  routes: readonly ({
    project_id: string;
    id: string;
    version: number;
    /** SHA-256 of the definition as canonical JSON (RFC 8785), in hexadecimal. */
    digest: string;
    saved_at: string;
    saved_by: {
      uid: string;
      username: string;
    };
    /** Where it is served, below the address of the server. */
    url: string;
    method: string;
    path: string;
    environment: string;
    description: string;
    access: 'members' | 'public';
    inputs: readonly ({
      name: string;
      in: 'path' | 'query' | 'header' | 'body';
      type: 'string' | 'integer' | 'number' | 'boolean' | 'json';
      required: boolean;
      description: string;
      /** Of a text in characters, of JSON in bytes. */
      max_length: number;
      minimum: number | null;
      maximum: number | null;
      /** null: any text. */
      values: readonly (string)[] | null;
    })[];
    origin: string;
  })[];
  /** The number that match in all. */
  amount: number;
};

export type RouteFetchOneInput = {
  project_id: string;
  id: string;
};

export type RouteFetchOneAnswer = Answer & {
  route: {
    project_id: string;
    id: string;
    version: number;
    /** SHA-256 of the definition as canonical JSON (RFC 8785), in hexadecimal. */
    digest: string;
    saved_at: string;
    saved_by: {
      uid: string;
      username: string;
    };
    url: string;
    definition: {
      method: string;
      path: string;
      environment: string;
      description: string;
      access: 'members' | 'public';
      rate_per_minute: number;
      inputs: readonly ({
        name: string;
        in: 'path' | 'query' | 'header' | 'body';
        type: 'string' | 'integer' | 'number' | 'boolean' | 'json';
        required: boolean;
        description: string;
        /** Of a text in characters, of JSON in bytes. */
        max_length: number;
        minimum: number | null;
        maximum: number | null;
        /** null: any text. */
        values: readonly (string)[] | null;
      })[];
      request: {
        origin: string;
        method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
        /** A template. */
        path: string;
        query: readonly ({
          name: string;
          value: string;
        })[];
        headers: readonly ({
          name: string;
          value: string;
        })[];
        body: {
          type: 'json';
          /** Any JSON; its texts are templates. */
          value: unknown;
        } | {
          type: 'form';
          fields: readonly ({
            name: string;
            value: string;
          })[];
        } | {
          type: 'text';
          content_type: string;
          text: string;
        } | null;
        auth: {
          type: 'bearer';
          token: string;
        } | {
          type: 'basic';
          username: string;
          password: string;
        } | {
          type: 'hmac';
          key: string;
          algorithm: 'sha1' | 'sha256' | 'sha512';
          encoding: 'hex' | 'base64';
          parts: readonly (string)[];
          separator: string;
          header: string;
          prefix: string;
          timestamp_header: string | null;
        } | {
          type: 'aws_sigv4';
          access_key_id: string;
          secret_access_key: string;
          session_token: string | null;
          region: string;
          service: string;
        } | {
          type: 'oauth2_client_credentials';
          token_url: string;
          client_id: string;
          client_secret: string;
          client_auth: 'basic' | 'post';
          scope: string | null;
          audience: string | null;
        } | null;
      };
      response: {
        statuses: readonly (number)[] | null;
        headers: readonly (string)[];
        max_bytes: number;
        /** Until the answer begins. */
        timeout_seconds: number;
        /** Until the answer has ended. */
        max_seconds: number;
        redact: 'auto' | 'fail';
        retries: number;
      };
    };
    /** The entries whose values it uses. */
    keys: readonly (string)[];
  };
};

export type RouteUpdateInput = {
  project_id: string;
  id: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  environment?: string | undefined;
  description?: string | undefined;
  access?: 'members' | 'public' | undefined;
  /** Must be true with access public: anyone who reaches the server can call the route. */
  confirm_public?: boolean | undefined;
  /** Of a public route, for each address. */
  rate_per_minute?: number | undefined;
  inputs?: readonly ({
    name: string;
    in: 'path' | 'query' | 'header' | 'body';
    type?: 'string' | 'integer' | 'number' | 'boolean' | 'json' | undefined;
    required?: boolean | undefined;
    description?: string | undefined;
    /** Of a text in characters, of JSON in bytes. */
    max_length?: number | undefined;
    minimum?: number | null | undefined;
    maximum?: number | null | undefined;
    /** null: any text. */
    values?: readonly (string)[] | null | undefined;
  })[] | undefined;
  request: {
    origin: string;
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    /** A template. */
    path: string;
    query?: readonly ({
      name: string;
      value: string;
    })[] | undefined;
    headers?: readonly ({
      name: string;
      value: string;
    })[] | undefined;
    body?: {
      type: 'json';
      /** Any JSON; its texts are templates. */
      value: unknown;
    } | {
      type: 'form';
      fields: readonly ({
        name: string;
        value: string;
      })[];
    } | {
      type: 'text';
      content_type?: string | undefined;
      text: string;
    } | null | undefined;
    auth?: {
      type: 'bearer';
      token: string;
    } | {
      type: 'basic';
      username: string;
      password: string;
    } | {
      type: 'hmac';
      key: string;
      algorithm?: 'sha1' | 'sha256' | 'sha512' | undefined;
      encoding?: 'hex' | 'base64' | undefined;
      parts: readonly (string)[];
      separator?: string | undefined;
      header: string;
      prefix?: string | undefined;
      timestamp_header?: string | null | undefined;
    } | {
      type: 'aws_sigv4';
      access_key_id: string;
      secret_access_key: string;
      session_token?: string | null | undefined;
      region: string;
      service: string;
    } | {
      type: 'oauth2_client_credentials';
      token_url: string;
      client_id: string;
      client_secret: string;
      client_auth?: 'basic' | 'post' | undefined;
      scope?: string | null | undefined;
      audience?: string | null | undefined;
    } | null | undefined;
  };
  response?: {
    statuses?: readonly (number)[] | null | undefined;
    headers?: readonly (string)[] | undefined;
    max_bytes?: number | undefined;
    /** Until the answer begins. */
    timeout_seconds?: number | undefined;
    /** Until the answer has ended. */
    max_seconds?: number | undefined;
    redact?: 'auto' | 'fail' | undefined;
    retries?: number | undefined;
  } | undefined;
  if_version?: number | undefined;
};

export type RouteUpdateAnswer = Answer & {
  route: {
    project_id: string;
    id: string;
    version: number;
    /** SHA-256 of the definition as canonical JSON (RFC 8785), in hexadecimal. */
    digest: string;
    saved_at: string;
    saved_by: {
      uid: string;
      username: string;
    };
    url: string;
    definition: {
      method: string;
      path: string;
      environment: string;
      description: string;
      access: 'members' | 'public';
      rate_per_minute: number;
      inputs: readonly ({
        name: string;
        in: 'path' | 'query' | 'header' | 'body';
        type: 'string' | 'integer' | 'number' | 'boolean' | 'json';
        required: boolean;
        description: string;
        /** Of a text in characters, of JSON in bytes. */
        max_length: number;
        minimum: number | null;
        maximum: number | null;
        /** null: any text. */
        values: readonly (string)[] | null;
      })[];
      request: {
        origin: string;
        method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
        /** A template. */
        path: string;
        query: readonly ({
          name: string;
          value: string;
        })[];
        headers: readonly ({
          name: string;
          value: string;
        })[];
        body: {
          type: 'json';
          /** Any JSON; its texts are templates. */
          value: unknown;
        } | {
          type: 'form';
          fields: readonly ({
            name: string;
            value: string;
          })[];
        } | {
          type: 'text';
          content_type: string;
          text: string;
        } | null;
        auth: {
          type: 'bearer';
          token: string;
        } | {
          type: 'basic';
          username: string;
          password: string;
        } | {
          type: 'hmac';
          key: string;
          algorithm: 'sha1' | 'sha256' | 'sha512';
          encoding: 'hex' | 'base64';
          parts: readonly (string)[];
          separator: string;
          header: string;
          prefix: string;
          timestamp_header: string | null;
        } | {
          type: 'aws_sigv4';
          access_key_id: string;
          secret_access_key: string;
          session_token: string | null;
          region: string;
          service: string;
        } | {
          type: 'oauth2_client_credentials';
          token_url: string;
          client_id: string;
          client_secret: string;
          client_auth: 'basic' | 'post';
          scope: string | null;
          audience: string | null;
        } | null;
      };
      response: {
        statuses: readonly (number)[] | null;
        headers: readonly (string)[];
        max_bytes: number;
        /** Until the answer begins. */
        timeout_seconds: number;
        /** Until the answer has ended. */
        max_seconds: number;
        redact: 'auto' | 'fail';
        retries: number;
      };
    };
    /** The entries whose values it uses. */
    keys: readonly (string)[];
  };
};

export type RouteDeleteInput = {
  project_id: string;
  id: string;
};

export type RouteDeleteAnswer = Answer;

export type RoutePreviewInput = {
  project_id: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  environment?: string | undefined;
  description?: string | undefined;
  access?: 'members' | 'public' | undefined;
  /** Of a public route, for each address. */
  rate_per_minute?: number | undefined;
  inputs?: readonly ({
    name: string;
    in: 'path' | 'query' | 'header' | 'body';
    type?: 'string' | 'integer' | 'number' | 'boolean' | 'json' | undefined;
    required?: boolean | undefined;
    description?: string | undefined;
    /** Of a text in characters, of JSON in bytes. */
    max_length?: number | undefined;
    minimum?: number | null | undefined;
    maximum?: number | null | undefined;
    /** null: any text. */
    values?: readonly (string)[] | null | undefined;
  })[] | undefined;
  request: {
    origin: string;
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    /** A template. */
    path: string;
    query?: readonly ({
      name: string;
      value: string;
    })[] | undefined;
    headers?: readonly ({
      name: string;
      value: string;
    })[] | undefined;
    body?: {
      type: 'json';
      /** Any JSON; its texts are templates. */
      value: unknown;
    } | {
      type: 'form';
      fields: readonly ({
        name: string;
        value: string;
      })[];
    } | {
      type: 'text';
      content_type?: string | undefined;
      text: string;
    } | null | undefined;
    auth?: {
      type: 'bearer';
      token: string;
    } | {
      type: 'basic';
      username: string;
      password: string;
    } | {
      type: 'hmac';
      key: string;
      algorithm?: 'sha1' | 'sha256' | 'sha512' | undefined;
      encoding?: 'hex' | 'base64' | undefined;
      parts: readonly (string)[];
      separator?: string | undefined;
      header: string;
      prefix?: string | undefined;
      timestamp_header?: string | null | undefined;
    } | {
      type: 'aws_sigv4';
      access_key_id: string;
      secret_access_key: string;
      session_token?: string | null | undefined;
      region: string;
      service: string;
    } | {
      type: 'oauth2_client_credentials';
      token_url: string;
      client_id: string;
      client_secret: string;
      client_auth?: 'basic' | 'post' | undefined;
      scope?: string | null | undefined;
      audience?: string | null | undefined;
    } | null | undefined;
  };
  response?: {
    statuses?: readonly (number)[] | null | undefined;
    headers?: readonly (string)[] | undefined;
    max_bytes?: number | undefined;
    /** Until the answer begins. */
    timeout_seconds?: number | undefined;
    /** Until the answer has ended. */
    max_seconds?: number | undefined;
    redact?: 'auto' | 'fail' | undefined;
    retries?: number | undefined;
  } | undefined;
  /** What a caller might give, by the name of the input. */
  example?: Readonly<Record<string, unknown>> | undefined;
};

export type RoutePreviewAnswer = Answer & {
  preview: {
    method: string;
    url: string;
    headers: readonly ({
      name: string;
      value: string;
    })[];
    body: string | null;
  };
  /** The entries whose values it would use. */
  keys: readonly (string)[];
  /** Why it could not be saved. */
  problems: readonly ({
    key: string;
    origin: string;
    code: string;
    message: string;
  })[];
  /** Fields that cannot be saved as they are. */
  errors: readonly ({
    path: string;
    message: string;
  })[];
};

export type RouteVersionFetchInput = {
  project_id: string;
  id: string;
  limit?: number | undefined;
  offset?: number | undefined;
};

export type RouteVersionFetchAnswer = Answer & {
  versions: readonly ({
    version: number;
    digest: string;
    saved_at: string;
    saved_by: {
      uid: string;
      username: string;
    };
    current: boolean;
    definition: {
      method: string;
      path: string;
      environment: string;
      description: string;
      access: 'members' | 'public';
      rate_per_minute: number;
      inputs: readonly ({
        name: string;
        in: 'path' | 'query' | 'header' | 'body';
        type: 'string' | 'integer' | 'number' | 'boolean' | 'json';
        required: boolean;
        description: string;
        /** Of a text in characters, of JSON in bytes. */
        max_length: number;
        minimum: number | null;
        maximum: number | null;
        /** null: any text. */
        values: readonly (string)[] | null;
      })[];
      request: {
        origin: string;
        method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
        /** A template. */
        path: string;
        query: readonly ({
          name: string;
          value: string;
        })[];
        headers: readonly ({
          name: string;
          value: string;
        })[];
        body: {
          type: 'json';
          /** Any JSON; its texts are templates. */
          value: unknown;
        } | {
          type: 'form';
          fields: readonly ({
            name: string;
            value: string;
          })[];
        } | {
          type: 'text';
          content_type: string;
          text: string;
        } | null;
        auth: {
          type: 'bearer';
          token: string;
        } | {
          type: 'basic';
          username: string;
          password: string;
        } | {
          type: 'hmac';
          key: string;
          algorithm: 'sha1' | 'sha256' | 'sha512';
          encoding: 'hex' | 'base64';
          parts: readonly (string)[];
          separator: string;
          header: string;
          prefix: string;
          timestamp_header: string | null;
        } | {
          type: 'aws_sigv4';
          access_key_id: string;
          secret_access_key: string;
          session_token: string | null;
          region: string;
          service: string;
        } | {
          type: 'oauth2_client_credentials';
          token_url: string;
          client_id: string;
          client_secret: string;
          client_auth: 'basic' | 'post';
          scope: string | null;
          audience: string | null;
        } | null;
      };
      response: {
        statuses: readonly (number)[] | null;
        headers: readonly (string)[];
        max_bytes: number;
        /** Until the answer begins. */
        timeout_seconds: number;
        /** Until the answer has ended. */
        max_seconds: number;
        redact: 'auto' | 'fail';
        retries: number;
      };
    };
  })[];
  /** The number that match in all. */
  amount: number;
};

export type RouteCallFetchInput = {
  project_id: string;
  id: string;
  limit?: number | undefined;
  offset?: number | undefined;
};

export type RouteCallFetchAnswer = Answer & {
  calls: readonly ({
    /** Of its record in the audit log. */
    index: number;
    at: string;
    uid: string | null;
    username: string | null;
    ip: string | null;
    version: number | null;
    state: 'refused' | 'open' | 'done' | 'failed';
    /** Why it was refused or failed. */
    code: string | null;
    /** The same in words, where the code does not say all. */
    reason: string | null;
    /** Of the outside API. */
    status: number | null;
    /** Passed on to the caller. */
    bytes: number | null;
    duration_ms: number | null;
    redactions: number | null;
  })[];
  /** The number that match in all. */
  amount: number;
};

export type TokenCreateInput = {
  kind: 'personal' | 'service';
  name: string;
  project_id?: string | undefined;
  permissions: readonly (Ability)[];
  environments?: readonly (string)[] | undefined;
  keys?: readonly (string)[] | undefined;
  addresses?: readonly (string)[] | undefined;
  valid_from?: string | undefined;
  valid_to?: string | null | undefined;
};

export type TokenCreateAnswer = Answer & {
  /** The secret, to be sent as Authorization: Bearer. It is kept only as a hash. */
  token: string;
  access_token: {
    id: string;
    kind: 'personal' | 'service';
    name: string;
    /** null: every project of its user. */
    project_id: string | null;
    permissions: readonly (Ability)[];
    /** null: all. */
    environments: readonly (string)[] | null;
    /** Keys, with * for any characters; null: all. */
    keys: readonly (string)[] | null;
    /** Addresses and ranges it is accepted from; null: all. */
    addresses: readonly (string)[] | null;
    valid_from: string;
    valid_to: string | null;
    created_at: string;
    created_by: {
      uid: string;
      username: string;
    };
    /** To within ten minutes. */
    last_used_at: string | null;
    last_used_ip: string | null;
  };
};

export type TokenFetchInput = {
  project_id?: string | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
};

export type TokenFetchAnswer = Answer & {
  access_tokens: readonly ({
    id: string;
    kind: 'personal' | 'service';
    name: string;
    /** null: every project of its user. */
    project_id: string | null;
    permissions: readonly (Ability)[];
    /** null: all. */
    environments: readonly (string)[] | null;
    /** Keys, with * for any characters; null: all. */
    keys: readonly (string)[] | null;
    /** Addresses and ranges it is accepted from; null: all. */
    addresses: readonly (string)[] | null;
    valid_from: string;
    valid_to: string | null;
    created_at: string;
    created_by: {
      uid: string;
      username: string;
    };
    /** To within ten minutes. */
    last_used_at: string | null;
    last_used_ip: string | null;
  })[];
  /** The number that match in all. */
  amount: number;
};

export type TokenMeInput = Record<string, never>;

export type TokenMeAnswer = Answer & {
  access_token: {
    id: string;
    kind: 'personal' | 'service';
    name: string;
    /** null: every project of its user. */
    project_id: string | null;
    permissions: readonly (Ability)[];
    /** null: all. */
    environments: readonly (string)[] | null;
    /** Keys, with * for any characters; null: all. */
    keys: readonly (string)[] | null;
    /** Addresses and ranges it is accepted from; null: all. */
    addresses: readonly (string)[] | null;
    valid_from: string;
    valid_to: string | null;
    created_at: string;
    created_by: {
      uid: string;
      username: string;
    };
    /** To within ten minutes. */
    last_used_at: string | null;
    last_used_ip: string | null;
  };
};

export type TokenUpdateInput = {
  id: string;
  name?: string | undefined;
  permissions?: readonly (Ability)[] | undefined;
  environments?: readonly (string)[] | null | undefined;
  keys?: readonly (string)[] | null | undefined;
  addresses?: readonly (string)[] | null | undefined;
  valid_from?: string | undefined;
  valid_to?: string | null | undefined;
};

export type TokenUpdateAnswer = Answer & {
  access_token: {
    id: string;
    kind: 'personal' | 'service';
    name: string;
    /** null: every project of its user. */
    project_id: string | null;
    permissions: readonly (Ability)[];
    /** null: all. */
    environments: readonly (string)[] | null;
    /** Keys, with * for any characters; null: all. */
    keys: readonly (string)[] | null;
    /** Addresses and ranges it is accepted from; null: all. */
    addresses: readonly (string)[] | null;
    valid_from: string;
    valid_to: string | null;
    created_at: string;
    created_by: {
      uid: string;
      username: string;
    };
    /** To within ten minutes. */
    last_used_at: string | null;
    last_used_ip: string | null;
  };
};

export type TokenRevokeInput = {
  id: string;
};

export type TokenRevokeAnswer = Answer;

export type TokenTrustCreateInput = {
  project_id: string;
  name: string;
  issuer: string;
  audience: string;
  subject: string;
  claims?: Readonly<Record<string, string | number | boolean>> | undefined;
  single_use?: boolean | undefined;
  ttl_seconds?: number | undefined;
  permissions: readonly (Ability)[];
  environments?: readonly (string)[] | undefined;
  keys?: readonly (string)[] | undefined;
  addresses?: readonly (string)[] | undefined;
};

export type TokenTrustCreateAnswer = Answer & {
  trust: {
    id: string;
    project_id: string;
    name: string;
    issuer: string;
    audience: string;
    subject: string;
    claims: Readonly<Record<string, string | number | boolean>>;
    single_use: boolean;
    ttl_seconds: number;
    permissions: readonly (Ability)[];
    environments: readonly (string)[] | null;
    keys: readonly (string)[] | null;
    addresses: readonly (string)[] | null;
    created_at: string;
    created_by: {
      uid: string;
      username: string;
    };
  };
};

export type TokenTrustFetchInput = {
  project_id: string;
  limit?: number | undefined;
  offset?: number | undefined;
  /** A part of the name, in any case. */
  filter?: string | undefined;
};

export type TokenTrustFetchAnswer = Answer & {
  trusts: readonly ({
    id: string;
    project_id: string;
    name: string;
    issuer: string;
    audience: string;
    subject: string;
    claims: Readonly<Record<string, string | number | boolean>>;
    single_use: boolean;
    ttl_seconds: number;
    permissions: readonly (Ability)[];
    environments: readonly (string)[] | null;
    keys: readonly (string)[] | null;
    addresses: readonly (string)[] | null;
    created_at: string;
    created_by: {
      uid: string;
      username: string;
    };
  })[];
  /** The number that match in all. */
  amount: number;
};

export type TokenTrustDeleteInput = {
  id: string;
};

export type TokenTrustDeleteAnswer = Answer;

export type TokenExchangeInput = {
  trust_id: string;
  identity_token: string;
};

export type TokenExchangeAnswer = Answer & {
  /** To be sent as Authorization: Bearer. */
  token: string;
  access_token: {
    id: string;
    kind: 'personal' | 'service';
    name: string;
    /** null: every project of its user. */
    project_id: string | null;
    permissions: readonly (Ability)[];
    /** null: all. */
    environments: readonly (string)[] | null;
    /** Keys, with * for any characters; null: all. */
    keys: readonly (string)[] | null;
    /** Addresses and ranges it is accepted from; null: all. */
    addresses: readonly (string)[] | null;
    valid_from: string;
    valid_to: string | null;
    created_at: string;
    created_by: {
      uid: string;
      username: string;
    };
    /** To within ten minutes. */
    last_used_at: string | null;
    last_used_ip: string | null;
  };
};

export type EventFetchInput = {
  project_id?: string | undefined;
  type?: AuditEventType | undefined;
  uid?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
};

export type EventFetchAnswer = Answer & {
  events: readonly (AuditEvent)[];
  /** The number that match in all. */
  amount: number;
};

export type EventOfflineInput = {
  project_id: string;
  environment?: string | undefined;
  used_at: readonly (string)[];
};

export type EventOfflineAnswer = Answer;

/** A method for each endpoint. All of them fail with a CofferError. */
export type Api = {
  /** Is the process alive? */
  health(input?: HealthInput, options?: CallOptions): Promise<HealthAnswer>;
  /** Can it serve: do the database, the keys and the audit log work? Fails with `not_ready`. */
  ready(input?: ReadyInput, options?: CallOptions): Promise<ReadyAnswer>;
  /** Create the first ROOT user of an empty instance, and sign in. Fails with `setup_token_invalid`, `setup_done`, `too_many_attempts`, `overloaded`. */
  setup(input: SetupInput, options?: CallOptions): Promise<SetupAnswer>;
  user: {
    /** Sign in with user name or e-mail address and password. Fails with `credentials_invalid`, `too_many_attempts`, `overloaded`. */
    login(input: UserLoginInput, options?: CallOptions): Promise<UserLoginAnswer>;
    /** Get a new token for the same session; a session cookie is replaced. */
    refresh(input?: UserRefreshInput, options?: CallOptions): Promise<UserRefreshAnswer>;
    /** End this session. */
    logout(input?: UserLogoutInput, options?: CallOptions): Promise<UserLogoutAnswer>;
    /** Who am I? A service token is nobody: see `GET /token/me`. */
    me(input?: UserMeInput, options?: CallOptions): Promise<UserMeAnswer>;
    /** Create a user. Fails with `username_taken`, `email_taken`, `overloaded`. */
    create(input: UserCreateInput, options?: CallOptions): Promise<UserCreateAnswer>;
    /** List the users. The filter looks at user name, names, e-mail address and role. */
    fetch(input?: UserFetchInput, options?: CallOptions): Promise<UserFetchAnswer>;
    /** Fetch one user. Fails with `user_not_found`. */
    fetchOne(input: UserFetchOneInput, options?: CallOptions): Promise<UserFetchOneAnswer>;
    /** Change a user. Everyone may change their own names and address; only ROOT may change a role. Fails with `user_not_found`, `email_taken`, `last_root`. */
    update(input: UserUpdateInput, options?: CallOptions): Promise<UserUpdateAnswer>;
    /** Change your own password. Your other sessions end. Fails with `password_incorrect`, `too_many_attempts`, `overloaded`. */
    password(input: UserPasswordInput, options?: CallOptions): Promise<UserPasswordAnswer>;
    /** Set a new password for a user who lost theirs. All their sessions end. Fails with `user_not_found`, `overloaded`. */
    passwordReset(input: UserPasswordResetInput, options?: CallOptions): Promise<UserPasswordResetAnswer>;
    /** List your own sessions, newest first. */
    sessionFetch(input?: UserSessionFetchInput, options?: CallOptions): Promise<UserSessionFetchAnswer>;
    /** End one of your own sessions. Fails with `session_not_found`. */
    sessionDelete(input: UserSessionDeleteInput, options?: CallOptions): Promise<UserSessionDeleteAnswer>;
    /** Delete a user: their sessions and memberships end at once. Fails with `user_not_found`, `last_root`. */
    delete(input: UserDeleteInput, options?: CallOptions): Promise<UserDeleteAnswer>;
  };
  project: {
    /** Create a project. You are its first member; it starts with the environment default. Fails with `project_id_taken`, `api_path_taken`. */
    create(input: ProjectCreateInput, options?: CallOptions): Promise<ProjectCreateAnswer>;
    /** List the projects that you may see: ROOT all, others those they are a member of. With member=true only the latter. */
    fetch(input?: ProjectFetchInput, options?: CallOptions): Promise<ProjectFetchAnswer>;
    /** Fetch one project. Fails with `project_not_found`. */
    fetchOne(input: ProjectFetchOneInput, options?: CallOptions): Promise<ProjectFetchOneAnswer>;
    /** Change the name, the description or the API path of a project. Its id stays. Fails with `project_not_found`, `api_path_taken`. */
    update(input: ProjectUpdateInput, options?: CallOptions): Promise<ProjectUpdateAnswer>;
    /** Delete a project with its entries, their history and its data keys. This is permanent. Fails with `project_not_found`. */
    delete(input: ProjectDeleteInput, options?: CallOptions): Promise<ProjectDeleteAnswer>;
    /** List the members of a project. The filter looks at user name, names, e-mail address and role. Fails with `project_not_found`. */
    memberFetch(input: ProjectMemberFetchInput, options?: CallOptions): Promise<ProjectMemberFetchAnswer>;
    /** Look for users who could become members. The filter looks at user name, names and e-mail address. Fails with `project_not_found`. */
    memberCandidateFetch(input: ProjectMemberCandidateFetchInput, options?: CallOptions): Promise<ProjectMemberCandidateFetchAnswer>;
    /** Add a member to a project. Fails with `project_not_found`, `user_not_found`, `member_exists`. */
    memberAdd(input: ProjectMemberAddInput, options?: CallOptions): Promise<ProjectMemberAddAnswer>;
    /** Remove a member from a project. The last ROOT or ADMIN member goes only with force. Fails with `project_not_found`, `member_not_found`, `last_manager`. */
    memberRemove(input: ProjectMemberRemoveInput, options?: CallOptions): Promise<ProjectMemberRemoveAnswer>;
  };
  environment: {
    /** Add an environment to a project. Fails with `membership_required`, `project_not_found`, `environment_exists`, `environment_limit`. */
    create(input: EnvironmentCreateInput, options?: CallOptions): Promise<EnvironmentCreateAnswer>;
    /** List the environments of a project, oldest first. Fails with `membership_required`, `project_not_found`. */
    fetch(input: EnvironmentFetchInput, options?: CallOptions): Promise<EnvironmentFetchAnswer>;
    /** Delete an environment that holds no entries. The environment default stays. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `environment_not_empty`, `environment_permanent`. */
    delete(input: EnvironmentDeleteInput, options?: CallOptions): Promise<EnvironmentDeleteAnswer>;
  };
  vault: {
    /** Create an entry. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `entry_exists`, `value_too_large`. */
    create(input: VaultCreateInput, options?: CallOptions): Promise<VaultCreateAnswer>;
    /** List the entries by key, without values. With values=true each value given out is on record. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `value_unreadable`, `overloaded`. */
    fetch(input: VaultFetchInput, options?: CallOptions): Promise<VaultFetchAnswer>;
    /** Fetch one entry with its value, as it is now or as it was at a version. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `entry_not_found`, `version_not_found`, `value_unreadable`, `overloaded`. */
    fetchOne(input: VaultFetchOneInput, options?: CallOptions): Promise<VaultFetchOneAnswer>;
    /** Watch the entries: which of them changed, without values. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `too_many_watchers`, `overloaded`. */
    watch(input: VaultWatchInput, options?: CallOptions): Promise<VaultWatchAnswer>;
    /** Give an entry a new value: a new version. Its key stays. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `entry_not_found`, `version_conflict`, `value_too_large`, `value_unreadable`. */
    update(input: VaultUpdateInput, options?: CallOptions): Promise<VaultUpdateAnswer>;
    /** Delete an entry with all its versions. This is permanent. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `entry_not_found`. */
    delete(input: VaultDeleteInput, options?: CallOptions): Promise<VaultDeleteAnswer>;
    /** Create and update many entries at once: all of them or none. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `version_conflict`, `value_too_large`, `value_unreadable`. */
    import(input: VaultImportInput, options?: CallOptions): Promise<VaultImportAnswer>;
    /** Set the origins that routes may send the value of an entry to. Without any, no route may. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `entry_not_found`, `value_unreadable`. */
    allowOrigins(input: VaultAllowOriginsInput, options?: CallOptions): Promise<VaultAllowOriginsAnswer>;
    /** List the versions of an entry, newest first, without values. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `entry_not_found`, `overloaded`. */
    versionFetch(input: VaultVersionFetchInput, options?: CallOptions): Promise<VaultVersionFetchAnswer>;
    /** Make an old version the newest one again: its value and comment become a new version. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `entry_not_found`, `version_not_found`, `value_unreadable`. */
    versionRestore(input: VaultVersionRestoreInput, options?: CallOptions): Promise<VaultVersionRestoreAnswer>;
  };
  route: {
    /** Make a route: an endpoint of the project that calls an outside API with values of the vault. Fails with `membership_required`, `origin_not_allowed`, `path_not_allowed`, `project_not_found`, `environment_not_found`, `entry_not_found`, `route_path_taken`, `route_exists`, `route_limit`. */
    create(input: RouteCreateInput, options?: CallOptions): Promise<RouteCreateAnswer>;
    /** List the routes of a project by id, as their callers see them. Fails with `membership_required`, `project_not_found`, `environment_not_found`. */
    fetch(input: RouteFetchInput, options?: CallOptions): Promise<RouteFetchAnswer>;
    /** Fetch a route with its definition. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `route_not_found`. */
    fetchOne(input: RouteFetchOneInput, options?: CallOptions): Promise<RouteFetchOneAnswer>;
    /** Save a new version of a route: the whole definition. Fails with `membership_required`, `origin_not_allowed`, `path_not_allowed`, `project_not_found`, `environment_not_found`, `entry_not_found`, `route_not_found`, `route_path_taken`, `version_conflict`. */
    update(input: RouteUpdateInput, options?: CallOptions): Promise<RouteUpdateAnswer>;
    /** Delete a route with all its versions. This is permanent. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `route_not_found`. */
    delete(input: RouteDeleteInput, options?: CallOptions): Promise<RouteDeleteAnswer>;
    /** Show the request that a definition would make, with ••• for values, and what stands in its way. Fails with `membership_required`, `project_not_found`, `environment_not_found`. */
    preview(input: RoutePreviewInput, options?: CallOptions): Promise<RoutePreviewAnswer>;
    /** List the versions of a route with their definitions, newest first. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `route_not_found`. */
    versionFetch(input: RouteVersionFetchInput, options?: CallOptions): Promise<RouteVersionFetchAnswer>;
    /** List the calls of a route from the audit log, newest first. Fails with `project_not_found`, `route_not_found`. */
    callFetch(input: RouteCallFetchInput, options?: CallOptions): Promise<RouteCallFetchAnswer>;
  };
  token: {
    /** Make an access token, to be sent like a JWT. Its secret is shown this once. Fails with `grant_exceeded`, `project_not_found`, `token_limit`. */
    create(input: TokenCreateInput, options?: CallOptions): Promise<TokenCreateAnswer>;
    /** List the service tokens of a project, or without project_id your own personal ones, newest first. Fails with `project_not_found`. */
    fetch(input?: TokenFetchInput, options?: CallOptions): Promise<TokenFetchAnswer>;
    /** Which access token is this, and what does it grant? Fails with `token_not_found`. */
    me(input?: TokenMeInput, options?: CallOptions): Promise<TokenMeAnswer>;
    /** Change what a token grants. Its secret stays; the tokens that it made are revoked. Fails with `grant_exceeded`, `token_not_found`. */
    update(input: TokenUpdateInput, options?: CallOptions): Promise<TokenUpdateAnswer>;
    /** Revoke a token, and those that it made: the next request with one is refused. Fails with `token_not_found`. */
    revoke(input: TokenRevokeInput, options?: CallOptions): Promise<TokenRevokeAnswer>;
    /** Trust the identity tokens of a workload, so that it needs no stored secret. Fails with `grant_exceeded`, `project_not_found`, `trust_limit`. */
    trustCreate(input: TokenTrustCreateInput, options?: CallOptions): Promise<TokenTrustCreateAnswer>;
    /** List whose identity tokens a project trusts, newest first. Fails with `project_not_found`. */
    trustFetch(input: TokenTrustFetchInput, options?: CallOptions): Promise<TokenTrustFetchAnswer>;
    /** End a trust, and revoke the tokens that were given out for it. Fails with `trust_not_found`. */
    trustDelete(input: TokenTrustDeleteInput, options?: CallOptions): Promise<TokenTrustDeleteAnswer>;
    /** Exchange an identity token for a short-lived service token. Fails with `identity_refused`, `token_limit`, `too_many_attempts`, `issuer_unavailable`. */
    exchange(input: TokenExchangeInput, options?: CallOptions): Promise<TokenExchangeAnswer>;
  };
  event: {
    /** Read the audit log, newest first. ROOT reads all of it, ADMIN the projects they are a member of. Fails with `project_not_found`, `overloaded`. */
    fetch(input?: EventFetchInput, options?: CallOptions): Promise<EventFetchAnswer>;
    /** Report that values were used from an offline copy while the server was away. Fails with `membership_required`, `project_not_found`, `environment_not_found`, `overloaded`. */
    offline(input: EventOfflineInput, options?: CallOptions): Promise<EventOfflineAnswer>;
  };
};
