import { dirname } from 'node:path';
import { CliError } from './cli-error.ts';
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

export function findCredential(path: string, url: string): Credential | undefined {
  const { servers } = read(path);
  return Object.hasOwn(servers, url) ? servers[url] : undefined;
}

/** The server of the last sign-in. */
export function latestServer(path: string): string | undefined {
  return read(path).latest;
}

export function saveCredential(path: string, url: string, credential: Credential): void {
  const file = read(path);
  write(path, { ...file, servers: { ...file.servers, [url]: credential }, latest: url });
}

export function removeCredential(path: string, url: string): void {
  const { servers, latest, ...file } = read(path);
  const kept = Object.fromEntries(Object.entries(servers).filter(([server]) => server !== url));
  const next = latest === url ? Object.keys(kept).at(-1) : latest;
  write(path, { ...file, servers: kept, ...(next === undefined ? {} : { latest: next }) });
}

function write(path: string, file: CredentialsFile): void {
  makePrivateDirectory(dirname(path));
  writePrivateFile(path, `${JSON.stringify(file, undefined, 2)}\n`);
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

function parse(text: string): CredentialsFile | undefined {
  try {
    const file = JSON.parse(text) as Partial<CredentialsFile> | null;
    const valid =
      file?.version === 1 &&
      typeof file.servers === 'object' &&
      Object.values(file.servers).every(({ token }) => typeof token === 'string');
    return valid ? (file as CredentialsFile) : undefined;
  } catch {
    return undefined;
  }
}
