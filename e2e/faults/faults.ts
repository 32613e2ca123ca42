import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../packages/server/src/testing/client.ts';
import type { Engine } from '../../packages/server/src/testing/engines.ts';
import type { PostgresCluster } from '../../packages/server/src/testing/postgres.ts';
import { Random } from '../../packages/server/test/fuzz/random.ts';
import { holdBack } from './held-request.ts';
import { Instance, isRunning } from './instance.ts';
import { Journal, PROJECT, type Checked } from './journal.ts';
import { work } from './load.ts';
import { backUpUnderLoad } from './restore-drill.ts';
import { DATA_KEYS, ROOT_KEY, rotateAndKill } from './rotation.ts';

const WORKERS = 6;
/** What servers that are still there must answer after the fault, to show that they go on. */
const ANSWERS_AFTER = 40;
const PATIENCE_MS = 60_000;
/** As docs/operate promises, whatever happens to the database. */
const ANSWERED_WITHIN_MS = 60_000;

type Scene = {
  instance: Instance;
  /** There is one for every fault of PostgreSQL. */
  cluster: PostgresCluster | undefined;
  journal: Journal;
  random: Random;
  /** How long something is to be away. */
  seconds: number;
};

/** Something that goes wrong under load. */
export type Fault = {
  name: string;
  engine: Engine;
  servers: number;
  /** How often in the tests. */
  rounds: number;
  /** Returns when it is over, with what is to be done once all servers run again and nobody works. */
  strike(scene: Scene): Promise<void | (() => Promise<void>)>;
};

async function killAll({ servers }: Instance, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const ends = await Promise.all(servers.map(async (server) => await server.kill(signal)));
  for (const end of ends) assert.equal(end, signal === 'SIGKILL' ? signal : 0);
}

/** Changes of which the head has been read are still made, and answered. */
async function stopAmidRequests({ instance, journal, random }: Scene): Promise<void> {
  const [server] = instance.servers;
  const client = await instance.client(server);
  const round = random.below(2 ** 32);
  const held = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const entry = { key: `HELD_${round}_${index}`, value: `held ${index}` };
      return { entry, release: await holdBack(client, '/vault/create', { ...PROJECT, ...entry }) };
    }),
  );
  const ended = server?.ended();
  server?.child.kill('SIGTERM');
  while (server?.stdout.includes('"msg":"stopping"') === false) await delay(5);
  for (const { entry, release } of held) {
    const answer = await release();
    assert.match(answer, /^HTTP\/1\.1 201 Created\r\n/);
    assert.equal(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).vault.key, entry.key);
    journal.entries.set(entry.key, { value: entry.value, version: 1 });
  }
  assert.equal(await ended, 0);
}

/** While the database is away: refused with the reason, and in time. */
async function expectUnavailable(instance: Instance): Promise<void> {
  const client = await instance.client();
  for (const [id, code] of [
    ['ready', 'not_ready'],
    ['user_me', 'store_unavailable'],
  ] as const) {
    const { status, body } = await client.call(id);
    assert.deepEqual([status, body.code], [503, code]);
    assert.match(body.detail, /database/);
  }
  assert.equal((await client.call('health')).status, 200);
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 of the server',
    engine: 'sqlite',
    servers: 1,
    rounds: 10,
    strike: async ({ instance }) => await killAll(instance, 'SIGKILL'),
  },
  {
    name: 'kill -9 of the server',
    engine: 'postgres',
    servers: 1,
    rounds: 4,
    strike: async ({ instance }) => await killAll(instance, 'SIGKILL'),
  },
  { name: 'SIGTERM', engine: 'sqlite', servers: 1, rounds: 1, strike: stopAmidRequests },
  { name: 'SIGTERM', engine: 'postgres', servers: 1, rounds: 1, strike: stopAmidRequests },
  {
    name: 'kill -9 of one of two servers',
    engine: 'postgres',
    servers: 2,
    rounds: 3,
    async strike({ instance, random }) {
      assert.equal(await random.pick(instance.servers).kill('SIGKILL'), 'SIGKILL');
    },
  },
  {
    name: 'kill -9 of PostgreSQL',
    engine: 'postgres',
    servers: 2,
    rounds: 2,
    async strike({ cluster }) {
      await cluster?.kill();
      await cluster?.start();
    },
  },
  {
    name: 'PostgreSQL is stopped for a while',
    engine: 'postgres',
    servers: 2,
    rounds: 1,
    async strike({ instance, cluster, seconds }) {
      await cluster?.stop();
      await expectUnavailable(instance);
      await delay(seconds * 1000);
      await expectUnavailable(instance);
      await cluster?.start();
    },
  },
  {
    name: 'PostgreSQL does not answer for a while',
    engine: 'postgres',
    servers: 2,
    rounds: 1,
    async strike({ instance, cluster, seconds }) {
      const client = await instance.client();
      await cluster?.pause();
      try {
        // Whoever asks is told before requests give up.
        const { status, body } = await client.call('ready');
        assert.deepEqual([status, body.code], [503, 'not_ready']);
        assert.match(body.detail, /the database does not answer/);
        await delay(seconds * 1000);
      } finally {
        cluster?.resume();
      }
    },
  },
  ...(['sqlite', 'postgres'] as const).flatMap((engine): Fault[] => [
    {
      name: 'backup, and restore into each engine',
      engine,
      servers: engine === 'sqlite' ? 1 : 2,
      rounds: 1,
      strike: backUpUnderLoad,
    },
    {
      name: 'kill -9 of a rotation of the root key and of a server',
      engine,
      servers: engine === 'sqlite' ? 1 : 2,
      rounds: 1,
      strike: async (scene) => await rotateAndKill(ROOT_KEY, scene),
    },
    {
      name: 'kill -9 of a rotation of the data keys and of a server',
      engine,
      servers: engine === 'sqlite' ? 1 : 2,
      rounds: 1,
      strike: async (scene) => await rotateAndKill(DATA_KEYS, scene),
    },
  ]),
];

