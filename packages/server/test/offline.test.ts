import { expect, test, describe } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { startVault } from './start-vault.ts';

describe.each(ENGINES)('the use of an offline copy on %s', () => {
  test('is on record, once for each use, with when it was', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const used_at = ['2026-11-23T09:30:00.000Z', '2026-11-23T09:31:00.000Z'];
    await root.ok('event_offline', { ...place, used_at });
    const { events } = await root.ok('event_fetch', { type: 'vault_offline' });
    expect(events).toMatchObject(
      used_at
        .toReversed()
        .map((at) => ({ ...place, environment: 'default', uid: root.uid, details: { used_at: at } })),
    );
  });

  test('is refused for an environment that is not there, and that is on record', async () => {
    await using server = await startTestServer();
    const { root, place } = await startVault(server);
    const report = { ...place, environment: 'missing', used_at: ['2026-11-23T09:30:00Z'] };
    expect(await root.refused('event_offline', report)).toBe('environment_not_found');
    const { events } = await root.ok('event_fetch', { type: 'vault_offline' });
    expect(events).toMatchObject([{ outcome: 'error', environment: 'missing' }]);
  });
});
