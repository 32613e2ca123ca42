import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { ServerProcess } from '../../packages/server/src/testing/process.ts';

const KIBIBYTE = 1024;
/** What the process grew by, however few they are, and for each. */
const BASE_KIBIBYTES = 48 * KIBIBYTE;
const EACH_KIBIBYTES = 24;

/** A connection: what came back on it, and what resolves when the server has closed it. */
export type Connection = { socket: Socket; received: () => string; closed: Promise<unknown> };

export async function openConnection(server: ServerProcess): Promise<Connection> {
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

/** So many connections on which nothing is said: they cost little, hold up nobody, and are closed. */
export async function endureSilence(amount: number): Promise<Record<string, number>> {
  await using server = await ServerProcess.start();
  const client = server.client();
  await client.ok('health');
  const before = residentKibibytes(server);
  const silent: Connection[] = [];
  while (silent.length < amount) {
    const more = Math.min(500, amount - silent.length);
    silent.push(
      ...(await Promise.all(Array.from({ length: more }, async () => await openConnection(server)))),
    );
    await client.ok('ready');
  }
  const kibibytes = residentKibibytes(server) - before;
  assert.ok(kibibytes < BASE_KIBIBYTES + amount * EACH_KIBIBYTES, `they cost ${kibibytes} KiB`);
  await Promise.all(silent.map(async ({ closed }) => await closed));
  for (const { received } of silent) assert.match(received(), /^(?:HTTP\/1\.1 408 |$)/);
  await client.ok('ready');
  return { connections: amount, kibibytes };
}

function residentKibibytes({ child }: ServerProcess): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes);
}
