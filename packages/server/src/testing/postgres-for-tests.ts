import { openStore } from '../store/database.ts';
import { openPostgres } from '../store/postgres.ts';
import { TEMPLATE } from './databases.ts';
import { PostgresCluster } from './postgres.ts';

/** Vitest runs this around all tests on PostgreSQL. What is lost in a power cut is not what these tests are about. */
export async function setup(): Promise<() => Promise<void>> {
  const cluster = await PostgresCluster.start({
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  await cluster.makeConnectingCheap();
  await cluster.query(`create database ${TEMPLATE}`);
  const store = await openStore(await openPostgres(cluster.address(TEMPLATE)));
  await store.close();
  process.env['TEST_POSTGRES_URL'] = cluster.url();
  return async () => await cluster[Symbol.asyncDispose]();
}
