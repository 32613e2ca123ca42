import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EntryKey, EnvironmentId, ProjectId } from './names.ts';
import { ACTIONS, PERMISSIONS } from './permissions.ts';
import {
  checkGrant,
  decideGrant,
  grantsEnvironment,
  grantsKey,
  isWithin,
  type KeyPattern,
  type TokenGrant,
} from './token-grant.ts';

const PROJECT = 'shop' as ProjectId;
const OTHER = 'other' as ProjectId;

function grant(limits: Partial<TokenGrant> = {}): TokenGrant {
  return {
    kind: 'service',
    permissions: ['vault.view'],
    projectId: PROJECT,
    environments: undefined,
    keys: undefined,
    ...limits,
  };
}

const patterns = (...texts: string[]): KeyPattern[] => texts as KeyPattern[];

/** What a pattern means, by another way: as a regular expression. */
function matches(pattern: string, key: string): boolean {
  return new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(key);
}

const key = fc.stringMatching(/^[AB_]{0,8}$/) as fc.Arbitrary<EntryKey>;
const pattern = fc.stringMatching(/^[AB_*]{0,6}$/) as fc.Arbitrary<KeyPattern>;

describe('the keys that a grant covers', () => {
  test('are those that a pattern matches', () => {
    fc.assert(
      fc.property(pattern, key, (one, text) => {
        expect(grantsKey(grant({ keys: [one] }), text)).toBe(matches(one, text));
      }),
      { numRuns: 2000 },
    );
  });

  test('are found without trying every way to spread many *', () => {
    const hostile = `${'A*'.repeat(120)}B`;
    expect(grantsKey(grant({ keys: patterns(hostile) }), 'A'.repeat(255) as EntryKey)).toBe(false);
  });
});

describe('a grant within another', () => {
  test('covers no key that the other leaves out', () => {
    fc.assert(
      fc.property(pattern, pattern, key, (inner, outer, text) => {
        fc.pre(isWithin(grant({ keys: [inner] }), grant({ keys: [outer] })));
        if (matches(inner, text)) expect(matches(outer, text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, Partial<TokenGrant>, Partial<TokenGrant>, boolean]>([
    ['the same', {}, {}, true],
    ['one more permission', { permissions: ['vault.view', 'vault.list'] }, {}, false],
    ['another project', { projectId: OTHER }, {}, false],
    ['every project', { projectId: undefined }, {}, false],
    ['one of every project', {}, { projectId: undefined }, true],
    ['fewer keys', { keys: patterns('STRIPE_KEY', 'STRIPE_A*') }, { keys: patterns('STRIPE_*') }, true],
    ['every key', { keys: undefined }, { keys: patterns('*') }, false],
    [
      'an environment more',
      { environments: ['a', 'b'] as EnvironmentId[] },
      { environments: ['a'] as EnvironmentId[] },
      false,
    ],
  ])('is not decided by anything but what it covers: %s', (_, inner, outer, isIn) => {
    expect(isWithin(grant(inner), grant(outer))).toBe(isIn);
  });
});

describe('the decision on a grant', () => {
  test('hides every project but its own, before anything else', () => {
    for (const action of ACTIONS) expect(decideGrant(grant(), action, OTHER)).toBe('hidden');
  });

  test('never allows what takes a session, whatever was written into it', () => {
    const all = grant({ permissions: ACTIONS, projectId: undefined });
    const allowed = ACTIONS.filter((action) => decideGrant(all, action) === 'allowed');
    expect(allowed).toEqual(ACTIONS.filter((action) => PERMISSIONS[action].token !== 'none'));
    expect(allowed).not.toContain('session.use');
  });

  test('covers the environments that it names', () => {
    const limited = grant({ environments: ['staging'] as EnvironmentId[] });
    expect(grantsEnvironment(limited, 'staging' as EnvironmentId)).toBe(true);
    expect(grantsEnvironment(limited, 'default' as EnvironmentId)).toBe(false);
    expect(grantsEnvironment(grant(), 'default' as EnvironmentId)).toBe(true);
  });
});

describe('a grant that cannot be', () => {
  test('names each permission that is the reason', () => {
    const wrong = grant({ permissions: ['vault.view', 'member.add', 'token.create'], keys: patterns('A*') });
    expect(checkGrant(wrong).map(({ path }) => path)).toEqual(['permissions.1', 'permissions.2']);
    expect(checkGrant(grant({ kind: 'personal', permissions: ['user.list'] }))).toHaveLength(1);
    expect(checkGrant(grant({ kind: 'personal', permissions: ['user.list'], projectId: undefined }))).toEqual(
      [],
    );
  });
});
