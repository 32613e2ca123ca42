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
