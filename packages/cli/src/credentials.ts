import { dirname } from 'node:path';
import { CliError } from './cli-error.ts';
import { withFileLock } from './file-lock.ts';
import { makePrivateDirectory, readPrivateFile, writePrivateFile } from './private-file.ts';

/** What is kept of a sign-in. */
export type Credential = {
  token: string;
  username: string;
  /** Of a token that can be revoked, its id. */
  token_id?: string;
};

type CredentialsFile = {
  version: 1;
  /** By the URL of the server: a token goes to the server that it is kept under, and to no other. */
  servers: Record<string, Credential>;
  /** Where the last sign-in was. */
  latest?: string;
};

const TOKEN_CHARACTERS_MAX = 16_384;

export function findCredential(path: string, url: string): Credential | undefined {
  const { servers } = read(path);
  return Object.hasOwn(servers, url) ? servers[url] : undefined;
}

/** The server of the last sign-in. */
export function latestServer(path: string): string | undefined {
  return read(path).latest;
}

/** Fails with `file_unwritable`, `file_busy` or `credentials_unsafe`. */
export async function saveCredential(path: string, url: string, credential: Credential): Promise<void> {
  await change(path, (file) => ({
    ...file,
    servers: { ...file.servers, [url]: credential },
    latest: url,
  }));
}

export async function removeCredential(path: string, url: string): Promise<void> {
  await change(path, ({ servers, latest, ...file }) => {
    const kept = Object.fromEntries(Object.entries(servers).filter(([server]) => server !== url));
    const next = latest === url ? Object.keys(kept).at(-1) : latest;
    return { ...file, servers: kept, ...(next === undefined ? {} : { latest: next }) };
  });
}

/** What a server answers is looked at before it is kept. */
export function isCredential(candidate: unknown): candidate is Credential {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const { token, username, token_id: id } = candidate as Partial<Record<keyof Credential, unknown>>;
  return (
    typeof token === 'string' &&
    isToken(token) &&
    typeof username === 'string' &&
    username !== '' &&
    (id === undefined || typeof id === 'string')
  );
}

/** Goes into a header as it is. */
export function isToken(text: string): boolean {
  return text.length <= TOKEN_CHARACTERS_MAX && /^[\w.~+/-]+=*$/.test(text);
}

/** Of several that sign in at the same time none loses what it got. */
async function change(path: string, next: (file: CredentialsFile) => CredentialsFile): Promise<void> {
  makePrivateDirectory(dirname(path));
  await withFileLock(path, () => {
    writePrivateFile(path, `${JSON.stringify(next(read(path)), undefined, 2)}\n`);
  });
}

function read(path: string): CredentialsFile {
  const text = readPrivateFile(path);
  if (text === undefined) return { version: 1, servers: {} };
  const file = parse(text);
  if (file === undefined) {
    throw new CliError('file_invalid', {
      path,
      why: 'is not a file of credentials of this version',
      remedy: 'remove it and sign in anew',
    });
  }
  return file;
}

/** Without what is no credential: one that is broken must not stand in the way of those of other servers. */
function parse(text: string): CredentialsFile | undefined {
  try {
    const file = JSON.parse(text) as Partial<CredentialsFile> | null;
    if (file?.version !== 1 || typeof file.servers !== 'object') return undefined;
    const servers = Object.entries<unknown>(file.servers).flatMap(([url, candidate]) =>
      isCredential(candidate) ? [[url, candidate] as const] : [],
    );
    const { latest, ...rest } = file;
    return {
      ...rest,
      version: 1,
      servers: Object.fromEntries(servers),
      ...(typeof latest === 'string' ? { latest } : {}),
    };
  } catch {
    return undefined;
  }
}
