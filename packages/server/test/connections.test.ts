import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ServerProcess } from '../src/testing/process.ts';

const SILENT = 1000;
const MEBIBYTE = 1024 ** 2;

/** Opens a connection; what came back on it is collected, and `closed` resolves when the server has closed it. */
async function open(
  server: ServerProcess,
): Promise<{ socket: Socket; received: () => string; closed: Promise<unknown> }> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => {
    socket.once('close', resolve);
  });
  await once(socket, 'connect');
  return { socket, received: () => received, closed };
}

/** Sends a byte now and then, for as long as someone listens. */
function drip({ socket, closed }: { socket: Socket; closed: Promise<unknown> }, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(text[sent % text.length] ?? '');
    sent += 1;
  }, 200);
  void closed.then(() => clearInterval(timer));
}

function residentBytes({ child }: ServerProcess): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

test.skipIf(process.platform !== 'linux')(
  `${SILENT} connections on which nothing is said cost little, hold up nobody, and are closed`,
  { timeout: 60_000 },
  async () => {
    await using server = await ServerProcess.start();
    const client = server.client();
    await client.ok('health');
    const before = residentBytes(server);
    const silent = await Promise.all(Array.from({ length: SILENT }, async () => await open(server)));
    for (let calls = 0; calls < 20; calls += 1) await client.ok('ready');
    expect((residentBytes(server) - before) / MEBIBYTE).toBeLessThan(64);
    await Promise.all(silent.map(async ({ closed }) => await closed));
    for (const { received } of silent) expect(received()).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
    await client.ok('ready');
  },
);

test.concurrent(
  'whoever sends the head of a request byte by byte is cut off after ten seconds',
  { timeout: 60_000 },
  async () => {
    await using server = await ServerProcess.start();
    const slow = await open(server);
    slow.socket.write('GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ');
    drip(slow, 'a');
    await slow.closed;
    expect(slow.received()).toMatch(/^HTTP\/1\.1 408 /);
    expect(slow.received()).toContain('"code":"request_timeout"');
    await server.client().ok('ready');
  },
);

test.concurrent(
  'whoever sends the body of a request byte by byte is cut off after half a minute',
  { timeout: 90_000 },
  async () => {
    await using server = await ServerProcess.start();
    const slow = await open(server);
    const head = [
      'POST /user/login HTTP/1.1',
      'host: x',
      'content-type: application/json',
      'content-length: 5000',
    ];
    slow.socket.write(`${head.join('\r\n')}\r\n\r\n{"auth_data":"`);
    drip(slow, 'a');
    await slow.closed;
    expect(slow.received()).toMatch(/^HTTP\/1\.1 408 /);
    await server.client().ok('ready');
  },
);

test('a body that ends before it is complete changes nothing, whatever it promised', async () => {
  await using server = await ServerProcess.start();
  const body = JSON.stringify({ auth_data: 'x', password: 'y' });
  const cut = await open(server);
  const head = ['POST /user/login HTTP/1.1', 'host: x', 'content-type: application/json'];
  cut.socket.write(`${head.join('\r\n')}\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`);
  cut.socket.end();
  await cut.closed;
  expect(cut.received()).toMatch(/^(?:HTTP\/1\.1 400 |$)/);
  await server.client().ok('ready');
});
