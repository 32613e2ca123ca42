import { CofferError } from '@coffer/client';
import { ERRORS } from '@coffer/core';
import { expect, test } from 'vitest';
import { exitCodeOf, remedyOf } from './server-errors.ts';

test('every error of the server and of the client has a way out', () => {
  for (const code of [...Object.keys(ERRORS), 'network_error', 'timeout', 'answer_invalid'])
    expect(remedyOf(new CofferError(code, '')), code).toMatch(/\w/);
});

test.each([
  [400, 1],
  [401, 3],
  [403, 4],
  [404, 5],
  [409, 6],
  [429, 7],
  [500, 1],
  [503, 7],
])('status %d ends with %d', (status, exit) => {
  expect(exitCodeOf(new CofferError('x', '', { status }))).toBe(exit);
});

test.each(['network_error', 'timeout'])('%s is a server that is away', (code) => {
  expect(exitCodeOf(new CofferError(code, ''))).toBe(7);
});

test('invalid fields are the remedy, and a command line that is not valid', () => {
  const error = new CofferError('invalid_input', '', {
    status: 400,
    errors: [
      { path: 'limit', message: 'must be a number' },
      { path: 'key', message: 'must be a key' },
    ],
  });
  expect(remedyOf(error)).toBe('limit must be a number; key must be a key');
  expect(exitCodeOf(error)).toBe(2);
});

test.each(['token_invalid', 'token_expired', 'session_ended'])('%s says which token it is about', (code) => {
  expect(remedyOf(new CofferError(code, ''), { tokenOfVariable: true })).toContain('COFFER_TOKEN');
  expect(remedyOf(new CofferError(code, ''))).not.toContain('COFFER_TOKEN');
});
