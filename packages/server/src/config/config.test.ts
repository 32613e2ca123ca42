import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { StartError } from '../start-error.ts';
import { OTHER_TEST_KEY, TEST_CERT, TEST_KEY } from '../testing/tls.ts';
import { readConfig, type Config } from './config.ts';
import { SETTINGS, type SettingName } from './settings.ts';

const ROOT_KEY = Buffer.alloc(32, 7).toString('base64');
const RECIPIENT = 'age1greymqxh9vydyryw0dqgqq2wtguypy5acej2ysgxrdlmxcaravvq4ajmwx';
const OTHER_KEY = Buffer.alloc(32, 9).toString('base64');
const PASSWORD = 'violet-anchor-pebble-41';

type Case = {
  /** What it turns into. */
  good: readonly (readonly [text: string, expected: unknown])[];
  bad: readonly string[];
  /** Settings that it needs beside it. */
  beside?: Partial<Record<SettingName, string>>;
  pick: (config: Config) => unknown;
};

const CASES = {
  COFFER_HOST: {
    pick: ({ host }) => host,
    good: [
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::1'],
      ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
      ['localhost', 'localhost'],
      ['vault-1.example.org', 'vault-1.example.org'],
    ],
    bad: [
      'http://localhost',
      '127.0.0.1:8080',
      '[::1]',
      'under_score',
      '-dash',
      'dash-',
      'two words',
      'new\nline',
      'höst',
      '.dot',
      'a'.repeat(300),
      '../etc',
    ],
  },
  COFFER_PORT: {
    pick: ({ port }) => port,
    good: [
      ['0', 0],
      ['80', 80],
      ['65535', 65_535],
    ],
    bad: [
      '65536',
      '99999',
      '-1',
      '80.5',
      '0x50',
      '8e1',
      ' 8081',
      '8081 ',
      '+80',
      'http',
      '123456',
      '٨٠',
      'NaN',
      '80\n',
    ],
  },
  COFFER_DATA_DIR: {
    pick: ({ dataDir }) => dataDir,
    good: [
      ['/var/lib/coffer', '/var/lib/coffer'],
      ['somewhere/else', resolve('somewhere/else')],
      [' with a space ', resolve(' with a space ')],
    ],
    bad: [],
  },
  COFFER_DATABASE_URL: {
    pick: ({ database }) =>
      database && {
        at: `${database.user}:${database.password?.expose()}@${database.host}:${database.port}/${database.database}`,
        tls: database.tls && { verify: database.tls.verify, ca: database.tls.ca !== undefined },
      },
    good: [
      [
        'postgres://coffer:open-sesame@db/coffer',
        { at: 'coffer:open-sesame@db:5432/coffer', tls: { verify: 'full', ca: false } },
      ],
      ['postgresql://c:p%40%2F%25@[::1]:5433/d', { at: 'c:p@/%@::1:5433/d', tls: undefined }],
      ['postgres://c:p@127.0.0.1/d', { at: 'c:p@127.0.0.1:5432/d', tls: undefined }],
      [
        'postgres://c:p@localhost/d?host=/run/postgresql',
        { at: 'c:p@/run/postgresql:5432/d', tls: undefined },
      ],
      ['postgres://c:p@db/d?sslmode=disable', { at: 'c:p@db:5432/d', tls: undefined }],
      ['postgres://c:p@db/d?sslmode=require', { at: 'c:p@db:5432/d', tls: { verify: 'nothing', ca: false } }],
      [
        'postgres://c:p@127.0.0.1/d?sslmode=verify-full',
        { at: 'c:p@127.0.0.1:5432/d', tls: { verify: 'full', ca: false } },
      ],
    ],
    bad: [
      'sqlite:coffer.db',
      'nonsense',
      'postgres://open-sesame@/coffer',
      'postgres://c:open-sesame@db',
      'postgres://c:open-sesame@db/a/b',
      'postgres://c:open%ZZsesame@db/coffer',
      'postgres://c:open-sesame@db/coffer?sslmode=prefer',
      'postgres://c:open-sesame@db/coffer?sslmode=disable&sslmode=require',
      'postgres://c:open-sesame@db/coffer?sslmode=verify-ca',
      'postgres://c:open-sesame@db/coffer?sslcert=/nowhere/open-sesame.pem',
      'postgres://c:open-sesame@db/coffer?sslmode=disable&sslrootcert=ca.pem',
      'postgres://c:open-sesame@db/coffer?options=-c%20search_path=x',
      'postgres://c:12?open-sesame@db/coffer',
      'postgres://c:12?sslmode=open-sesame@db/coffer',
    ],
  },
  COFFER_ROOT_KEY: {
    pick: ({ rootKeys }) => rootKeys?.keys.map((key) => key.expose().toString('base64')).join(),
    good: [
      [ROOT_KEY, ROOT_KEY],
      [`${ROOT_KEY}\n`, ROOT_KEY],
      [`${ROOT_KEY} \n${OTHER_KEY}`, `${ROOT_KEY},${OTHER_KEY}`],
    ],
    bad: [
      Buffer.alloc(31, 7).toString('base64'),
      Buffer.alloc(33, 7).toString('base64'),
      Buffer.alloc(32, 7).toString('hex'),
      Buffer.alloc(32, 0xff).toString('base64url'),
      ROOT_KEY.replace('=', ''),
      `${ROOT_KEY}${ROOT_KEY}`,
      `${ROOT_KEY} nonsense`,
      Array.from({ length: 5 }, () => ROOT_KEY).join(' '),
      `${ROOT_KEY.slice(0, 20)}\n${ROOT_KEY.slice(20)}`,
      ROOT_KEY.replace('B', '!'),
      'correct horse battery staple',
      '   ',
    ],
  },
  COFFER_ROOT_USERNAME: {
    beside: { COFFER_ROOT_EMAIL: 'ada@example.org', COFFER_ROOT_PASSWORD: PASSWORD },
    pick: ({ firstUser }) => firstUser?.username,
    good: [
      ['ada', 'ada'],
      ['Ada.L-1_', 'Ada.L-1_'],
    ],
    bad: [
      'ada@example.org',
      '.ada-dot',
      '-ada-dash',
      'ada lovelace',
      'ada\nlovelace',
      'ädalovelace',
      'a'.repeat(101),
    ],
  },
  COFFER_ROOT_EMAIL: {
    beside: { COFFER_ROOT_USERNAME: 'ada', COFFER_ROOT_PASSWORD: PASSWORD },
    pick: ({ firstUser }) => firstUser?.email,
    good: [['ada@example.org', 'ada@example.org']],
    // Its form is checked where the user is made: see start.test.ts.
    bad: [],
  },
  COFFER_ROOT_PASSWORD: {
    beside: { COFFER_ROOT_USERNAME: 'ada', COFFER_ROOT_EMAIL: 'ada@example.org' },
    pick: ({ firstUser }) => firstUser?.password.expose(),
    good: [
      [PASSWORD, PASSWORD],
      [' kept as it is ', ' kept as it is '],
    ],
    // As with the address: see start.test.ts.
    bad: [],
  },
  COFFER_PUBLIC_URL: {
    pick: ({ publicUrl }) => publicUrl,
    good: [
      ['https://vault.example.org', 'https://vault.example.org'],
      ['https://vault.example.org/', 'https://vault.example.org'],
      ['https://vault.example.org:443', 'https://vault.example.org'],
      ['HTTPS://Vault.Example.Org:8443', 'https://vault.example.org:8443'],
      ['http://[::1]:8080', 'http://[::1]:8080'],
    ],
    bad: [
      'vault.internal',
      'vault.internal:8080',
      '//vault.internal',
      'ftp://vault.internal',
      'http:',
      'https://',
      'https://vault.internal/path',
      'https://vault.internal?query=1',
      'https://vault.internal#hash',
      'https://ada:sesame@vault.internal',
      'javascript:alert(1)',
      'file:///etc/passwd',
      'two words',
      '*',
      'null',
      'https://a.example,https://b.example',
      'https://vault.internal:99999',
      'https://vault.internal//',
    ],
  },
  COFFER_TLS_CERT: {
    beside: { COFFER_TLS_KEY: TEST_KEY },
    pick: ({ tls }) => tls?.cert,
    good: [[TEST_CERT, TEST_CERT]],
    bad: [
      '/etc/coffer/cert.pem',
      TEST_CERT.replace('-----BEGIN ', '-----begin '),
      '-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n',
      '-----BEGIN CERTIFICATE-----',
      TEST_KEY,
    ],
  },
  COFFER_TLS_KEY: {
    beside: { COFFER_TLS_CERT: TEST_CERT },
    pick: ({ tls }) => tls?.key.expose(),
    good: [[TEST_KEY, TEST_KEY]],
    bad: [
      '/etc/coffer/key.pem',
      '-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n',
      TEST_CERT,
      OTHER_TEST_KEY,
    ],
  },
  COFFER_TRUSTED_PROXIES: {
    pick: ({ trustedProxies }) => trustedProxies,
    good: [
      ['127.0.0.1', ['127.0.0.1']],
      ['10.0.0.0/8, 192.168.1.7', ['10.0.0.0/8', '192.168.1.7']],
      ['::1,fd00::/8', ['::1', 'fd00::/8']],
    ],
    bad: [
      'localhost',
      'proxy.internal',
      '172.16.0.0/33',
      '172.16.0.0/-1',
      '172.16.0.0/',
      '172.16.0.0/8/8',
      '::/129',
      '172.16.0.0/255.0.0.0',
      '172.16.0.1,',
      ',172.16.0.1',
      '172.16.0.1;172.16.0.2',
      '172.16.0',
      'true',
      '*',
      // To believe everybody is to believe nobody: it is no way to write it either.
      '0.0.0.0/0',
      '::/0',
    ],
  },
  COFFER_EGRESS_ALLOW: {
    pick: ({ egressAllow }) => egressAllow,
    good: [
      ['https://kubernetes.default.svc', ['https://kubernetes.default.svc']],
      ['http://127.0.0.1:8080, https://a.example:443', ['http://127.0.0.1:8080', 'https://a.example']],
    ],
    bad: [
      '127.0.0.1',
      'https://a.example/',
      'https://a.example/path',
      'ftp://a.example',
      'https://u:p@a.example',
      '*',
    ],
  },
  COFFER_BACKUP_RECIPIENTS: {
    pick: ({ backup }) => backup.recipients,
    good: [
      [RECIPIENT, [RECIPIENT]],
      [`${RECIPIENT}, ${RECIPIENT}`, [RECIPIENT, RECIPIENT]],
    ],
    bad: ['age1', 'AGE-SECRET-KEY-1', 'ssh-ed25519 AAAA', `${RECIPIENT},`, `${RECIPIENT} ${RECIPIENT}`],
  },
  COFFER_BACKUP_PASSPHRASE: {
    pick: ({ backup }) => backup.passphrase?.expose(),
    good: [
      [PASSWORD, PASSWORD],
      [' twelve in all ', ' twelve in all '],
    ],
    bad: ['eleven char', ' '.repeat(12), ' eleven char ', 'few       words'],
  },
  COFFER_BACKUP_DIR: {
    pick: ({ backup }) => backup.schedule,
    beside: { COFFER_BACKUP_RECIPIENTS: RECIPIENT },
    good: [
      [
        '/var/backups/coffer',
        { directory: '/var/backups/coffer', everyMs: 86_400_000, keep: 14, recipients: [RECIPIENT] },
      ],
      ['backups', { directory: resolve('backups'), everyMs: 86_400_000, keep: 14, recipients: [RECIPIENT] }],
    ],
    bad: [],
  },
  COFFER_BACKUP_EVERY: {
    pick: ({ backup }) => backup.schedule?.everyMs,
    beside: { COFFER_BACKUP_RECIPIENTS: RECIPIENT, COFFER_BACKUP_DIR: '/backups' },
    good: [
      ['10m', 600_000],
      ['90m', 5_400_000],
      ['12h', 43_200_000],
      ['7d', 604_800_000],
      ['366d', 31_622_400_000],
    ],
    bad: [
      '9m',
      '367d',
      '999999h',
      '0h',
      '1',
      '24',
      'h',
      '1s',
      '1w',
      '-1d',
      '1.5h',
      '1d ',
      '1h30m',
      'daily',
      '1D',
      '1e2h',
    ],
  },
  COFFER_BACKUP_KEEP: {
    pick: ({ backup }) => backup.schedule?.keep,
    beside: { COFFER_BACKUP_RECIPIENTS: RECIPIENT, COFFER_BACKUP_DIR: '/backups' },
    good: [
      ['1', 1],
      ['9999', 9999],
    ],
    bad: ['0', '-1', '1.5', '10000', 'all', ' 7', '0x10', '7d'],
  },
  COFFER_LOG_LEVEL: {
    pick: ({ logLevel }) => logLevel,
    good: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map(
      (level) => [level, level] as const,
    ),
    bad: ['INFO', 'verbose', 'info ', '30', 'toString', '__proto__'],
  },
} satisfies Record<SettingName, Case>;

