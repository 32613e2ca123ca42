import { format, inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Redacted } from './redacted.ts';

/* oxlint-disable typescript/restrict-template-expressions, typescript/restrict-plus-operands, typescript/no-misused-spread, eslint/prefer-template -- what must not be done with it is what is tested */

const CANARY = 'canary-5f1c';

/** Every way in which something in a program turns into text, at the top and three levels down. */
const PRINTERS: Record<string, (value: Redacted<string>) => string> = {
  'String()': (value) => String(value),
  'toString()': (value) => value.toString(),
  'a template': (value) => `${value}`,
  concatenation: (value) => 'the value is ' + value,
  'join()': (value) => [value, value].join(','),
  'a property key': (value) => Object.keys({ [value as unknown as string]: 1 }).join(','),
  'toLocaleString()': (value) => value.toLocaleString(),
  'JSON.stringify': (value) => JSON.stringify(value),
  'JSON.stringify, nested': (value) => JSON.stringify({ a: [{ value }] }, null, 2),
  inspect: (value) => inspect(value),
  'inspect, nested': (value) =>
    inspect({ a: [{ value }], map: new Map([['value', value]]) }, { depth: null }),
  'inspect with everything shown': (value) =>
    inspect({ value }, { showHidden: true, getters: true, depth: null }),
  'util.format': (value) => format('%s %o %O %j', value, value, value, value),
  'the message of an error': (value) => new Error(`refused: ${value}`).message,
  'an error that holds it': (value) => inspect(Object.assign(new Error('refused'), { value })),
};

describe('Redacted', () => {
  test.each(Object.keys(PRINTERS))('shows [redacted] and nothing of the value in %s', (name) => {
    const text = PRINTERS[name]?.(new Redacted(CANARY)) ?? '';
    expect(text).toContain('[redacted]');
    expect(text).not.toContain(CANARY);
  });

  test('shows nothing of a structure either', () => {
    const text = inspect(new Redacted({ password: CANARY, list: [CANARY] }), {
      depth: null,
      showHidden: true,
    });
    expect(text).toBe('[redacted]');
  });

  test('is not a number in arithmetic', () => {
    expect(Number(new Redacted('42') as unknown)).toBeNaN();
  });

  test('has no property that holds the value', () => {
    const redacted = new Redacted(CANARY);
    expect(Reflect.ownKeys(redacted)).toEqual([]);
    expect({ ...redacted }).toEqual({});
    expect(Object.entries(redacted)).toEqual([]);
  });

  test('loses the value when it is cloned', () => {
    expect(inspect(structuredClone(new Redacted(CANARY)), { showHidden: true })).not.toContain(CANARY);
  });

  test('gives the very value out by expose()', () => {
    const value = { secret: CANARY };
    expect(new Redacted(value).expose()).toBe(value);
  });
});
