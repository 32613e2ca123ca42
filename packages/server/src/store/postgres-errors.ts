import { AppError } from '@coffer/core';
import { DatabaseError } from 'pg';

/** What a PostgreSQL error says of the connection and of the transaction that it ended. */
type Meaning = {
  reason: string;
  /** Nothing more comes from this connection, or nothing that we could use. */
  ends?: 'connection';
  /** The same work may succeed when it is done once more, on a connection that works. */
  retry?: true;
};

/** By SQLSTATE, or the start of it. PostgreSQL's documentation, appendix A. */
const BY_STATE: readonly (readonly [state: string, meaning: Meaning])[] = [
  ['40001', { reason: 'too much is changed at once', retry: true }],
  ['40P01', { reason: 'too much is changed at once', retry: true }],
  ['55P03', { reason: 'another server holds the database' }],
  ['57014', { reason: 'the database takes too long' }],
  // A statement that was prepared before another version changed its tables: parsed anew, it works.
  ['0A000', { reason: 'the tables were changed', ends: 'connection', retry: true }],
  // A primary that became a standby.
  ['25006', { reason: 'the database is read-only', ends: 'connection', retry: true }],
  ['25P03', { reason: 'the database ended a transaction that waited too long', ends: 'connection' }],
  ['57P', { reason: 'the database is stopping or starting', ends: 'connection', retry: true }],
  ['08', { reason: 'the connection to the database was lost', ends: 'connection', retry: true }],
  ['28', { reason: 'the database refuses the user or the password', ends: 'connection' }],
  ['3D000', { reason: 'there is no database of that name', ends: 'connection' }],
  ['42501', { reason: 'the user may not do that in the database' }],
  ['53100', { reason: 'the disk of the database is full' }],
  ['53300', { reason: 'the database has too many connections', ends: 'connection' }],
  ['53', { reason: 'the database has too little memory or disk' }],
  ['58', { reason: 'the disk of the database cannot be read or written', ends: 'connection' }],
  ['XX001', { reason: 'the database is damaged' }],
  ['XX002', { reason: 'the database is damaged' }],
];

/** What Node and the driver say; everything without a SQLSTATE is about the connection. */
const BY_MESSAGE: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/ALTNAME/, 'its certificate is for another host; name the host as in the certificate'],
  [/does not support SSL/i, 'it does not speak TLS; add sslmode=disable to its URL if it need not'],
  [/certificate|self-signed|altname|CERT_/i, 'its certificate is not trusted'],
];

/** What Node says when there is no connection yet. */
const BY_CONNECT_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the address of the database',
  ENOTFOUND: 'the host of the database is not known',
  EAI_AGAIN: 'the host of the database is not known for now',
  ENOENT: 'there is no socket at the address of the database',
};

/** It says so in the error that it has for users whom it does not know. */
const WANTS_TLS = /no pg_hba\.conf entry .*no encryption/;
const WANTS_CERTIFICATE = /requires a valid client certificate/;

/** Whoever waited in vain has waited long enough: it is not tried again. */
const NO_ANSWER = /^(?:timeout expired|Query read timeout)/;

const meanings = new WeakMap<object, Meaning>();

/** As `store_unavailable` where the engine cannot serve; as it is where a statement is wrong. */
export function explain(error: unknown, at: 'statement' | 'commit' | 'connect' = 'statement'): unknown {
  if (error instanceof AppError) return error;
  const known = meaningOf(error);
  if (known === undefined) return error;
  const meaning =
    at === 'commit' && known.ends === 'connection'
      ? {
          ends: known.ends,
          reason: 'the connection to the database was lost while it was saved: it may be saved or not',
        }
      : known;
  const { code } = error as { code?: string };
  const detail =
    at === 'connect' && code !== undefined
      ? `${BY_CONNECT_CODE[code] ?? meaning.reason} (${code})`
      : meaning.reason;
  const explained = new AppError('store_unavailable', { reason: detail }, { cause: error });
  meanings.set(explained, meaning);
  return explained;
}

/** Whether the connection that the error came from is of no further use. */
export function endsConnection(error: unknown): boolean {
  return meaningOf(error)?.ends === 'connection';
}

/** Whether what failed left nothing, and may succeed when it is tried again. */
export function mayRetry(error: unknown): boolean {
  return error instanceof AppError && meanings.get(error)?.retry === true;
}

function meaningOf(error: unknown): Meaning | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AppError) return meanings.get(error);
  const { code = '' } = error as { code?: string };
  // Not by the form of the code: EPIPE has five letters, too.
  if (error instanceof DatabaseError) {
    // Where in PostgreSQL it comes from: words are in the language of the database.
    if (code === '0A000' && error.routine !== 'RevalidateCachedQuery') return undefined;
    if (WANTS_TLS.test(error.message))
      return { reason: 'the database wants TLS; add an sslmode to its URL', ends: 'connection' };
    if (WANTS_CERTIFICATE.test(error.message))
      return {
        reason: 'the database wants a certificate; add sslcert and sslkey to its URL',
        ends: 'connection',
      };
    return BY_STATE.find(([start]) => code.startsWith(start))?.[1];
  }
  const told = BY_MESSAGE.find(([pattern]) => pattern.test(`${error.message} ${code}`));
  if (told !== undefined) return { reason: told[1], ends: 'connection' };
  if (NO_ANSWER.test(error.message)) return { reason: 'the database does not answer', ends: 'connection' };
  return isOfConnection(error, code)
    ? { reason: 'the connection to the database was lost', ends: 'connection', retry: true }
    : undefined;
}

function isOfConnection(error: Error, code: string): boolean {
  return (
    /^(?:E[A-Z]{3,}|ERR_SOCKET|ERR_SSL|ERR_TLS|EAI_)/.test(code) ||
    /^(?:Connection terminated|Client (?:was closed|has encountered))/.test(error.message)
  );
}
