import { ROUTE_ERRORS } from './routes/error-table.ts';

/**
 * Every way in which Coffer refuses, in one table. A throw names a code; the table knows the HTTP status, the title,
 * the sentence for the caller and what the caller can do. The reference pages are made from it.
 *
 * `detail` may name scalars in braces; they are filled in from the error's own `detail`, which is chosen by us and is
 * never a secret value.
 */
export type ErrorDefinition = {
  status: number;
  title: string;
  detail: string;
  remedy: string;
};

export const ERRORS = {
  invalid_input: {
    status: 400,
    title: 'The input is not valid',
    detail: 'The request has fields that are missing, unknown or not valid; see errors.',
    remedy:
      'Correct each field that `errors` lists: `path` names the field and `message` the rule that it broke.',
  },
  malformed_json: {
    status: 400,
    title: 'The body is not JSON',
    detail: 'The body is not valid JSON in UTF-8.',
    remedy: 'Send one JSON object, encoded in UTF-8, without a byte order mark.',
  },
  malformed_request: {
    status: 400,
    title: 'The request is malformed',
    detail: 'The request line, a header or the length of the body is not valid HTTP.',
    remedy: 'Check the URL and its percent-encoding, the headers and `Content-Length`.',
  },
  unauthenticated: {
    status: 401,
    title: 'Not signed in',
    detail: 'This call needs a token: send it as Authorization: Bearer, or sign in first.',
    remedy:
      'Sign in with `POST /user/login` and send the `token` of its answer as `Authorization: Bearer <token>`.',
  },
  token_invalid: {
    status: 401,
    title: 'The token is not valid',
    detail: 'The token is not one of this server, was changed, or was revoked.',
    remedy:
      'Sign in again with `POST /user/login`, or use another access token. A token is only good on the instance that issued it.',
  },
  token_expired: {
    status: 401,
    title: 'The token has expired',
    detail: 'The token is past its expiry.',
    remedy: 'Sign in again, or call `POST /user/refresh` before `expires_at`.',
  },
  identity_refused: {
    status: 401,
    title: 'The identity token is refused',
    detail: 'The identity token is refused: {reason}.',
    remedy:
      'Compare the claims of the token with what `GET /token/trust/fetch` shows: issuer, audience, subject and further claims must be the same to the letter. Ask for a new one where each is exchanged once.',
  },
  token_not_yet_valid: {
    status: 401,
    title: 'The token is not valid yet',
    detail: 'The access token is only valid from a later moment on.',
    remedy: 'Wait until its `valid_from`, or use another token.',
  },
  session_ended: {
    status: 401,
    title: 'The session has ended',
    detail: 'The session was signed out, has expired, or its user is gone.',
    remedy: 'Sign in again with `POST /user/login`.',
  },
  credentials_invalid: {
    status: 401,
    title: 'Sign-in failed',
    detail: 'The user name or the password is wrong.',
    remedy: 'Check both. The answer is the same whether the user exists or not.',
  },
  setup_token_invalid: {
    status: 401,
    title: 'The set-up token is not valid',
    detail: 'The set-up token is not the one that this server printed.',
    remedy: 'Use the link that the server printed when it started on an empty database.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    detail: 'Your role does not allow this.',
    remedy: 'Ask someone with a role that may do this; see the permission table in the reference.',
  },
  membership_required: {
    status: 403,
    title: 'Only members may do this',
    detail: 'You may see this project, but only its members may do this.',
    remedy:
      'Have yourself added with `PATCH /project/member/add`. ROOT can add themselves; that is on record.',
  },
  token_not_permitted: {
    status: 403,
    title: 'The token may not do this',
    detail: 'The access token does not grant this here: its permissions, environments or keys leave it out.',
    remedy:
      'Use a token that grants it, or have this one changed; `GET /token/me` shows what it grants. Accounts and tokens are changed by people who are signed in.',
  },
  token_address_refused: {
    status: 403,
    title: 'The token is not for this address',
    detail: 'The access token is only accepted from other client addresses.',
    remedy:
      'Call from an address that the token names. Behind a proxy, `COFFER_TRUSTED_PROXIES` must name the proxy. If it was not you, revoke the token.',
  },
  grant_exceeded: {
    status: 403,
    title: 'More than you may give',
    detail: 'A token cannot be given more than its maker has.',
    remedy:
      'Ask only for what you may do yourself in this project, and for no longer than your own token is valid.',
  },
  origin_mismatch: {
    status: 403,
    title: 'The request comes from another site',
    detail: 'A request that is authenticated by the session cookie must come from a page of this server.',
    remedy:
      'Call from pages of this server, or send a token. Behind a proxy, set `COFFER_PUBLIC_URL` to the address that browsers use.',
  },
  password_incorrect: {
    status: 403,
    title: 'The current password is wrong',
    detail: 'The current password does not match.',
    remedy: 'Enter the password with which you sign in today.',
  },
  endpoint_not_found: {
    status: 404,
    title: 'There is no such endpoint',
    detail: 'No endpoint has this path.',
    remedy: 'See `/openapi.json` or `/scalar` for the endpoints.',
  },
  user_not_found: {
    status: 404,
    title: 'There is no such user',
    detail: 'No user has this uid.',
    remedy: 'List the users with `GET /user/fetch`.',
  },
  project_not_found: {
    status: 404,
    title: 'There is no such project',
    detail: 'There is no such project, or it is not yours to see.',
    remedy:
      'List your projects with `GET /project/fetch`. A project that you are not a member of answers as if it did not exist.',
  },
  environment_not_found: {
    status: 404,
    title: 'There is no such environment',
    detail: 'The project has no environment with this id.',
    remedy: 'List the environments with `GET /environment/fetch`.',
  },
  entry_not_found: {
    status: 404,
    title: 'There is no such entry',
    detail: 'The environment has no entry with this key.',
    remedy: 'List the keys with `GET /vault/fetch`. Keys are upper case.',
  },
  token_not_found: {
    status: 404,
    title: 'There is no such token',
    detail: 'There is no such access token, or it is not yours to see.',
    remedy: 'List your tokens, or those of a project, with `GET /token/fetch`.',
  },
  trust_not_found: {
    status: 404,
    title: 'There is no such trust',
    detail: 'There is no such trust, or it is not yours to see.',
    remedy: 'List those of a project with `GET /token/trust/fetch`.',
  },
  session_not_found: {
    status: 404,
    title: 'There is no such session',
    detail: 'You have no session with this id.',
    remedy: 'List your sessions with `GET /user/session/fetch`.',
  },
  version_not_found: {
    status: 404,
    title: 'There is no such version',
    detail: 'The entry has no version with this number.',
    remedy: 'List the versions with `GET /vault/version/fetch`.',
  },
  member_not_found: {
    status: 404,
    title: 'There is no such member',
    detail: 'This user is not a member of the project.',
    remedy: 'List the members with `GET /project/member/fetch`.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    detail: 'This path does not take this method; see the Allow header.',
    remedy: 'Use the method that the `Allow` header names.',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    detail: 'The request was not received in full within the time allowed.',
    remedy: 'Send the request again, over a faster connection.',
  },
  setup_done: {
    status: 409,
    title: 'The instance is already set up',
    detail: 'The first account exists already; the set-up link works once.',
    remedy: 'Sign in with `POST /user/login`.',
  },
  username_taken: {
    status: 409,
    title: 'The user name is taken',
    detail: 'Another user has this user name; case does not count.',
    remedy: 'Choose another user name.',
  },
  email_taken: {
    status: 409,
    title: 'The e-mail address is taken',
    detail: 'Another user has this e-mail address; case does not count.',
    remedy: 'Use another address.',
  },
  last_root: {
    status: 409,
    title: 'The last ROOT user stays',
    detail: 'This is the last ROOT user: it can be neither deleted nor demoted.',
    remedy: 'Give another user the role ROOT first.',
  },
  project_id_taken: {
    status: 409,
    title: 'The project id is taken',
    detail: 'Another project has this id.',
    remedy: 'Choose another id. Ids are unique on the whole instance.',
  },
  api_path_taken: {
    status: 409,
    title: 'The API path is taken',
    detail: "Another project's API path is this one, lies below it, or lies above it.",
    remedy: "Choose a path that shares no leading segments with another project's whole path.",
  },
  member_exists: {
    status: 409,
    title: 'Already a member',
    detail: 'This user is a member of the project already.',
    remedy: 'Nothing needs to be done.',
  },
  last_manager: {
    status: 409,
    title: 'The last member who manages the project',
    detail: 'This is the last ROOT or ADMIN member; without them no member can open the vault.',
    remedy: 'Add another ROOT or ADMIN user first, or repeat the call with `force: true`.',
  },
  environment_exists: {
    status: 409,
    title: 'The environment exists',
    detail: 'The project has an environment with this id already.',
    remedy: 'Choose another id.',
  },
  environment_not_empty: {
    status: 409,
    title: 'The environment is not empty',
    detail: 'The environment is not empty. Entries: {entries}, routes: {routes}.',
    remedy: 'Delete its entries and routes first.',
  },
  environment_permanent: {
    status: 409,
    title: 'The default environment stays',
    detail: 'The environment default cannot be deleted.',
    remedy: 'Calls that name no environment use it. Delete the project if it is no longer needed.',
  },
  environment_limit: {
    status: 409,
    title: 'Too many environments',
    detail: 'A project has at most {limit} environments.',
    remedy: 'Delete an environment that is no longer used.',
  },
  trust_limit: {
    status: 409,
    title: 'Too many trusts',
    detail: 'A project trusts at most {limit} workloads.',
    remedy: 'Delete those that are no longer used.',
  },
  token_limit: {
    status: 409,
    title: 'Too many tokens',
    detail: 'A person has at most {limit} access tokens, and so has a project, and what one trust gave out.',
    remedy: 'Revoke tokens that are no longer used.',
  },
  entry_exists: {
    status: 409,
    title: 'The key is taken',
    detail: 'The environment has an entry with this key already.',
    remedy: 'Update it with `PATCH /vault/update`, or choose another key.',
  },
  version_conflict: {
    status: 409,
    title: 'It changed since it was read',
    detail: 'It is at version {current}, not at version {expected}.',
    remedy:
      'Read the entry or the route again, decide what it should be now, and repeat with the new `if_version`.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    detail: 'The body is larger than this call takes.',
    remedy: 'Send less in one call. A value has at most 65,536 bytes.',
  },
  value_too_large: {
    status: 413,
    title: 'The value is too large',
    detail: 'A value has at most 65,536 bytes of UTF-8.',
    remedy: 'Store large files elsewhere and keep the key that opens them in the vault.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body must be JSON',
    detail: 'The body must be sent as Content-Type: application/json, in UTF-8 and not compressed.',
    remedy: 'Set `Content-Type: application/json`.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many tries',
    detail: 'Too many failed tries; wait {retry_after_seconds} seconds.',
    remedy: 'Wait for the number of seconds in `Retry-After`. Each further failure makes the wait longer.',
  },
  too_many_watchers: {
    status: 429,
    title: 'Too many watchers',
    detail: 'You watch too many vaults at once.',
    remedy: 'End streams that are no longer needed, or wait as long as `Retry-After` says (seconds).',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    detail: 'The request line and headers together are larger than the server accepts.',
    remedy: 'Send shorter headers and a shorter URL.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong on the server',
    detail: 'The server met a fault that it did not expect. Nothing was changed.',
    remedy: 'Give the `request_id` to the administrator: the log has one line for it.',
  },
  value_unreadable: {
    status: 500,
    title: 'The stored value cannot be opened',
    detail:
      'The stored ciphertext does not belong to this entry and version, or was altered. Nothing was given out.',
    remedy:
      'Someone or something changed the database outside Coffer. Restore the entry from a backup and find out who.',
  },
  store_unavailable: {
    status: 503,
    title: 'The database cannot serve now',
    detail: 'The database cannot serve now: {reason}.',
    remedy: 'The administrator removes the cause; Coffer recovers by itself.',
  },
  audit_unavailable: {
    status: 503,
    title: 'The access cannot be recorded',
    detail: 'The record of this access cannot be written, so nothing is given out: {reason}.',
    remedy: 'The administrator removes the cause; Coffer recovers by itself.',
  },
  issuer_unavailable: {
    status: 503,
    title: 'The issuer cannot be asked',
    detail: 'The keys of the issuer of the identity token cannot be had: {reason}.',
    remedy:
      'Try again in a moment. If the issuer is at a private address or not at https, the administrator allows its origin with `COFFER_EGRESS_ALLOW`.',
  },
  overloaded: {
    status: 503,
    title: 'Too much at once',
    detail: 'The server has more of this work than it can do now.',
    remedy: 'Try again in a moment.',
  },
  not_ready: {
    status: 503,
    title: 'Not ready',
    detail: 'The server is alive but cannot serve: {reason}.',
    remedy: 'The administrator removes the cause; Coffer recovers by itself.',
  },
  ...ROUTE_ERRORS,
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;
