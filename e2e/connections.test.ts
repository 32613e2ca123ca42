import { expect, test } from 'vitest';
import { ServerProcess } from '../packages/server/src/testing/process.ts';
import { endureSilence, openConnection, type Connection } from './faults/silent-connections.ts';

/** Sends a byte now and then, for as long as someone listens. */
function drip({ socket, closed }: Connection, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(text[sent % text.length] ?? '');
    sent += 1;
  }, 200);
  void closed.then(() => clearInterval(timer));
}

test.skipIf(process.platform !== 'linux')(
  'a thousand connections on which nothing is said cost little, hold up nobody, and are closed',
  { timeout: 60_000 },
  async () => {
    expect(await endureSilence(1000)).toMatchObject({ connections: 1000 });
  },
);

test.concurrent(
  'whoever sends the head of a request byte by byte is cut off after ten seconds',
  { timeout: 60_000 },
  async () => {
    await using server = await ServerProcess.start();
    const slow = await openConnection(server);
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
    const slow = await openConnection(server);
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
  const cut = await openConnection(server);
  const head = ['POST /user/login HTTP/1.1', 'host: x', 'content-type: application/json'];
  cut.socket.write(`${head.join('\r\n')}\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`);
  cut.socket.end();
  await cut.closed;
  expect(cut.received()).toMatch(/^(?:HTTP\/1\.1 400 |$)/);
  await server.client().ok('ready');
});