const ALL = Object.entries<Case>(CASES).map(([name, entry]) => ({ name: name as SettingName, ...entry }));

describe('settings', () => {
  test('without any, the defaults of the table hold', () => {
    const { dataDir, ...config } = readConfig({ HOME: '/root', PATH: '/bin', coffer_port: '1' });
    expect(dataDir).toBe(resolve('data'));
    expect(config).toEqual({
      host: '127.0.0.1',
      port: 8080,
      rootKeys: undefined,
      firstUser: undefined,
      publicUrl: undefined,
      tls: undefined,
      trustedProxies: [],
      backup: { recipients: undefined, passphrase: undefined },
      egressAllow: [],
      logLevel: 'info',
    });
    expect(SETTINGS.map(({ name }) => name)).toEqual(ALL.map(({ name }) => name));
  });

  test.each(ALL)('$name takes every good value, directly and from a file', ({ name, beside, pick, good }) => {
    using files = temporaryFiles();
    const isPem = name.startsWith('COFFER_TLS_');
    for (const [text, expected] of good) {
      expect(pick(readConfig({ ...beside, [name]: text }))).toEqual(expected);
      const fromFile = pick(readConfig({ ...beside, [`${name}_FILE`]: files.write(text) }));
      expect(fromFile).toEqual(isPem ? text.trimEnd() : expected);
    }
  });

  test.each(ALL)('$name refuses every bad value, in one line without the value', ({ name, beside, bad }) => {
    using files = temporaryFiles();
    for (const text of bad) {
      const messages = [
        refusalOf({ ...beside, [name]: text }),
        refusalOf({ ...beside, [`${name}_FILE`]: files.write(`${text}\n`) }),
      ];
      // Shorter ones are words that a message may need.
      const secret = text.trim().length > 8 ? text.trim() : '\n';
      for (const message of messages) {
        expect(message).toContain(name);
        expect(message).not.toContain('\n');
        expect(message).not.toContain(secret);
        expect(message).not.toContain('sesame');
      }
    }
  });

  test.each(ALL)('$name is refused when it is empty, as is its file', ({ name, beside }) => {
    using files = temporaryFiles();
    expect(refusalOf({ ...beside, [name]: '' })).toMatch(new RegExp(`^${name} is empty`));
    expect(refusalOf({ ...beside, [`${name}_FILE`]: '' })).toMatch(new RegExp(`^${name}_FILE is empty`));
    expect(refusalOf({ ...beside, [`${name}_FILE`]: files.write('') })).toMatch(
      new RegExp(`^${name}_FILE names an empty`),
    );
    expect(refusalOf({ ...beside, [`${name}_FILE`]: files.write('\n') })).toMatch(
      new RegExp(`^${name}_FILE names an empty`),
    );
  });

  test.each(ALL)('$name is refused when it is set twice', ({ name, beside, good }) => {
    using files = temporaryFiles();
    const text = good[0]?.[0] ?? 'anything';
    const message = refusalOf({ ...beside, [name]: text, [`${name}_FILE`]: files.write(text) });
    expect(message).toBe(`${name} and ${name}_FILE are both set; keep one of them`);
  });

  test.each(ALL)('$name_FILE is refused when it cannot be read', ({ name, beside }) => {
    using files = temporaryFiles();
    const missing = join(files.directory, 'missing');
    expect(refusalOf({ ...beside, [`${name}_FILE`]: missing })).toBe(
      `${name}_FILE names a file that cannot be read (ENOENT)`,
    );
    expect(refusalOf({ ...beside, [`${name}_FILE`]: files.directory })).toContain('(EISDIR)');
  });

  test('a file ends with at most one newline that does not count', () => {
    using files = temporaryFiles();
    const read = (text: string): unknown =>
      readConfig({
        ...CASES.COFFER_ROOT_PASSWORD.beside,
        COFFER_ROOT_PASSWORD_FILE: files.write(text),
      }).firstUser?.password.expose();
    expect(read(`${PASSWORD}\n`)).toBe(PASSWORD);
    expect(read(`${PASSWORD}\r\n`)).toBe(PASSWORD);
    expect(read(`${PASSWORD}\n\n`)).toBe(`${PASSWORD}\n`);
    expect(read(`  ${PASSWORD}  `)).toBe(`  ${PASSWORD}  `);
  });

  test.each([
    ['COFFER_PROT', 'COFFER_PORT'],
    ['COFFER_HOSTS', 'COFFER_HOST'],
    ['COFFER_ROOTKEY', 'COFFER_ROOT_KEY'],
    ['COFFER_ROOT_KEY_FIEL', 'COFFER_ROOT_KEY_FILE'],
    ['COFFER_TLS_CERTS', 'COFFER_TLS_CERT'],
    ['COFFER_HOTS', 'COFFER_HOST'],
    ['COFFER_FOO', undefined],
    ['COFFER_X', undefined],
    ['COFFER_URLS', undefined],
    ['COFFER_loglevel', undefined],
    ['COFFER_', undefined],
    ['COFFER_SOMETHING_ELSE', undefined],
    ['COFFER_PORT_FILE_FILE', undefined],
  ])('the unknown variable %s is refused, and %s suggested', (name, meant) => {
    const message = refusalOf({ [name]: 'sesame-open-sesame' });
    expect(message).toBe(`${name} is not a setting${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  });

  test('the variables of the command line are passed over: both may run from one shell', () => {
    const variables = {
      COFFER_URL: 'http://x',
      COFFER_TOKEN: 't',
      COFFER_PROJECT: 'p',
      COFFER_ENVIRONMENT: 'e',
    };
    expect(readConfig(variables)).toEqual(readConfig({}));
  });

  test('certificate and key go together', () => {
    expect(refusalOf({ COFFER_TLS_CERT: TEST_CERT })).toBe('COFFER_TLS_CERT is set without COFFER_TLS_KEY');
    expect(refusalOf({ COFFER_TLS_KEY: TEST_KEY })).toBe('COFFER_TLS_KEY is set without COFFER_TLS_CERT');
  });

  test.each([
    [{ COFFER_BACKUP_DIR: '/backups' }, 'COFFER_BACKUP_DIR is set without COFFER_BACKUP_RECIPIENTS'],
    [
      { COFFER_BACKUP_DIR: '/backups', COFFER_BACKUP_PASSPHRASE: PASSWORD },
      'COFFER_BACKUP_DIR is set without COFFER_BACKUP_RECIPIENTS',
    ],
    [{ COFFER_BACKUP_EVERY: '1d' }, 'COFFER_BACKUP_EVERY is set without COFFER_BACKUP_DIR'],
    [{ COFFER_BACKUP_KEEP: '7' }, 'COFFER_BACKUP_KEEP is set without COFFER_BACKUP_DIR'],
  ])('what makes scheduled backups goes together: %j is refused', (environment, message) => {
    expect(refusalOf(environment)).toContain(message);
  });

  test.each([['COFFER_ROOT_USERNAME'], ['COFFER_ROOT_EMAIL'], ['COFFER_ROOT_PASSWORD']] as const)(
    'the first user is not made without %s',
    (name) => {
      const whole = {
        COFFER_ROOT_USERNAME: 'ada',
        COFFER_ROOT_EMAIL: 'ada@example.org',
        COFFER_ROOT_PASSWORD: PASSWORD,
      };
      const message = refusalOf({ ...whole, [name]: undefined });
      expect(message).toContain('set all three or none');
      expect(message).not.toContain(PASSWORD);
    },
  );

  test('secrets do not print with the configuration', () => {
    const config = readConfig({
      ...CASES.COFFER_ROOT_PASSWORD.beside,
      COFFER_ROOT_PASSWORD: PASSWORD,
      COFFER_ROOT_KEY: ROOT_KEY,
      COFFER_TLS_CERT: TEST_CERT,
      COFFER_TLS_KEY: TEST_KEY,
    });
    const printed = `${inspect(config, { depth: 9, showHidden: true })}${JSON.stringify(config)}`;
    expect(printed).toContain('[redacted]');
    for (const secret of [PASSWORD, ROOT_KEY, TEST_KEY.split('\n')[1] ?? ''])
      expect(printed).not.toContain(secret);
  });
});

/** The message of a StartError. What else may come passes through and fails the test. */
function refusalOf(environment: Record<string, string | undefined>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  throw new Error(`it was not refused: ${inspect(environment)}`);
}

function temporaryFiles(): Disposable & { directory: string; write(text: string): string } {
  const directory = mkdtempSync(join(tmpdir(), 'coffer-test-'));
  let files = 0;
  return {
    directory,
    write(text) {
      files += 1;
      const path = join(directory, `${files}`);
      writeFileSync(path, text);
      return path;
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}
