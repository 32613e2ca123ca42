import { randomBytes } from 'node:crypto';
import { parseDatabaseUrl } from '../../packages/server/src/config/database-url.ts';
import { openStore, type Store } from '../../packages/server/src/store/database.ts';
import { openDialect } from '../../packages/server/src/store/open-dialect.ts';
import type { Client } from '../../packages/server/src/testing/client.ts';
import { temporaryDirectory } from '../../packages/server/src/testing/data-dir.ts';
import type { PostgresCluster } from '../../packages/server/src/testing/postgres.ts';
import { ServerProcess } from '../../packages/server/src/testing/process.ts';
import { PASSWORD } from '../../packages/server/src/testing/server.ts';

let databases = 0;

/** Real servers in processes of their own: one on SQLite, or as many as asked for on one database of PostgreSQL. */
export class Instance implements AsyncDisposable {
  readonly servers: ServerProcess[] = [];
  readonly #directory = temporaryDirectory();
  readonly #amount: number;
  readonly #databaseUrl: string | undefined;
  readonly #rootKey = randomBytes(32).toString('base64');
  #token: string | undefined;

  private constructor(amount: number, databaseUrl: string | undefined) {
    this.#amount = amount;
    this.#databaseUrl = databaseUrl;
  }

  static async start({
    cluster,
    servers = 1,
  }: { cluster?: PostgresCluster | undefined; servers?: number } = {}): Promise<Instance> {
    let url: string | undefined;
    if (cluster !== undefined) {
      databases += 1;
      const name = `instance_${process.pid}_${databases}`;
      await cluster.query(`create database ${name}`);
      url = cluster.url(name);
    }
    const instance = new Instance(servers, url);
    try {
      await instance.startMissing();
      return instance;
    } catch (error) {
      await instance[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Those that have ended start again, all at once. */
  async startMissing(): Promise<void> {
    const running = this.servers.filter(isRunning);
    const missing = Array.from({ length: this.#amount - running.length }, async () => await this.#start());
    const started = await Promise.allSettled(missing);
    this.servers.splice(0, Infinity, ...running);
    for (const start of started) {
      if (start.status === 'rejected') throw start.reason;
      this.servers.push(start.value);
    }
  }

  /** ROOT, at one of the servers. */
  async client(server = this.servers[0]): Promise<Client> {
    if (server === undefined) throw new Error('there is no server');
    const client = server.client();
    client.token = this.#token ??= await setUp(server);
    return client;
  }

  /** Beside the servers, as a program of its own. */
  async withStore<T>(look: (store: Store) => Promise<T>): Promise<T> {
    const database = this.#databaseUrl === undefined ? undefined : parseDatabaseUrl(this.#databaseUrl);
    const store = await openStore(await openDialect({ database, dataDir: this.#directory.path }));
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
    this.#directory[Symbol.dispose]();
  }

  async #start(): Promise<ServerProcess> {
    const url = this.#databaseUrl;
    return await ServerProcess.start({
      dataDir: this.#directory.path,
      env: url === undefined ? {} : { COFFER_DATABASE_URL: url, COFFER_ROOT_KEY: this.#rootKey },
    });
  }
}

export function isRunning({ child }: ServerProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function setUp(server: ServerProcess): Promise<string | undefined> {
  const root = server.client();
  await root.signIn('setup', {
    setup_token: server.setupToken,
    username: 'root',
    email: 'root@example.org',
    first_name: 'Rosa',
    last_name: 'Root',
    password: PASSWORD,
  });
  return root.token;
}
