import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ScriptedServer, type Reply } from '../../packages/server/src/testing/scripted-server.ts';
import { Person, type Options } from './support.ts';

const NODE = process.execPath;
const RUN = ['run', '--watch', '--only', 'KEY', '--'];
/** Says its value, and at SIGTERM when it is told to go; ends when it is told `end`. */
const PROGRAM = [
  NODE,
  '-e',
  `process.on('SIGTERM', () => { console.log('told'); process.exit(3); });
   process.stdin.on('data', () => process.exit(4)); console.log('with ' + process.env.KEY);`,
];

/** A server whose reads of a value are answered when the test says so. */
class SlowVault implements AsyncDisposable {
  readonly #reads: ServerResponse[] = [];
  #onRead: () => void = () => undefined;
  #stream: ServerResponse | undefined;
  #index = 1;
  server!: ScriptedServer;

  static async start(): Promise<SlowVault> {
    const vault = new SlowVault();
    vault.server = await ScriptedServer.start(vault.#answer);
    return vault;
  }

  readonly #answer: Reply = (response, { url = '' }) => {
    if (url.startsWith('/vault/watch')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\n\n');
      this.#stream = response;
    } else {
      this.#reads.push(response);
      this.#onRead();
    }
  };

  get options(): Options {
    return { env: { COFFER_URL: this.server.url, COFFER_TOKEN: 'token', COFFER_PROJECT: 'shop' } };
  }

  change(key: string): void {
    this.#index += 1;
    const data = JSON.stringify({ index: this.#index, type: 'vault_update', key, at: 'now' });
    this.#stream?.write(`event: change\nid: ${this.#index}\ndata: ${data}\n\n`);
  }

  /** Resolves with the answer to give, once a value is asked for. */
  async read(): Promise<(value: string) => void> {
    if (this.#reads.length === 0) await new Promise<void>((resolve) => (this.#onRead = resolve));
    const response = this.#reads.shift();
    return (value) => void response?.end(JSON.stringify({ vault: { key: 'KEY', value, version: 1 } }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

async function sayUntil(stream: Readable, words: string): Promise<string> {
  let said = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes(words)) return said;
  }
  throw new Error(`it ended before it said ${words}: ${said}`);
}

/** One that waits for its parent to look at it is not. */
function isAlive(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function rest(stream: Readable): Promise<string> {
  let said = '';
  for await (const chunk of stream) said += String(chunk);
  return said;
}

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s before the values are there ends it, and nothing is started',
  async (signal) => {
    await using vault = await SlowVault.start();
    using person = new Person();
    const child = person.start([...RUN, 'touch', 'started'], vault.options);
    const ended = once(child, 'close');
    const answer = await vault.read();
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    answer('late');
    expect(existsSync(join(person.cwd, 'started'))).toBe(false);
  },
);

test('SIGTERM while changed values are read ends the command, and no other is started', async () => {
  await using vault = await SlowVault.start();
  using person = new Person();
  const child = person.start([...RUN, ...PROGRAM], vault.options);
  const ended = once(child, 'close');
  const stdout = child.stdout as Readable;
  (await vault.read())('one');
  await sayUntil(stdout, 'with one');
  (await vault.read())('one');
  vault.change('KEY');
  const answer = await vault.read();
  child.kill('SIGTERM');
  answer('two');
  expect(await rest(stdout)).toBe('told\n');
  expect(await ended).toEqual([3, null]);
});

test('a command that ends while changed values are read is not started again', async () => {
  await using vault = await SlowVault.start();
  using person = new Person();
  const child = person.start([...RUN, ...PROGRAM], vault.options);
  const ended = once(child, 'close');
  const stdout = child.stdout as Readable;
  (await vault.read())('one');
  await sayUntil(stdout, 'with one');
  const answer = await vault.read();
  child.stdin?.write('end');
  expect(await ended).toEqual([4, null]);
  answer('two');
  expect(await rest(stdout)).toBe('');
});

test('a change of a key that the command does not have is no reason to read', async () => {
  await using vault = await SlowVault.start();
  using person = new Person();
  const child = person.start([...RUN, ...PROGRAM], vault.options);
  const stdout = child.stdout as Readable;
  (await vault.read())('one');
  (await vault.read())('one');
  const reads = vault.server.requests.length;
  const changing = setInterval(() => vault.change('OTHER'), 50);
  vault.change('KEY');
  (await vault.read())('two');
  await sayUntil(stdout, 'with two');
  clearInterval(changing);
  expect(vault.server.requests.length - reads).toBe(1);
  child.kill('SIGTERM');
  await once(child, 'close');
});

test('what the command started and left behind is gone before it is started anew', async () => {
  await using vault = await SlowVault.start();
  using person = new Person();
  const child = person.start([...RUN, 'sh', '-c', 'sleep 1000 & echo "$KEY $!"; wait'], vault.options);
  const stdout = child.stdout as Readable;
  (await vault.read())('one');
  const [, pid = ''] = (await sayUntil(stdout, 'one ')).trim().split(' ');
  expect(isAlive(pid)).toBe(true);
  (await vault.read())('two');
  const [, second = ''] = (await sayUntil(stdout, 'two ')).trim().split(' ');
  expect(isAlive(pid)).toBe(false);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);
  process.kill(Number(second));
});
