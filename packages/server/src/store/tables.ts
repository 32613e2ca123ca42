import type { AuditEventType, Role } from '@coffer/core';
import type { Generated } from 'kysely';

/**
 * The rows, column by column. Times are milliseconds since 1970. `search` columns hold what a filter looks through,
 * its case folded by us, because the engines' own lower() differ beyond ASCII.
 */
export type Tables = {
  instance: InstanceRow;
  user: UserRow;
  session: SessionRow;
  sign_in_address: SignInAddressRow;
  attempt: AttemptRow;
  project: ProjectRow;
  member: MemberRow;
  environment: EnvironmentRow;
  entry: EntryRow;
  ciphertext: CiphertextRow;
  entry_version: EntryVersionRow;
  data_key: DataKeyRow;
  root_key: RootKeyRow;
  access_token: AccessTokenRow;
  token_trust: TokenTrustRow;
  used_identity: UsedIdentityRow;
  route: RouteRow;
  route_version: RouteVersionRow;
  route_key: RouteKeyRow;
  route_rate: RouteRateRow;
  audit_entry: AuditEntryRow;
  audit_head: AuditHeadRow;
};

export type InstanceRow = {
  /** Always 1: there is one row. */
  singleton: number;
  id: string;
  created_at: number;
};

export type UserRow = {
  uid: string;
  username: string;
  /** Lower case, unique: case does not tell two users apart. */
  username_key: string;
  email: string;
  email_key: string;
  first_name: string;
  last_name: string;
  role: Role;
  password_hash: string;
  search: string;
  created_at: number;
};

export type SessionRow = {
  id: string;
  uid: string;
  /** SHA-256 of the cookie's secret. */
  cookie_hash: Uint8Array;
  /** Of the secret that the last refresh replaced. */
  previous_cookie_hash: Uint8Array | null;
  rotated_at: number | null;
  created_at: number;
  expires_at: number;
  ip: string;
  user_agent: string;
};

/** Addresses from which a user has signed in: an attack on the account from elsewhere does not slow them down. */
export type SignInAddressRow = { uid: string; address: string; last_at: number };

export type AttemptRow = {
  subject: string;
  failures: number;
  blocked_until: number;
  updated_at: number;
};

export type ProjectRow = {
  id: string;
  name: string;
  description: string;
  api_path: string;
  search: string;
  /** Index of the audit entry of its creation: what is older is of another project that had this id. */
  first_event: number;
  created_at: number;
};

export type MemberRow = { project_id: string; uid: string; added_at: number };

export type EnvironmentRow = { project_id: string; id: string; name: string; created_at: number };

export type EntryRow = {
  id: string;
  project_id: string;
  environment: string;
  key: string;
  /** The current version. */
  version: number;
  /** JSON array: where routes may send it. */
  allowed_origins: Generated<string>;
  allowed_in_path: Generated<number>;
  created_at: number;
  created_by_uid: string;
  created_by_username: string;
};

export type CiphertextRow = {
  id: Generated<number>;
  /** Both are empty once what they held is deleted. */
  value_sealed: Uint8Array;
  comment_sealed: Uint8Array;
};

export type EntryVersionRow = {
  entry_id: string;
  version: number;
  data_key_id: string;
  ciphertext_id: number;
  created_at: number;
  created_by_uid: string;
  created_by_username: string;
};

export type DataKeyRow = {
  id: string;
  project_id: string;
  /** `active`: seals and opens; `retired`: only opens. */
  state: 'active' | 'retired';
  wrapped: Uint8Array;
  root_key_id: Uint8Array;
  /** How often it sealed; it is retired long before 2^32. */
  seals: number;
  created_at: number;
  /** Since when a rotation is sealing anew what it sealed, to destroy it then; it is `retired`. */
  replaced_at: Generated<number | null>;
};

export type RootKeyRow = {
  key_check: Uint8Array;
  state: 'current' | 'replaced' | 'retired';
  since: number;
  token_key_sealed: Uint8Array | null;
};

export type AccessTokenRow = {
  id: string;
  kind: 'personal' | 'service';
  /** SHA-256 of the secret. */
  secret_hash: Uint8Array;
  name: string;
  search: string;
  /** Whose it is, if personal. */
  uid: string | null;
  project_id: string | null;
  /** The token that made it, and ends it. */
  parent_id: string | null;
  /** JSON arrays; null limits nothing. */
  permissions: string;
  environments: string | null;
  keys: string | null;
  addresses: string | null;
  valid_from: number;
  valid_to: number | null;
  created_at: number;
  created_by_uid: string;
  created_by_username: string;
  last_used_at: number | null;
  last_used_ip: string | null;
  /** For whose identity token it was given out. */
  trust_id: string | null;
  /** When a refusal was last recorded. */
  refused_at: number | null;
};

export type TokenTrustRow = {
  id: string;
  project_id: string;
  name: string;
  search: string;
  issuer: string;
  audience: string;
  subject: string;
  /** JSON object. */
  claims: string;
  single_use: number;
  ttl_seconds: number;
  /** JSON arrays; null limits nothing. */
  permissions: string;
  environments: string | null;
  keys: string | null;
  addresses: string | null;
  created_at: number;
  created_by_uid: string;
  created_by_username: string;
};

/** Hash of what is signed. */
export type UsedIdentityRow = { hash: Uint8Array; expires_at: number };

export type RouteRow = {
  project_id: string;
  id: string;
  method: string;
  path: string;
  /** The path without the names in it: two routes with the same would match the same calls. */
  shape: string;
  segments: number;
  environment: string;
  access: 'members' | 'public';
  search: string;
  /** The current version. */
  version: number;
  /** Index of the audit entry of its creation: older calls are of another route that had this id. */
  first_event: number;
};

export type RouteVersionRow = {
  project_id: string;
  route_id: string;
  version: number;
  digest: string;
  /** JSON, as it was written; the digest is that of its canonical form. */
  definition: string;
  saved_at: number;
  saved_by_uid: string;
  saved_by_username: string;
};

export type RouteKeyRow = { project_id: string; route_id: string; environment: string; key: string };

/** `minute`: since 1970. */
export type RouteRateRow = {
  project_id: string;
  route_id: string;
  address: string;
  minute: number;
  calls: number;
};

export type AuditEntryRow = {
  idx: number;
  type: AuditEventType;
  at: number;
  uid: string | null;
  project_id: string | null;
  /** Canonical JSON: what the tree hashes. The other columns only find it. */
  body: string;
  /** Of the beginning of a call of a route. */
  route_id: string | null;
  /** Of the end of something, such as a call: the index of its beginning. */
  closes: number | null;
};

export type AuditHeadRow = {
  /** Always 1: there is one row. */
  singleton: number;
  size: number;
  frontier: Uint8Array;
  /** Of the newest entry: time does not go back in the log. */
  at: number;
};
