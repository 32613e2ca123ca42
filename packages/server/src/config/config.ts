import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { checkUsername, Redacted } from '@coffer/core';
import type { PostgresAddress } from '../postgres-address.ts';
import { refuseOtherThanFile } from '../refuse-other-than-file.ts';
import { parseRootKeys, type RootKeys } from '../root-keys.ts';
import { StartError } from '../start-error.ts';
import { readBackupSettings, type BackupSettings } from './backup-settings.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { COMMAND_LINE_VARIABLES, SETTINGS, type SettingName } from './settings.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Config = {
  host: string;
  port: number;
  dataDir: string;
  /** Undefined: SQLite in the data directory. */
  database: PostgresAddress | undefined;
  /** With the path of the file that they are in, unless they are in a variable. Undefined: `root.key` in the data directory. */
  rootKeys: { keys: RootKeys; path: string | undefined } | undefined;
  firstUser: { username: string; email: string; password: Redacted<string> } | undefined;
  /** Origin, as in `https://vault.example.org`. Undefined: what the server listens on. */
  publicUrl: string | undefined;
  tls: { cert: string; key: Redacted<string> } | undefined;
  trustedProxies: readonly string[];
  /** Origins that the server may call though they are not at https, port 443 and a public address. */
  egressAllow: readonly string[];
  backup: BackupSettings;
  logLevel: LogLevel;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Fails with a StartError at the first setting that is unknown or cannot be used. */
export function readConfig(environment: Environment): Config {
  refuseUnknown(environment);
  const read = (name: SettingName): string | undefined => readSetting(environment, name);
  const databaseUrl = read('COFFER_DATABASE_URL');
  return {
    host: parseHost(read('COFFER_HOST') ?? '127.0.0.1'),
    port: parsePort(read('COFFER_PORT') ?? '8080'),
    dataDir: resolve(read('COFFER_DATA_DIR') ?? './data'),
    database: databaseUrl === undefined ? undefined : parseDatabaseUrl(databaseUrl),
    rootKeys: readRootKeys(read, environment['COFFER_ROOT_KEY_FILE']),
    firstUser: parseFirstUser(read),
    publicUrl: parsePublicUrl(read('COFFER_PUBLIC_URL')),
    tls: parseTls(read('COFFER_TLS_CERT'), read('COFFER_TLS_KEY')),
    trustedProxies: parseProxies(read('COFFER_TRUSTED_PROXIES')),
    egressAllow: parseOrigins(read('COFFER_EGRESS_ALLOW')),
    backup: readBackupSettings(read),
    logLevel: parseLogLevel(read('COFFER_LOG_LEVEL') ?? 'info'),
  };
}

function readRootKeys(
  read: (name: SettingName) => string | undefined,
  path: string | undefined,
): Config['rootKeys'] {
  if (path !== undefined) refuseOtherThanFile(path);
  const text = read('COFFER_ROOT_KEY');
  if (text === undefined) return undefined;
  const name = path === undefined ? 'COFFER_ROOT_KEY' : 'COFFER_ROOT_KEY_FILE';
  return { keys: parseRootKeys(name, text), path: path === undefined ? undefined : resolve(path) };
}

function readSetting(environment: Environment, name: SettingName): string | undefined {
  const direct = environment[name];
  const path = environment[`${name}_FILE`];
  if (direct !== undefined && path !== undefined) {
    throw new StartError(`${name} and ${name}_FILE are both set; keep one of them`);
  }
  if (direct === '' || path === '') {
    throw new StartError(`${direct === '' ? name : `${name}_FILE`} is empty; give it a value or unset it`);
  }
  if (path === undefined) return direct;
  const text = readText(`${name}_FILE`, path);
  if (text === '') throw new StartError(`${name}_FILE names an empty file`);
  return text;
}

function readText(name: string, path: string): string {
  try {
    // Editors and `echo` end a file with a newline that is not part of the value.
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartError(`${name} names a file that cannot be read (${code})`, { cause });
  }
}

const PREFIX = 'COFFER_';

function refuseUnknown(environment: Environment): void {
  const known = new Set<string>(SETTINGS.flatMap(({ name }) => [name, `${name}_FILE`]));
  const unknown = Object.keys(environment).find(
    (name) => name.startsWith(PREFIX) && !known.has(name) && !COMMAND_LINE_VARIABLES.includes(name),
  );
  if (unknown === undefined) return;
  const near = [...known].toSorted((a, b) => distance(a, unknown) - distance(b, unknown))[0];
  // Of a short name, three letters are all of it.
  const mistakesMax = Math.min(3, Math.floor((unknown.length - PREFIX.length) / 2));
  const hint = near !== undefined && distance(near, unknown) <= mistakesMax ? `; did you mean ${near}?` : '';
  throw new StartError(`${unknown} is not a setting${hint}`);
}

function parseHost(text: string): string {
  if (isIP(text) > 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(text)) return text;
  throw new StartError('COFFER_HOST must be an IP address or a host name');
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new StartError('COFFER_PORT must be a whole number from 0 to 65535');
}

function parsePublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || `${url.origin}/` !== url.href) {
    throw new StartError(
      'COFFER_PUBLIC_URL must be scheme, host and port only, as in https://vault.example.org',
    );
  }
  return url.origin;
}

