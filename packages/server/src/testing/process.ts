import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from './client.ts';
import { makeDataDir } from './data-dir.ts';
import { databaseFor, releaseDatabase, urlOf } from './databases.ts';
import { ENGINE, type Engine } from './engines.ts';
import { guard } from './guard.ts';

/** As it is built: both commands build first, and it starts in half the time that the sources take. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const READY = /^Coffer \S+ is ready at (\S+)$/m;
const SETUP_LINK = /#setup_token=(\S+)/;
const START_PATIENCE_MS = 60_000;

/** The real program in a process of its own, started as a person would start it. */
export class ServerProcess implements AsyncDisposable {
  readonly dataDir: string;
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #keepsDataDir: boolean;

  private constructor(child: ChildProcess, dataDir: string, keepsDataDir: boolean) {
    this.child = child;
    this.dataDir = dataDir;
    this.#keepsDataDir = keepsDataDir;
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  /**
   * Resolves when it serves. Fails, with what it printed, when it ends before. `wrapper` is a command that runs it. Its database
   * is of the engine that these tests are for, unless one is named.
   */
  static async start({
    dataDir,
    env = {},
    wrapper = [],
    engine = ENGINE,
  }: {
    dataDir?: string;
    env?: Record<string, string>;
    wrapper?: readonly string[];
    engine?: Engine;
  } = {}): Promise<ServerProcess> {
    const directory = dataDir ?? makeDataDir();
    const isGiven = engine === 'sqlite' || env['COFFER_DATABASE_URL'] !== undefined;
    const database = isGiven ? undefined : await databaseFor(directory);
    const server = ServerProcess.#spawn(directory, {
      env: database === undefined ? env : { COFFER_DATABASE_URL: urlOf(database), ...env },
      wrapper,
      keepsDataDir: dataDir !== undefined,
    });
    const deadline = AbortSignal.timeout(START_PATIENCE_MS);
    const ended = once(server.child, 'exit', { signal: deadline });
    const ready = (async () => {
      while (!READY.test(server.stderr) && server.child.stderr !== null) {
        await once(server.child.stderr, 'data', { signal: deadline });
      }
      return 'ready' as const;
    })();
    const first = await Promise.race([ready, ended]);
    ready.catch(() => undefined);
    ended.catch(() => undefined);
    if (first !== 'ready') throw new Error(`the server ended: ${server.stderr}`);
    return server;
  }

  /** Without waiting: for starts that are meant to fail. */
  static spawn({
    dataDir,
    env = {},
    wrapper = [],
  }: { dataDir?: string; env?: Record<string, string>; wrapper?: readonly string[] } = {}): ServerProcess {
    const keepsDataDir = dataDir !== undefined;
    return ServerProcess.#spawn(dataDir ?? makeDataDir(), { env, wrapper, keepsDataDir });
  }

  static #spawn(
    directory: string,
    {
      env,
      wrapper,
      keepsDataDir,
    }: { env: Record<string, string>; wrapper: readonly string[]; keepsDataDir: boolean },
  ): ServerProcess {
    const [command, ...args] = [...wrapper, process.execPath, MAIN];
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('COFFER_')),
    );
    const child = spawn(command, args, {
      env: { ...inherited, COFFER_DATA_DIR: directory, COFFER_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guard(child);
    return new ServerProcess(child, directory, keepsDataDir);
  }

  get url(): string {
    return READY.exec(this.stderr)?.[1] ?? '';
  }

  get setupToken(): string {
    return SETUP_LINK.exec(this.stderr)?.[1] ?? '';
  }

  client(): Client {
    return new Client(this.url);
  }

  /** Exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode;
    const [code, signal] = (await once(this.child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? signal;
  }

  async kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const ended = this.ended();
    this.child.kill(signal);
    return await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL');
    if (this.#keepsDataDir) return;
    rmSync(this.dataDir, { recursive: true, force: true });
    releaseDatabase(this.dataDir);
  }
}
