import { CofferError } from '@coffer/client';
import { ERRORS, type ErrorCode } from '@coffer/core';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Where the way out is a command and not a call. The rest is in the table of errors. */
const REMEDIES: Readonly<Record<string, string>> = {
  unauthenticated: 'sign in with `coffer login`',
  token_invalid: 'sign in with `coffer login`; a token is only good on the server that issued it',
  token_expired: 'sign in again with `coffer login`',
  session_ended: 'sign in again with `coffer login`',
  identity_refused:
    'fetch a new identity token: each is good for minutes, and often once; if a new one is refused, too, compare its issuer, audience, subject and claims with the trust',
  credentials_invalid: 'check the user name and the password',
  forbidden: 'ask someone whose role may do this',
  token_not_permitted: 'use a token that grants this; `coffer whoami --json` shows what yours does',
  membership_required: 'ask a member of the project who manages it to add you',
  project_not_found: '`coffer projects` lists those that you may see',
  environment_not_found: 'check --env, COFFER_ENVIRONMENT and coffer.json',
  entry_not_found: '`coffer list` shows the keys; they are upper case',
  version_not_found: '`coffer history KEY` shows the versions',
  version_conflict: 'someone else changed it meanwhile: look at it, then try again',
  entry_exists: 'someone else created it meanwhile: look at it, then try again',
  route_not_found: '`coffer routes list` shows the routes',
  route_exists: 'someone else created it meanwhile: look at it, then try again',
  origin_not_allowed: 'allow it with `coffer allow KEY ORIGIN`, if the value is meant to go there',
  path_not_allowed:
    'send it in a header; or allow it with `coffer allow KEY --in-path`: paths are written to the logs of servers',
  too_many_attempts: 'wait, then try again',
  network_error: 'check the URL, the network, and whether the server runs',
  timeout: 'try again; check the network if it stays so',
  answer_invalid: 'check the URL, and what stands between you and the server',
};

const REFUSES_TOKEN: ReadonlySet<string> = new Set([
  'unauthenticated',
  'token_invalid',
  'token_expired',
  'token_not_yet_valid',
  'session_ended',
]);

/** Refusals that are nobody else's doing, though they share the status of those that are. */
const NO_RACE: ReadonlySet<string> = new Set(['route_entry_missing', 'route_value_unusable']);

export function exitCodeOf({ code, status }: CofferError): ExitCode {
  if (isAway({ code, status }) || status === 429) return EXIT.serverAway;
  if (code === 'invalid_input') return EXIT.usage;
  if (status === 401) return EXIT.notSignedIn;
  if (status === 403) return EXIT.notAllowed;
  if (status === 404) return EXIT.notFound;
  if (status === 409 && !NO_RACE.has(code)) return EXIT.conflict;
  return EXIT.failure;
}

/** The server cannot be reached, or says that it cannot serve; not that it refuses. */
export function isAway({ code, status }: Pick<CofferError, 'code' | 'status'>): boolean {
  return code === 'network_error' || code === 'timeout' || status === 503;
}

/** The token in use is that of COFFER_TOKEN. */
type Circumstances = { tokenOfVariable?: boolean };

export function remedyOf(
  { code, requestId, errors }: CofferError,
  { tokenOfVariable = false }: Circumstances = {},
): string | undefined {
  if (code === 'internal') return `tell the administrator the request id: ${requestId ?? 'unknown'}`;
  if (code === 'invalid_input' && errors.length > 0)
    return errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  if (tokenOfVariable && REFUSES_TOKEN.has(code))
    return 'it is COFFER_TOKEN that is refused: set it to one that is valid there, or unset it to use that of `coffer login`';
  return REMEDIES[code] ?? (code in ERRORS ? ERRORS[code as ErrorCode].remedy : undefined);
}

export function isCode(error: unknown, code: string): error is CofferError {
  return error instanceof CofferError && error.code === code;
}
