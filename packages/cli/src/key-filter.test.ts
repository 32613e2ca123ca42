import { describe, expect, test } from 'vitest';
import { demandSafe, filterKeys } from './key-filter.ts';

const VALUES = { AWS_ID: '1', AWS_KEY: '2', DATABASE_URL: '3', PATH: '4' };

describe('filterKeys', () => {
  test.each([
    [[], [], ['AWS_ID', 'AWS_KEY', 'DATABASE_URL', 'PATH']],
    [['AWS_*'], [], ['AWS_ID', 'AWS_KEY']],
    [['AWS_ID, PATH'], [], ['AWS_ID', 'PATH']],
    [['*'], ['AWS_*', 'PATH'], ['DATABASE_URL']],
    [['A*_*D'], [], ['AWS_ID']],
    [['*_*_*'], [], []],
    [['AWS_ID*D'], [], []],
  ])('only %j except %j', (only, except, keys) => {
    expect(Object.keys(filterKeys(VALUES, { only, except }))).toEqual(keys);
  });

  test('fails when a key that is named is not there', () => {
    expect(() => filterKeys(VALUES, { only: ['AWS_ID', 'NOT'], except: [] })).toThrow('the vault has no NOT');
  });
});

describe('demandSafe', () => {
  test.each([
    'PATH',
    'LD_PRELOAD',
    'DYLD_INSERT_LIBRARIES',
    'NODE_OPTIONS',
    'BASH_ENV',
    'PYTHONPATH',
    'PERL5OPT',
    'RUBYOPT',
    'JAVA_TOOL_OPTIONS',
    'GIT_SSH_COMMAND',
    'GIT_CONFIG_COUNT',
    'GIT_SEQUENCE_EDITOR',
    'XDG_CONFIG_HOME',
    'TAR_OPTIONS',
    'LESSOPEN',
    'LESSCLOSE',
    'MAKEFILES',
    'MAKEFLAGS',
    'RUSTC_WRAPPER',
    'CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER',
    'GOFLAGS',
    'PYTHONWARNINGS',
    'COFFER_TOKEN',
  ])('refuses %s unless it is named', (key) => {
    const values = { [key]: 'x' };
    expect(() => demandSafe(values, { only: [], except: [] })).toThrow(key);
    expect(() => demandSafe(values, { only: ['*'], except: [] })).toThrow(key);
    expect(() => demandSafe(values, { only: [key], except: [] })).not.toThrow();
  });

  test('lets names of programs through', () => {
    const values = {
      DATABASE_URL: '',
      API_PATH: '',
      PGPASSWORD: '',
      AWS_SECRET_ACCESS_KEY: '',
      CARGO_REGISTRY_TOKEN: '',
      GIT_TOKEN: '',
    };
    expect(() => demandSafe(values, { only: [], except: [] })).not.toThrow();
  });
});
