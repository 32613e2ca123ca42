import { randomBytes } from 'node:crypto';
import { Redacted } from '@coffer/core';
import { expect, test, vi } from 'vitest';
import { rootKeySource } from '../src/keys/root-key-source.ts';
import {
  prepareRootKey,
  rewrapDataKeys,
  switchRootKey,
  type Rotation,
} from '../src/services/root-key-rotation.ts';
import { RootKeyring } from '../src/services/root-keyring.ts';
import { countDataKeysByRootKey } from '../src/store/data-keys.ts';
import { startTestServer } from '../src/testing/server.ts';

vi.mock('../src/store/data-keys.ts', async (original) => {
  const actual = await original<{ countDataKeysByRootKey: typeof countDataKeysByRootKey }>();
  return {
    ...actual,
    countDataKeysByRootKey: vi.fn<typeof countDataKeysByRootKey>(actual.countDataKeysByRootKey),
  };
});

test('a server that starts with the old root key while a rotation begins is not told that the database was altered', async () => {
  await using server = await startTestServer();
  const root = await server.setUp();
  await root.ok('vault_create', { project_id: await server.project(root), key: 'A', value: 'x' });
  const { store, audit, clock, instance } = server.app.context;
  const source = rootKeySource(undefined, server.dataDir);
  const old = source.read();
  const rotation: Rotation = { store, audit, clock, instanceId: instance.id, source };
  await prepareRootKey(rotation, new Redacted(randomBytes(32)));
  const count = vi.mocked(countDataKeysByRootKey);
  const reallyCount = count.getMockImplementation() as typeof countDataKeysByRootKey;
  // Between what it reads of root keys and what it reads of data keys.
  count.mockImplementationOnce(async (db) => {
    await switchRootKey(rotation);
    await rewrapDataKeys(rotation, { signal: new AbortController().signal, progress: () => undefined });
    return await reallyCount(db);
  });
  const started = new RootKeyring({ ...source, path: undefined, read: () => old }, instance.id);
  await expect(started.requireComplete(store.db)).rejects.toThrow('the root key is being rotated');
});