type Course = {
  /** Undefined: PostgreSQL is left out. */
  cluster: PostgresCluster | undefined;
  seed: number;
  rounds: number;
  seconds: number;
};

/**
 * The fault again and again, on one instance under mixed load, and after each the instance is held against the journal.
 * What has ended is started again; nothing else is done for it.
 */
export async function endure(fault: Fault, { cluster, seed, rounds, seconds }: Course): Promise<Checked> {
  const random = new Random(seed);
  const { engine, servers } = fault;
  await using instance = await Instance.start({
    cluster: engine === 'postgres' ? cluster : undefined,
    servers,
  });
  const journal = await Journal.begin(await instance.client());
  for (let round = 1; round <= rounds; round += 1) {
    const check = async (): Promise<void> => {
      await instance.startMissing();
      await instance.withStore(async (store) => await journal.check(await instance.client(), store));
    };
    const finish = await struck(fault, { instance, journal, cluster, random, seconds });
    await check();
    if (finish === undefined) continue;
    await finish();
    await check();
  }
  await killAll(instance, 'SIGTERM');
  assert.ok(journal.checked.longestMs < ANSWERED_WITHIN_MS, `an answer took ${journal.checked.longestMs} ms`);
  return journal.checked;
}

async function struck(fault: Fault, scene: Scene): ReturnType<Fault['strike']> {
  const { instance, journal, random } = scene;
  const state = { isOver: false };
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const workers = Array.from({ length: WORKERS }, async (_, index) => {
    const server = instance.servers[index % instance.servers.length];
    const client: Client = await instance.client(server);
    const end = await work({
      client,
      name: `W${index}`,
      random: new Random(random.below(2 ** 32)),
      journal,
      isOver: () => state.isOver,
    });
    return { end, server };
  });
  const load = Promise.all(workers);
  load.catch(failed.reject);
  const answered = async (more: number): Promise<void> => {
    const enough = journal.answered + more;
    const deadline = performance.now() + PATIENCE_MS;
    while (journal.answered < enough) {
      assert.ok(performance.now() < deadline, `no ${more} answers in a minute`);
      await Promise.race([delay(1 + random.below(10)), failed.promise]);
    }
  };
  let finish: Awaited<ReturnType<Fault['strike']>>;
  try {
    // A moment that has nothing to do with what the servers are doing.
    await answered(random.below(120));
    finish = await fault.strike(scene);
    if (instance.servers.some(isRunning)) await answered(ANSWERS_AFTER);
  } finally {
    state.isOver = true;
  }
  for (const { end, server } of await load)
    if (end === 'gone' && server !== undefined)
      assert.ok(!isRunning(server), `a server that lives cut a request off: ${server.stderr}`);
  return finish;
}
