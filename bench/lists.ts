import { ServerProcess } from '../packages/server/src/testing/process.ts';

/**
 * How long lists take with 1,000 projects and 10,000 entries in one of them: the first page, the last page, a filter.
 *
 *     node --conditions=@coffer/source bench/lists.ts
 */
const PROJECTS = 1000;
const ENTRIES = 10_000;
const PER_IMPORT = 500;
const RUNS = 30;

await using server = await ServerProcess.start({ env: { COFFER_LOG_LEVEL: 'silent' } });
const client = server.client();
await client.signIn('setup', {
  setup_token: server.setupToken,
  username: 'bench',
  email: 'bench@example.org',
  first_name: 'B',
  last_name: '',
  password: 'violet-anchor-pebble-41',
});
for (let index = 0; index < PROJECTS; index += 1) {
  await client.ok('project_create', {
    id: `project_${index}`,
    name: `Project ${index}`,
    api_path: `/p${index}`,
  });
}
for (let first = 0; first < ENTRIES; first += PER_IMPORT) {
  const entries = Array.from({ length: PER_IMPORT }, (_, index) => ({
    key: `KEY_${first + index}`,
    value: `value ${first + index}`,
  }));
  await client.ok('vault_import', { project_id: 'project_0', entries });
}

const vault = { project_id: 'project_0' };
console.table({
  'projects, first page': await time(async () => await client.ok('project_fetch', { limit: 10 })),
  'projects, last page': await time(async () => await client.ok('project_fetch', { limit: 10, offset: 990 })),
  'projects, filter': await time(
    async () => await client.ok('project_fetch', { limit: 10, filter: 'ect 99' }),
  ),
  'entries, first page': await time(async () => await client.ok('vault_fetch', { ...vault, limit: 10 })),
  'entries, last page': await time(
    async () => await client.ok('vault_fetch', { ...vault, limit: 10, offset: 9990 }),
  ),
  'entries, filter': await time(
    async () => await client.ok('vault_fetch', { ...vault, limit: 10, filter: 'y_999' }),
  ),
  'entries, 100 a page': await time(async () => await client.ok('vault_fetch', { ...vault, limit: 100 })),
  'events, first page': await time(async () => await client.ok('event_fetch', { limit: 25 })),
});

/** Milliseconds from request to parsed answer, one after the other. */
async function time(request: () => Promise<unknown>): Promise<{ median: number; slowest: number }> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const start = performance.now();
    await request();
    times.push(performance.now() - start);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const rounded = (milliseconds = 0): number => Math.round(milliseconds * 10) / 10;
  return { median: rounded(sorted[Math.floor(RUNS / 2)]), slowest: rounded(sorted.at(-1)) };
}
