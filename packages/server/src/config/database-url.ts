import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import { Redacted } from '@coffer/core';
import type { PostgresAddress } from '../postgres-address.ts';
import { StartError } from '../start-error.ts';

const NAME = 'COFFER_DATABASE_URL';
const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;
type Parameter = (typeof PARAMETERS)[number];

const VERIFY = { require: 'nothing', 'verify-ca': 'ca', 'verify-full': 'full' } as const;

/**
 * A URL as libpq has it, as far as it is about where the database is: `postgres://user:password@host:port/database`,
 * with `sslmode`, `sslrootcert`, `sslcert`, `sslkey` and, for a socket, `host` as parameters. Fails with a StartError that
 * tells nothing of what is in it.
 *
 * Unlike there, nothing is tried first with TLS and then without: the mode says what must be. Without one it is
 * `verify-full`, and no TLS where the database is on this machine.
 */
export function parseDatabaseUrl(text: string): PostgresAddress {
  const url = URL.parse(text);
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol))
    throw new StartError(
      `${NAME} must be a URL, as in postgres://coffer:password@db.example.org:5432/coffer`,
    );
  const given = readParameters(url);
  const decoded = (part: string): string => decode(part);
  const host = given.get('host') ?? decoded(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  if (host === '') throw new StartError(`${NAME} names no host`);
  const database = decoded(url.pathname.slice(1));
  if (database === '' || database.includes('/'))
    throw new StartError(`${NAME} must name one database after the host`);
  const password = decoded(url.password);
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    user: decoded(url.username) || userInfo().username,
    password: password === '' ? undefined : new Redacted(password),
    tls: parseTls(given, isLocal(host)),
  };
}

function readParameters(url: URL): Map<Parameter, string> {
  const given = new Map<Parameter, string>();
  for (const [name, value] of url.searchParams) {
    const known = PARAMETERS.find((parameter) => parameter === name);
    // Its name stays out: behind a question mark in a password stands the rest of that.
    if (known === undefined)
      throw new StartError(`${NAME} has a parameter that is none of ${PARAMETERS.join(', ')}`);
    if (given.has(known)) throw new StartError(`${NAME} has the parameter ${name} twice`);
    given.set(known, value);
  }
  return given;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new StartError(`${NAME} has a % that is not followed by two hexadecimal digits`);
  }
}

function parseTls(given: ReadonlyMap<Parameter, string>, isLocal: boolean): PostgresAddress['tls'] {
  const files = (['sslrootcert', 'sslcert', 'sslkey'] as const).filter((name) => given.has(name));
  const mode = given.get('sslmode') ?? (isLocal && files.length === 0 ? 'disable' : 'verify-full');
  if (mode === 'disable') {
    if (files.length > 0) throw new StartError(`${NAME} has ${files[0]}, but sslmode=disable`);
    return undefined;
  }
  if (!Object.hasOwn(VERIFY, mode))
    throw new StartError(`${NAME} must have an sslmode of disable, ${Object.keys(VERIFY).join(', ')}`);
  const [ca, cert, key] = (['sslrootcert', 'sslcert', 'sslkey'] as const).map((name) => readPem(name, given));
  if ((cert === undefined) !== (key === undefined))
    throw new StartError(`${NAME} needs sslcert and sslkey together`);
  const verify = VERIFY[mode as keyof typeof VERIFY];
  if (verify === 'ca' && ca === undefined)
    throw new StartError(
      `${NAME} needs sslrootcert for sslmode=verify-ca: others have certificates of public CAs, too`,
    );
  return {
    // As in libpq: who names a CA wants it to count.
    verify: verify === 'nothing' && ca !== undefined ? 'ca' : verify,
    ca,
    client: cert === undefined || key === undefined ? undefined : { cert, key: new Redacted(key) },
  };
}

function readPem(name: Parameter, given: ReadonlyMap<Parameter, string>): string | undefined {
  const path = given.get(name);
  if (path === undefined) return undefined;
  try {
    const text = readFileSync(path, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartError(`${NAME} has a ${name} that cannot be read (${code})`, { cause });
  }
  throw new StartError(`${NAME} has a ${name} that is not PEM`);
}

function isLocal(host: string): boolean {
  return (
    host.startsWith('/') ||
    host === 'localhost' ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  );
}
