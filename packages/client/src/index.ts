export { createClient, type Client, type ClientOptions } from './create-client.ts';
export { CofferError, type ClientErrorCode, type FieldError } from './error.ts';
export type { CacheOptions } from './cache.ts';
export type { RouteCall } from './call-route.ts';
export type { CallOptions } from './call.ts';
export type { Fetch, Token } from './transport.ts';
export type { WatchOptions } from './watch.ts';
export type { ImportEntry, ImportOutcome, SetOptions, Vault } from './vault.ts';
export type {
  Ability,
  Answer,
  Api,
  AuditEvent,
  AuditEventType,
  Candidate,
  Change,
  EntryVersion,
  Environment,
  ErrorCode,
  Member,
  Project,
  Session,
  User,
  VaultEntry,
  VaultEntryWithValue,
} from './endpoints.generated.ts';
