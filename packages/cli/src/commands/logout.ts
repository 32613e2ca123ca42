import { CofferError } from '@coffer/client';
import { command } from '../command.ts';
import { findCredential, removeCredential } from '../credentials.ts';
import { isAway } from '../server-errors.ts';
import { endCredential } from '../end-credential.ts';
import { findServer } from '../target.ts';

export const logout = command({
  name: 'logout',
  summary: 'Revoke the token, and forget it.',
  description: [
    'A token that came from elsewhere, by --token-stdin or COFFER_TOKEN, stays valid: others may use it. A session ends.',
  ],
  arguments: [],
  options: {},
  scope: 'server',
  examples: [{ line: 'coffer logout', what: 'Of the server in use.' }],
  run: async (context) => {
    const { terminal, paths } = context;
    const { url } = findServer(context);
    const credential = findCredential(paths.credentials, url);
    if (credential === undefined) {
      terminal.say(`You are not signed in to ${url}.`);
      return;
    }
    // First: whatever the server says, the token is not to stay here.
    await removeCredential(paths.credentials, url);
    try {
      await endCredential(url, credential);
    } catch (error) {
      if (!(error instanceof CofferError)) throw error;
      if (isAway(error))
        terminal.warn(
          `${url} does not answer: the token is forgotten here, and stays valid until it expires`,
        );
      else if (error.status !== 401) throw error;
    }
    terminal.say(`Signed out of ${url}.`, 'good');
  },
});
