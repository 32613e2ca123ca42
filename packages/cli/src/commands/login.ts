import type { Client } from '@coffer/client';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import { findCredential, saveCredential, type Credential } from '../credentials.ts';
import { isInTheClear, parseUrl } from '../server-url.ts';
import { findServer, openClient, parseToken } from '../target.ts';

const REMEDY =
  'send a token to standard input: `coffer login URL --token-stdin`, or set COFFER_URL and COFFER_TOKEN';

export const login = command({
  name: 'login',
  summary: 'Sign in to a server, and keep the token for it.',
  description: [
    'Without URL it is the server that --url, COFFER_URL, the coffer.json of this directory or the last sign-in names. A server that only a coffer.json names, and where you never signed in, is asked about first.',
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
  },
  examples: [
    { line: 'coffer login https://vault.example.org', what: 'Asks for user name and password.' },
    {
      line: 'coffer login https://vault.example.org --token-stdin < token',
      what: 'Keeps a token that you have.',
    },
  ],
  run: async (context, { args, options }) => {
    const url = await chooseServer(context, args.URL);
    const { terminal, paths } = context;
    if (isInTheClear(url)) terminal.warn(`${url} is not HTTPS: others on the way can read all that is sent`);
    const credential = options['token-stdin']
      ? await withToken(context, url)
      : await withPassword(context, url, options.user);
    saveCredential(paths.credentials, url, credential);
    terminal.say(`Signed in to ${url} as ${credential.username}.`, 'good');
  },
});

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
  { terminal }: Context,
  url: string,
  user: string | undefined,
): Promise<Credential> {
  const name = user ?? (await terminal.ask('User name or e-mail', REMEDY));
  const password = await terminal.askSecret(`Password for ${name} at ${url}`, REMEDY);
  const { token, user: account } = await openClient(url).api.user.login({ auth_data: name, password });
  return await tokenToKeep(openClient(url, token), token, account.username);
}

async function withToken({ terminal }: Context, url: string): Promise<Credential> {
  const token = parseToken((await terminal.readAll()).toString('utf8').trim(), 'standard input');
  const { user } = await openClient(url, token).api.user.me();
  return { token, username: user.username };
}

/** What is kept of a sign-in with a password: the token of the session. */
async function tokenToKeep(_: Client, token: string, username: string): Promise<Credential> {
  return await Promise.resolve({ token, username });
}
