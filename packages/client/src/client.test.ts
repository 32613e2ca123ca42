import { describe, expect, test } from 'vitest';
import { ENGINES } from '../../server/src/testing/engines.ts';
import { startTestServer, type TestServer } from '../../server/src/testing/server.ts';
import { createClient, type Client, type Vault } from './index.ts';

/** A server with a project, and a client of its one member. */
async function startVault(server: TestServer): Promise<{ client: Client; vault: Vault; projectId: string }> {
  const root = await server.setUp();
  const projectId = await server.project(root);
  const client = createClient({ url: server.app.url, token: () => root.token ?? '' });
  return { client, vault: client.vault(projectId), projectId };
}

describe.each(ENGINES)('a client of a server on %s', () => {
  test('sets, gets, lists, restores and removes', async () => {
    await using server = await startTestServer();
    const { vault } = await startVault(server);

    expect(await vault.set('KEY', 'one', { comment: 'first' })).toMatchObject({ version: 1 });
    expect(await vault.set('KEY', 'two')).toMatchObject({ version: 2, comment: 'first' });
    expect(await vault.get('KEY')).toBe('two');
    expect(await vault.entry('KEY', { version: 1 })).toMatchObject({ value: 'one', version: 1 });
    expect(await vault.restore('KEY', 1)).toMatchObject({ version: 3 });
    expect(await vault.history('KEY')).toMatchObject({ amount: 3, versions: [{ version: 3 }, {}, {}] });
    expect(await vault.import({ KEY: 'one', OTHER: 'x' })).toEqual({
      created: ['OTHER'],
      updated: [],
      unchanged: ['KEY'],
    });
    expect(await vault.all()).toEqual({ KEY: 'one', OTHER: 'x' });
    await vault.remove('KEY');
    expect((await vault.list()).map(({ key }) => key)).toEqual(['OTHER']);
    await expect(vault.get('KEY')).rejects.toMatchObject({ code: 'entry_not_found', status: 404 });
  });
});