function parseTls(cert: string | undefined, key: string | undefined): Config['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined) throw new StartError('COFFER_TLS_KEY is set without COFFER_TLS_CERT');
  if (key === undefined) throw new StartError('COFFER_TLS_CERT is set without COFFER_TLS_KEY');
  refuseOtherThanPem('COFFER_TLS_CERT', cert);
  refuseOtherThanPem('COFFER_TLS_KEY', key);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new StartError(
      'COFFER_TLS_CERT and COFFER_TLS_KEY are not a certificate and its private key in PEM',
      { cause },
    );
  }
  return { cert, key: new Redacted(key) };
}

function refuseOtherThanPem(name: string, text: string): void {
  if (text.includes('-----BEGIN ')) return;
  throw new StartError(`${name} must be PEM text; for the path of a file, use ${name}_FILE`);
}

function parseProxies(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const ranges = text.split(',').map((range) => range.trim());
  for (const range of ranges) {
    if (!isRange(range)) {
      throw new StartError(
        'COFFER_TRUSTED_PROXIES must be addresses or ranges, as in 10.0.0.0/8,192.168.1.7',
      );
    }
  }
  return ranges;
}

function parseOrigins(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return text.split(',').map((part) => {
    const url = URL.parse(part.trim());
    if (
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      `${url.origin}/` === url.href &&
      !part.trim().endsWith('/')
    )
      return url.origin;
    throw new StartError(
      'COFFER_EGRESS_ALLOW must be origins, as in https://kubernetes.default.svc,http://10.0.0.7:8080',
    );
  });
}

function isRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  try {
    // A range of everything would let anyone choose the address that they are known by.
    const bits = /^[1-9]\d{0,2}$/.test(prefix) ? Number(prefix) : -1;
    new BlockList().addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}

function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((name) => name === text);
  if (level !== undefined) return level;
  throw new StartError(`COFFER_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
}

function parseFirstUser(read: (name: SettingName) => string | undefined): Config['firstUser'] {
  const username = read('COFFER_ROOT_USERNAME');
  const email = read('COFFER_ROOT_EMAIL');
  const password = read('COFFER_ROOT_PASSWORD');
  if (username === undefined && email === undefined && password === undefined) return undefined;
  if (username === undefined || email === undefined || password === undefined) {
    throw new StartError(
      'COFFER_ROOT_USERNAME, COFFER_ROOT_EMAIL and COFFER_ROOT_PASSWORD go together; set all three or none',
    );
  }
  const broken = checkUsername(username);
  if (broken !== undefined) throw new StartError(`COFFER_ROOT_USERNAME ${broken}`);
  return { username, email, password: new Redacted(password) };
}

/** Levenshtein distance, to guess which setting was meant. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, character] of a.split('').entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (character === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
