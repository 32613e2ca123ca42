import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DistantDatabase } from '../src/testing/distant-database.ts';
import { PostgresCluster } from '../src/testing/postgres.ts';
import type { Client } from '../src/testing/client.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';
import { startVault } from './start-vault.ts';

/** What is sent in one go may arrive in parts. */
const FEW = 2;

/** All that write wait for each other, and each holds the others up for as long as its round trips take. */
describe('how often a change goes to a distant postgres and back', () => {
  let cluster: PostgresCluster;
  let distant: DistantDatabase;
  let server: TestServer;
  let root: Client;
  let place: { project_id: string };

  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    distant = await DistantDatabase.start(cluster.address());
    server = await startTestServer({ config: { database: distant.address } });
    ({ root, place } = await startVault(server));
    await root.ok('vault_create', { ...place, key: 'KEY', value: 'first' });
    await root.ok('vault_update', { ...place, key: 'KEY', value: 'second' });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await distant[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  /** Others may be under way, as the work of the server that nobody asked for: the least of some. */
  async function roundTripsOf(work: (run: number) => Promise<unknown>): Promise<number> {
    const counts: number[] = [];
    for (let run = 0; run < 3; run += 1) counts.push(await distant.roundTripsOf(async () => await work(run)));
    return Math.min(...counts);
  }

  async function importOf(amount: number, value: string): Promise<number> {
    return await roundTripsOf(async (run) => {
      const entries = Array.from({ length: amount }, (_, index) => ({
        key: `OF_${amount}_${index}`,
        value: `${value} ${run}`,
      }));
      await root.ok('vault_import', { ...place, entries });
    });
  }

  test('an entry: two in its transaction, with the begin and with the commit, and two to know who is asking', async () => {
    const create = async (run: number): Promise<unknown> =>
      await root.ok('vault_create', { ...place, key: `NEW_${run}`, value: 'x' });
    const update = async (): Promise<unknown> =>
      await root.ok('vault_update', { ...place, key: 'KEY', value: 'x' });
    expect(await roundTripsOf(create)).toBeLessThanOrEqual(4);
    expect(await roundTripsOf(update)).toBeLessThanOrEqual(4);
  });

  test('an import: as many for 100 entries as for 10, new or not', async () => {
    const few = await importOf(10, 'new');
    expect(await importOf(100, 'new')).toBeLessThanOrEqual(few + FEW);
    expect(await importOf(100, 'changed')).toBeLessThanOrEqual(few + FEW);
  });

  test('the records of reads: as many for 64 at once as for one', async () => {
    const { audit } = server.app.context;
    const record = {
      type: 'vault_view',
      outcome: 'success',
      uid: root.uid,
      username: 'root',
      project_id: place.project_id,
      environment: 'production',
      object: 'KEY',
      ip: '127.0.0.1',
      request_id: 'req_0',
      details: { version: 1 },
    } as const;
    const at = async (amount: number): Promise<unknown> =>
      await Promise.all(Array.from({ length: amount }, async () => await audit.record(record)));
    const ofOne = await roundTripsOf(async () => await at(1));
    expect(await roundTripsOf(async () => await at(64))).toBeLessThanOrEqual(ofOne + FEW);
  });
});
