import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { findPaths } from '../../packages/cli/src/paths.ts';
import { runCommandLine } from '../../packages/cli/src/run-command-line.ts';
import { Terminal } from '../../packages/cli/src/terminal.ts';
import type { Client } from '../../packages/server/src/testing/client.ts';
import {
  startTestServer,
  type TestOptions,
  type TestServer,
} from '../../packages/server/src/testing/server.ts';
import { PseudoTerminal } from './pseudo-terminal.ts';

export const COFFER = fileURLToPath(new URL('../../packages/cli/dist/coffer.mjs', import.meta.url));

export type Result = {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  out: string;
  err: string;
};
export type Options = { input?: string | Uint8Array; env?: Record<string, string | undefined>; cwd?: string };

/** A person at a computer of their own: a home directory, a directory to work in, and the bundled program. */
export class Person implements Disposable {
  readonly base = mkdtempSync(join(tmpdir(), 'coffer-test-'));
  readonly cwd = join(this.base, 'work');
  env: Record<string, string | undefined>;

  constructor() {
    for (const name of ['home', 'work', 'tmp', 'runtime']) mkdirSync(join(this.base, name));
    this.env = {
      PATH: process.env['PATH'],
      HOME: join(this.base, 'home'),
      TMPDIR: join(this.base, 'tmp'),
      XDG_RUNTIME_DIR: join(this.base, 'runtime'),
      LANG: 'C.UTF-8',
    };
  }

  get credentials(): string {
    return join(this.base, 'home/.config/coffer/credentials.json');
  }

  start(args: readonly string[], { env = {}, cwd = this.cwd }: Options = {}): ReturnType<typeof spawn> {
    return spawn(process.execPath, [COFFER, ...args], { cwd, env: { ...this.env, ...env } });
  }

  /** The command line on a terminal. */
  onTerminal(args: readonly string[], { env = {}, cwd = this.cwd }: Options = {}): PseudoTerminal {
    return new PseudoTerminal([process.execPath, COFFER, ...args], {
      cwd,
      env: { ...this.env, TERM: 'xterm', ...env },
    });
  }

  async run(args: readonly string[], options: Options = {}): Promise<Result> {
    const child = this.start(args, options);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin?.on('error', () => undefined).end(options.input ?? '');
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    const stdout = Buffer.concat(out);
    return { code, signal, stdout, out: stdout.toString(), err: Buffer.concat(err).toString() };
  }

  /** Its standard output. Fails when it failed. */
  async ok(args: readonly string[], options: Options = {}): Promise<string> {
    return outputOf(args, await this.run(args, options));
  }

  /** The same commands in this process: for what stands around the story of a test, and for what many of them say. */
  get here(): Pick<Person, 'run' | 'ok'> {
    return {
      run: async (args, options) => await this.#runHere(args, options),
      ok: async (args, options) => outputOf(args, await this.#runHere(args, options)),
    };
  }

  async #runHere(
    args: readonly string[],
    { input = '', env = {}, cwd = this.cwd }: Options = {},
  ): Promise<Result> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    stdin.end(input);
    const printed = [buffer(stdout), buffer(stderr)] as const;
    const variables = { ...this.env, ...env };
    const code = await runCommandLine(args, {
      version: '0.0.0',
      terminal: new Terminal({ stdin, stdout, stderr }, variables),
      env: variables,
      cwd,
      // Without XDG_CONFIG_HOME it would be the home directory of whoever runs the tests.
      paths: findPaths({
        XDG_CONFIG_HOME: join(variables['HOME'] ?? '', '.config'),
        XDG_CACHE_HOME: join(variables['HOME'] ?? '', '.cache'),
        ...variables,
      }),
      now: () => new Date(),
    });
    stdout.end();
    stderr.end();
    const [out, err] = await Promise.all(printed);
    return { code, signal: null, stdout: out, out: out.toString(), err: err.toString() };
  }

  [Symbol.dispose](): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}

function outputOf(args: readonly string[], { code, signal, out, err }: Result): string {
  if (code !== 0) throw new Error(`coffer ${args.join(' ')} ended with ${code ?? signal}: ${err}`);
  return out;
}

/** `coffer echo` on a free port. */
export type Echo = AsyncDisposable & {
  url: string;
  /** Resolves when it has printed the words. */
  see: (words: string) => Promise<void>;
};

export async function startEcho(person: Person): Promise<Echo> {
  const child = person.start(['echo', '--port', '0']);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('its output goes nowhere');
  let printed = '';
  let said = '';
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let url: string | undefined;
  while (url === undefined) {
    await once(stderr, 'data', { signal: AbortSignal.timeout(10_000) });
    [, url] = /Listening at (\S+)\n/.exec(said) ?? [];
  }
  return {
    url,
    see: async (words) => {
      while (!printed.includes(words)) await once(stdout, 'data', { signal: AbortSignal.timeout(10_000) });
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

export type Scene = AsyncDisposable & {
  server: TestServer;
  url: string;
  root: Client;
  project: string;
  person: Person;
};

/** A server with a project, and a person who is signed in and stands in a directory that is tied to it. */
export async function setScene(options: TestOptions = {}): Promise<Scene> {
  const server = await startTestServer(options);
  const person = new Person();
  const root = await server.setUp();
  const project = await server.project(root);
  const { url } = server.app;
  await person.here.ok(['login', url, '--token-stdin'], { input: root.token ?? '' });
  await person.here.ok(['init', '--project', project]);
  return {
    server,
    url,
    root,
    project,
    person,
    [Symbol.asyncDispose]: async () => {
      person[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
