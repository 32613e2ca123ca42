import { CofferError, type Client } from '@coffer/client';
import type { Action } from '@coffer/core';
import { hostname } from 'node:os';
import { CliError } from '../cli-error.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { findCredential, isCredential, saveCredential, type Credential } from '../credentials.ts';
import { isInTheClear, parseUrl } from '../server-url.ts';
import { endCredential } from '../end-credential.ts';
import { INPUT_BYTES_MAX } from '../input-value.ts';
import { findHolder } from '../holder.ts';
import { findServer, openClient, parseToken } from '../target.ts';

/** What the commands do, and no more: no token of `coffer login` makes users, projects or tokens. */
const PERMISSIONS_NEEDED = [
  'project.list',
  'project.view',
  'environment.list',
  'vault.list',
  'vault.watch',
  'vault.view',
  'vault.create',
  'vault.update',
  'vault.import',
  'vault.delete',
  'vault.history',
  'vault.restore',
  'vault.allow_origins',
  'route.create',
  'route.list',
  'route.view',
  'route.update',
  'route.delete',
  'route.preview',
  'route.invoke',
  'event.list',
  'event.list_project',
] as const satisfies Action[];
const VALID_DAYS = 30;
const NAME_CHARACTERS_MAX = 100;
const REMEDY =
  'send a token to standard input: `coffer login URL --token-stdin`, or set COFFER_URL and COFFER_TOKEN';

export const login = command({
  name: 'login',
  summary: 'Sign in to a server, and keep the token for it.',
  description: [
    'Without URL it is the server that --url, COFFER_URL, the coffer.json of this directory or the last sign-in names. A server that only a coffer.json names, and where you never signed in, is asked about first.',
    `With a password an access token is made that does what the commands need and is valid for ${VALID_DAYS} days; \`coffer logout\` revokes it.`,
    'The token is kept in a file that only you can read, under the URL of its server, and sent to no other.',
  ],
  arguments: [{ name: 'URL', summary: 'The server, as in https://vault.example.org.', optional: true }],
  options: {
    user: {
      type: 'string',
      short: 'u',
      value: 'NAME',
      summary: 'User name or e-mail address; asked for otherwise.',
    },
    'token-stdin': { type: 'boolean', summary: 'Read a token from standard input instead of asking.' },
    trust: {
      type: 'string',
      value: 'ID',
      summary:
        'Exchange the identity token on standard input, of a CI job or a pod, for what this trust gives.',
    },
  },
  scope: 'server',
  examples: [
    { line: 'coffer login https://vault.example.org', what: 'Asks for user name and password.' },
    {
      line: 'coffer login https://vault.example.org --token-stdin < token',
      what: 'Keeps a token that you have.',
    },
    {
      line: 'coffer login https://vault.example.org --trust trs_… < /var/run/secrets/coffer/token',
      what: 'In a pod: no secret is stored there.',
    },
  ],
  run: async (context, { args, options }) => {
    if (options['token-stdin'] && options.trust !== undefined)
      throw new CliError('usage', {
        why: '--token-stdin and --trust both read standard input: give one of them',
        command: 'login ',
      });
    const url = await chooseServer(context, args.URL);
    const { terminal, paths } = context;
    if (isInTheClear(url)) terminal.warn(`${url} is not HTTPS: others on the way can read all that is sent`);
    // First: where it could not be kept, no token is made.
    const replaced = findCredential(paths.credentials, url);
    const credential = await obtain(context, url, options);
    await keep(context, url, credential);
    // What an earlier sign-in made here is of no use any more. Whether the server hears of it or not: it ends by itself.
    if (replaced?.token_id !== undefined && replaced.token !== credential.token)
      await endCredential(url, replaced).catch(() => undefined);
    terminal.say(`Signed in to ${url} as ${credential.username}.`, 'good');
  },
});

/** What was made and cannot be kept is revoked: nobody would know of it. */
async function keep({ terminal, paths }: Context, url: string, credential: Credential): Promise<void> {
  try {
    await saveCredential(paths.credentials, url, credential);
  } catch (error) {
    if (credential.token_id !== undefined)
      await endCredential(url, credential).catch(() =>
        terminal.warn(`the token that was made could not be revoked; end it at ${url}/web/tokens`),
      );
    throw error;
  }
}

type Options = { user: string | undefined; 'token-stdin': boolean; trust: string | undefined };

async function obtain(context: Context, url: string, options: Options): Promise<Credential> {
  if (options.trust !== undefined) return await withIdentity(context, url, options.trust);
  if (options['token-stdin']) return await withToken(context, url);
  return await withPassword(context, url, options.user);
}

async function chooseServer(context: Context, given: string | undefined): Promise<string> {
  if (given !== undefined) return parseUrl(given, 'the argument');
  const { url, from, file } = findServer(context);
  if (from === 'file' && findCredential(context.paths.credentials, url) === undefined)
    await context.terminal.confirm(
      `${file} names the server ${url}. Send your password there?`,
      'name the server: `coffer login URL`',
    );
  return url;
}

async function withPassword(
  { terminal, now }: Context,
  url: string,
  user: string | undefined,
): Promise<Credential> {
  let name = user ?? '';
  while (name === '') name = await terminal.ask('User name or e-mail', REMEDY);
  const password = await terminal.askSecret(`Password for ${name} at ${url}`, REMEDY);
  const { token, user: account } = await openClient(url).api.user.login({ auth_data: name, password });
  const session = demandCredential({ token, username: account?.username });
  return await makeToken(openClient(url, session.token), session.username, now());
}

/** An access token in the place of the session, which lasts minutes and may do more. The session ends. */
async function makeToken({ api }: Client, username: string, now: Date): Promise<Credential> {
  const { token, access_token: made } = await api.token.create({
    kind: 'personal',
    name: `coffer on ${hostname()}`.replace(/[^\w .-]/g, '-').slice(0, NAME_CHARACTERS_MAX),
    permissions: [...PERMISSIONS_NEEDED],
    valid_to: new Date(now.getTime() + VALID_DAYS * 86_400_000).toISOString(),
  });
  const credential = demandCredential({ token, username, token_id: made?.id });
  // A session that stays ends by itself; the token that is made is not to be lost for it.
  await api.user.logout().catch(() => undefined);
  return credential;
}

async function withIdentity(context: Context, url: string, trust_id: string): Promise<Credential> {
  const identity_token = await readToken(context, `Identity token for ${trust_id}`);
  const { token, access_token: made } = await openClient(url).api.token.exchange({
    trust_id,
    identity_token,
  });
  return demandCredential({ token, username: made?.name, token_id: made?.id });
}

async function withToken(context: Context, url: string): Promise<Credential> {
  const token = await readToken(context, `Token for ${url}`);
  return demandCredential({ token, username: (await findHolder(openClient(url, token), token)).name });
}

/** On a terminal it is asked for, without an echo. */
async function readToken({ terminal }: Context, question: string): Promise<string> {
  const text = terminal.inputIsTerminal
    ? await terminal.askSecret(question, 'send it to standard input')
    : (await terminal.readAll(INPUT_BYTES_MAX.token)).toString('utf8');
  return parseToken(text.trim(), 'standard input');
}

/** What is kept stands beside the tokens of other servers. Fails with `answer_invalid`. */
function demandCredential(answer: { [N in keyof Credential]?: unknown }): Credential {
  if (isCredential(answer)) return answer;
  throw new CofferError('answer_invalid', 'The answer to the sign-in holds no token that could be kept.');
}
