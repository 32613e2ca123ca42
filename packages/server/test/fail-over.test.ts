import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { PostgresCluster } from '../src/testing/postgres.ts';
import { startTestServer } from '../src/testing/server.ts';

/** One address for whichever PostgreSQL is the right one, as a proxy or a name in the DNS gives it. */
class Switch implements AsyncDisposable {
  target: number;
  readonly #server = createServer((socket) => this.#forward(socket));
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.target = target;
  }

  static async to(target: number): Promise<Switch> {
    const made = new Switch(target);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #forward(from: Socket): void {
    const to = connect(this.target, '127.0.0.1');
    for (const socket of [from, to]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        from.destroy();
        to.destroy();
        this.#sockets.delete(socket);
      });
    }
    from.pipe(to).pipe(from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe.runIf(ENGINE === 'postgres').each(ENGINES)('when %s fails over to a standby', () => {
  test('nothing that was answered is lost, and it goes on without a restart', async () => {
    await using primary = await PostgresCluster.start();
    await using standby = await primary.startStandby();
    await using way = await Switch.to(primary.port);
    await using server = await startTestServer({
      config: { database: { ...primary.address(), port: way.port } },
    });
    const root = await server.setUp();
    const project_id = await server.project(root);
    const isServed = async (key: string): Promise<boolean> =>
      (await root.call('vault_create', { project_id, key, value: key })).status === 201;
    expect(await isServed('FIRST')).toBe(true);

    const created: string[] = ['FIRST'];
    const statuses = new Set<number>();
    const load = { isOver: false };
    const workers = Array.from({ length: 8 }, async (_, worker) => {
      for (let step = 0; !load.isOver; step += 1) {
        const key = `K_${worker}_${step}`;
        const { status } = await root.call('vault_create', { project_id, key, value: key });
        if (status === 201) created.push(key);
        statuses.add(status);
        const read = await root.call('vault_fetch_one', { project_id, key: 'FIRST' });
        statuses.add(read.status);
      }
    });
    await expect.poll(() => created.length).toBeGreaterThan(30);
    await primary.kill();
    const before = created.length;
    // There before anyone has said that it is the one now: it answers, and refuses all that writes.
    way.target = standby.port;
    await expect
      .poll(async () => (await root.call('vault_fetch_one', { project_id, key: 'FIRST' })).body.detail)
      .toContain('read-only');
    expect((await root.call('ready')).status).toBe(503);
    await standby.query('select pg_promote()');
    await expect.poll(() => created.length).toBeGreaterThan(before + 30);
    load.isOver = true;
    await Promise.all(workers);

    expect([...statuses].toSorted()).toEqual([200, 201, 503]);
    for (const key of created)
      expect((await root.ok('vault_fetch_one', { project_id, key })).vault.value).toBe(key);
    expect((await root.call('ready')).status).toBe(200);
  });
});
