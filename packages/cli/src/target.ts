import { createClient, type Client } from '@coffer/client';
import { DEFAULT_ENVIRONMENT } from '@coffer/core';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import { readVariable } from './variables.ts';
import { findCredential, isToken, latestServer } from './credentials.ts';
import { reportInPassing } from './offline-uses.ts';
import { findProjectFile, type ProjectFile } from './project-file.ts';
import { parseUrl } from './server-url.ts';

/**
 * Which server, with which token, about which project.
 *
 * The laws of tokens: a kept token goes to the server that it is kept under. COFFER_TOKEN goes to the server that
 * COFFER_URL names or, where that is not set, the one of --url. Neither is ever sent to a server because a coffer.json
 * says so: whoever wrote the directory that we stand in could have written that file.
 */
export type Target = { url: string; token: string; client: Client };
export type Place = Target & { project: string; environment: string };

export type NamedServer = { url: string; from: 'option' | 'variable' | 'file' | 'latest'; file?: string };

const CALL_PATIENCE_MS = 30_000;

/** Fails with `url_missing` when nothing names a server. */
export function findServer(context: Context): NamedServer {
  const server = namedServer(context, serverFile(context));
  if (server === undefined) throw new CliError('url_missing');
  return server;
}

function namedServer(
  { global, env, paths }: Context,
  file: ProjectFile | undefined,
): NamedServer | undefined {
  if (global.url !== undefined) return { url: parseUrl(global.url, '--url'), from: 'option' };
  const fromEnv = readVariable(env, 'COFFER_URL');
  if (fromEnv !== undefined) return { url: parseUrl(fromEnv, 'COFFER_URL'), from: 'variable' };
  if (file?.url !== undefined) return { url: parseUrl(file.url, file.path), from: 'file', file: file.path };
  const latest = latestServer(paths.credentials);
  return latest === undefined ? undefined : { url: parseUrl(latest, paths.credentials), from: 'latest' };
}

/** Fails with `token_without_url`, `url_untrusted` or `not_signed_in` where there is no token for the server. */
export function openTarget(context: Context, { withFile = true }: { withFile?: boolean } = {}): Target {
  return open(context, withFile ? serverFile(context) : undefined);
}

function open(context: Context, file: ProjectFile | undefined): Target {
  const server = namedServer(context, file);
  if (server === undefined) throw new CliError('url_missing');
  const token =
    variableToken(context, server) ?? findCredential(context.paths.credentials, server.url)?.token;
  if (token === undefined) throw noToken(server);
  const target = { url: server.url, token, client: openClient(server.url, token) };
  // Beside what the command does, which neither waits for it nor fails with it.
  void reportInPassing(target, context.paths.offline);
  return target;
}

export function openClient(url: string, token?: string): Client {
  return createClient({ url, token, timeoutMs: CALL_PATIENCE_MS });
}

/** Fails with `project_missing`, too. */
export function openPlace(context: Context): Place {
  const { global, env } = context;
  const named = {
    project: global.project ?? readVariable(env, 'COFFER_PROJECT'),
    environment: global.env ?? readVariable(env, 'COFFER_ENVIRONMENT'),
  };
  const decided = isServerNamed(context) && named.project !== undefined;
  const file =
    decided && named.environment !== undefined
      ? undefined
      : findProjectFile(context.cwd, { ofOthers: decided ? 'skip' : 'refuse' });
  const target = open(context, file);
  const project = named.project ?? file?.project;
  if (project === undefined) throw new CliError('project_missing');
  return {
    ...target,
    project,
    environment: named.environment ?? file?.environment ?? DEFAULT_ENVIRONMENT,
  };
}

/** Whether the token in use, where a command uses one, is that of COFFER_TOKEN. */
export function usesVariableToken(context: Pick<Context, 'global' | 'env'>): boolean {
  const { global, env } = context;
  if (readVariable(env, 'COFFER_TOKEN') === undefined) return false;
  const home = readVariable(env, 'COFFER_URL');
  if (home === undefined || global.url === undefined) return true;
  return parseUrl(home, 'COFFER_URL') === parseUrl(global.url, '--url');
}

/** The file that may name the server; whoever names it otherwise needs none. */
function serverFile(context: Context): ProjectFile | undefined {
  return isServerNamed(context) ? undefined : findProjectFile(context.cwd, { ofOthers: 'refuse' });
}

function isServerNamed({ global, env }: Context): boolean {
  return global.url !== undefined || readVariable(env, 'COFFER_URL') !== undefined;
}

/** Fails with `token_without_url`: to use another token without a word would be a surprise, too. */
function variableToken({ env }: Context, server: NamedServer): string | undefined {
  const token = readVariable(env, 'COFFER_TOKEN');
  if (token === undefined) return undefined;
  const home = readVariable(env, 'COFFER_URL');
  if (home === undefined && server.from !== 'option') throw new CliError('token_without_url');
  if (home !== undefined && parseUrl(home, 'COFFER_URL') !== server.url) return undefined;
  return parseToken(token, 'COFFER_TOKEN');
}

function noToken({ url, from, file = '' }: NamedServer): CliError {
  return from === 'file'
    ? new CliError('url_untrusted', { file, url })
    : new CliError('not_signed_in', { url });
}

/** Fails with `token_malformed`: a line break in a header, or words of an error page, must not be sent. */
export function parseToken(text: string, from: string): string {
  if (!isToken(text)) throw new CliError('token_malformed', { from });
  return text;
}
