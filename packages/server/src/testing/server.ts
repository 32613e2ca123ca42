import { rmSync } from 'node:fs';
import type { Role } from '@coffer/core';
import { startApp, type App, type AppOptions } from '../app.ts';
import type { Config } from '../config/config.ts';
import { createLogger } from '../logger.ts';
import { verifyAuditLog } from '../services/audit-verification.ts';
import { Client } from './client.ts';
import { makeDataDir } from './data-dir.ts';
import { databaseFor, fillDataDir, releaseDatabase } from './databases.ts';

export const PASSWORD = 'violet-anchor-pebble-41';

/** Hashing that costs next to nothing, limits that nobody reaches: tests of either say so themselves. */
const CHEAP_PASSWORDS = { memoryCost: 8, timeCost: 1, parallelism: 1 };
const NO_LIMIT = { free: 1_000_000, waitSecondsMax: 1 };
const NO_LIMITS = { pair: NO_LIMIT, address: NO_LIMIT, account: NO_LIMIT };

export type TestOptions = Partial<Omit<AppOptions, 'config' | 'log'>> & {
  config?: Partial<Config>;
  /** Start on this directory, and leave it when done. */
  dataDir?: string;
};

/** A real server with a real store in a directory of its own; `await using` stops it and checks its audit log. */
export class TestServer implements AsyncDisposable {
  readonly app: App;
  readonly dataDir: string;
  readonly logLines: string[];
  readonly #keepsDataDir: boolean;
  #users = 0;
  #projects = 0;
  #stopped = false;

  constructor(
    app: App,
    { dataDir, logLines, keepsDataDir }: { dataDir: string; logLines: string[]; keepsDataDir: boolean },
  ) {
    this.app = app;
    this.dataDir = dataDir;
    this.logLines = logLines;
    this.#keepsDataDir = keepsDataDir;
  }

  /** A client that is nobody yet. */
  anonymous(): Client {
    return new Client(this.app.url);
  }

  /** Makes the first ROOT user, and answers with their client. */
  async setUp(): Promise<Client> {
    const root = this.anonymous();
    await root.signIn('setup', {
      setup_token: this.app.context.rootKeys.latest.setupToken.expose(),
      username: 'root',
      email: 'root@example.org',
      first_name: 'Rosa',
      last_name: 'Root',
      password: PASSWORD,
    });
    return root;
  }

  /** Makes a user with the role and signs them in. Needs a ROOT client. */
  async user(root: Client, role: Role): Promise<Client> {
    this.#users += 1;
    const username = `${role.toLowerCase()}-${this.#users}`;
    await root.ok('user_create', {
      username,
      email: `${username}@example.org`,
      first_name: 'Test',
      last_name: role,
      password: PASSWORD,
      role,
    });
    const client = this.anonymous();
    await client.signIn('user_login', { auth_data: username, password: PASSWORD });
    return client;
  }

  /** Makes a project; whose client this is becomes its first member. */
  async project(creator: Client): Promise<string> {
    this.#projects += 1;
    const id = `project_${this.#projects}`;
    await creator.ok('project_create', {
      id,
      name: `Project ${this.#projects}`,
      api_path: `/p${this.#projects}`,
    });
    return id;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.app.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // In a transaction: what is still under way must not come between.
      const { store } = this.app.context;
      if (!this.#stopped) await store.transaction(verifyAuditLog);
    } finally {
      await this.stop();
      if (!this.#keepsDataDir) {
        rmSync(this.dataDir, { recursive: true, force: true });
        releaseDatabase(this.dataDir);
      }
    }
  }
}

export async function startTestServer({
  config,
  dataDir,
  ...options
}: TestOptions = {}): Promise<TestServer> {
  const directory = dataDir ?? makeDataDir();
  if (dataDir === undefined) fillDataDir(directory);
  const logLines: string[] = [];
  const app = await startApp({
    passwordCost: CHEAP_PASSWORDS,
    attemptLimits: NO_LIMITS,
    ...options,
    log: createLogger('trace', { write: (line) => void logLines.push(line) }),
    config: {
      host: '127.0.0.1',
      port: 0,
      dataDir: directory,
      database: await databaseFor(directory),
      rootKeys: undefined,
      firstUser: undefined,
      publicUrl: undefined,
      tls: undefined,
      trustedProxies: [],
      egressAllow: ['http://127.0.0.1:1'],
      backup: { recipients: undefined, passphrase: undefined, schedule: undefined },
      logLevel: 'trace',
      ...config,
    },
  });
  return new TestServer(app, { dataDir: directory, logLines, keepsDataDir: dataDir !== undefined });
}
