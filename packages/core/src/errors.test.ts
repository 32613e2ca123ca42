import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from './error-table.ts';
import { AppError, invalidField } from './errors.ts';

/**
 * Outside programs branch on the code and on the status (API.md), so both are written down here once more: whoever
 * renames a code or moves it to another status has to change this list, and a decision record.
 */
const STATUS_OF = {
  invalid_input: 400,
  malformed_json: 400,
  malformed_request: 400,
  unauthenticated: 401,
  token_invalid: 401,
  token_expired: 401,
  session_ended: 401,
  credentials_invalid: 401,
  setup_token_invalid: 401,
  forbidden: 403,
  membership_required: 403,
  origin_mismatch: 403,
  password_incorrect: 403,
  origin_not_allowed: 403,
  path_not_allowed: 403,
  route_unauthorized: 403,
  endpoint_not_found: 404,
  route_not_found: 404,
  user_not_found: 404,
  project_not_found: 404,
  environment_not_found: 404,
  entry_not_found: 404,
  session_not_found: 404,
  version_not_found: 404,
  member_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  setup_done: 409,
  username_taken: 409,
  email_taken: 409,
  last_root: 409,
  project_id_taken: 409,
  api_path_taken: 409,
  member_exists: 409,
  last_manager: 409,
  environment_exists: 409,
  environment_not_empty: 409,
  environment_permanent: 409,
  environment_limit: 409,
  entry_exists: 409,
  route_exists: 409,
  route_path_taken: 409,
  route_limit: 409,
  route_entry_missing: 409,
  route_value_unusable: 409,
  route_unusable: 409,
  version_conflict: 409,
  body_too_large: 413,
  value_too_large: 413,
  unsupported_media_type: 415,
  too_many_attempts: 429,
  too_many_calls: 429,
  headers_too_large: 431,
  internal: 500,
  value_unreadable: 500,
  route_upstream_unreachable: 502,
  route_response_refused: 502,
  store_unavailable: 503,
  audit_unavailable: 503,
  overloaded: 503,
  not_ready: 503,
  route_upstream_timeout: 504,
};

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the table of errors', () => {
  test('has every code that programs rely on, with its status', () => {
    const actual = Object.fromEntries(CODES.map((code) => [code, ERRORS[code].status]));
    expect(actual).toMatchObject(STATUS_OF);
  });

  test.each(CODES)('%s is a snake_case word with a title, a sentence and a remedy', (code) => {
    const { status, title, detail, remedy } = ERRORS[code];
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(status).toSatisfy((value: number) => value >= 400 && value < 600);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(detail).toMatch(/^[A-Z].*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  });
});

describe('AppError', () => {
  test('takes status and message from the table', () => {
    const error = new AppError('entry_not_found');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('AppError');
    expect(error.code).toBe('entry_not_found');
    expect(error.status).toBe(404);
    expect(error.message).toBe('The environment has no entry with this key.');
    expect(error.detail).toEqual({});
    expect(error.fields).toEqual([]);
  });

  test('fills the scalars of its detail into the message', () => {
    const error = new AppError('version_conflict', { current: 7, expected: 3 });
    expect(error.message).toBe('It is at version 7, not at version 3.');
    expect(error.detail).toEqual({ current: 7, expected: 3 });
  });

  test('does not read a scalar as a pattern or as another place to fill', () => {
    const error = new AppError('not_ready', { reason: "$& $' {reason}" });
    expect(error.message).toBe("The server is alive but cannot serve: $& $' {reason}.");
  });

  test('shows a question mark for a scalar that was forgotten, never undefined', () => {
    expect(new AppError('environment_limit').message).toBe('A project has at most ? environments.');
  });

  test('keeps its cause for the log and out of what the caller is shown', () => {
    const cause = new Error('SQLITE_FULL: value hunter2');
    const error = new AppError('store_unavailable', { reason: 'the disk is full' }, { cause });
    expect(error.cause).toBe(cause);
    expect(`${error.message}${JSON.stringify(error.detail)}${JSON.stringify(error.fields)}`).not.toContain(
      'hunter2',
    );
  });

  test('has no cause where none was given', () => {
    expect('cause' in new AppError('internal')).toBe(false);
  });

  test('names the one field that is not valid', () => {
    const error = invalidField('key', 'must not be empty');
    expect(error.code).toBe('invalid_input');
    expect(error.fields).toEqual([{ path: 'key', message: 'must not be empty' }]);
  });
});
