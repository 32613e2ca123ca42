import { join } from 'node:path';
import { parseDatabaseUrl } from '../../packages/server/src/config/database-url.ts';
import { createRootKeyFile } from '../../packages/server/src/keys/root-key-source.ts';
import { openStore, type Store } from '../../packages/server/src/store/database.ts';
import { openDialect } from '../../packages/server/src/store/open-dialect.ts';
import { startAdmin } from '../../packages/server/src/testing/admin.ts';
import type { Client } from '../../packages/server/src/testing/client.ts';
import { temporaryDirectory } from '../../packages/server/src/testing/data-dir.ts';
import type { Engine } from '../../packages/server/src/testing/engines.ts';
import type { PostgresCluster } from '../../packages/server/src/testing/postgres.ts';
import { ServerProcess } from '../../packages/server/src/testing/process.ts';
import { PASSWORD } from '../../packages/server/src/testing/server.ts';

let databases = 0;

type Place = { /** Undefined: SQLite. */ cluster?: PostgresCluster | undefined; servers?: number };

/** A JWT is valid for fifteen. */
const TOKEN_MS_MAX = 5 * 60_000;

/** Real servers in processes of their own: one on SQLite, or as many as asked for on one database of PostgreSQL. */
export class Instance implements AsyncDisposable {
  readonly servers: ServerProcess[] = [];
  readonly #directory = temporaryDirectory();
  readonly #amount: number;
  readonly #databaseUrl: string | undefined;
  #token: { text: string | undefined; since: number } | undefined;

  private constructor(amount: number, databaseUrl: string | undefined) {
    this.#amount = amount;
    this.#databaseUrl = databaseUrl;
  }

  static async start(place: Place = {}): Promise<Instance> {
    const instance = await Instance.prepare(place);
    try {
      // Several that start on a shared directory cannot make it for each other.
      createRootKeyFile(instance.rootKeyPath);
      await instance.startMissing();
      return instance;
    } catch (error) {
      await instance[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The place for one: nothing is in it, and no server runs. */
  static async prepare({ cluster, servers = 1 }: Place = {}): Promise<Instance> {
    if (cluster === undefined) return new Instance(servers, undefined);
    databases += 1;
    const name = `instance_${process.pid}_${databases}`;
    await cluster.query(`create database ${name}`);
    return new Instance(servers, cluster.url(name));
  }

  get engine(): Engine {
    return this.#databaseUrl === undefined ? 'sqlite' : 'postgres';
  }

  /** All servers share it, as they would a mounted directory. */
  get rootKeyPath(): string {
    return join(this.#directory.path, 'root.key');
  }

  /** `coffer admin`, beside the servers. */
  admin(words: readonly string[]): ReturnType<typeof startAdmin> {
    return startAdmin(words, { dataDir: this.#directory.path, env: this.#env });
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
    const now = performance.now();
    if (this.#token === undefined || now - this.#token.since > TOKEN_MS_MAX) {
      const setupToken = this.#token === undefined ? server.setupToken : '';
      this.#token = { text: await signIn(client, setupToken), since: now };
    }
    client.token = this.#token.text;
    return client;
  }

  /** The next client signs in anew. */
  forgetToken(): void {
    if (this.#token !== undefined) this.#token.since = Number.NEGATIVE_INFINITY;
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

  get #env(): Record<string, string> {
    return this.#databaseUrl === undefined ? {} : { COFFER_DATABASE_URL: this.#databaseUrl };
  }

  async #start(): Promise<ServerProcess> {
    const { engine } = this;
    return await ServerProcess.start({ dataDir: this.#directory.path, env: this.#env, engine });
  }
}

export function isRunning({ child }: ServerProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** As ROOT, who is made where there is nobody yet. Answers with the token. */
async function signIn(root: Client, setupToken: string): Promise<string | undefined> {
  if (setupToken === '') await root.signIn('user_login', { auth_data: 'root', password: PASSWORD });
  else {
    await root.signIn('setup', {
      setup_token: setupToken,
      username: 'root',
      email: 'root@example.org',
      first_name: 'Rosa',
      last_name: 'Root',
      password: PASSWORD,
    });
  }
  return root.token;
}
