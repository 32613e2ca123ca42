import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Egress, EgressError } from './egress.ts';

const LIMITS = { timeoutMs: 2000, bytesMax: 1000 };

async function reasonOf(fetching: Promise<unknown>): Promise<string> {
  const error: unknown = await fetching.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof EgressError ? error.reason : 'none';
}

async function startServer(body: string) {
  const seen: string[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    seen.push(`${url} ${headers['user-agent']}`);
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('what leaves the server', () => {
  test('goes nowhere that is not public, however it is written: no request arrives', async () => {
    await using server = await startServer('x');
    const { port } = server;
    const hosts = [
      '127.0.0.1',
      'localhost',
      '127.1',
      '0x7f.1',
      '2130706433',
      '0177.0.0.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '127.0.0.1.',
    ];
    for (const host of hosts) {
      for (const text of [
        `http://${host}:${port}/`,
        `https://${host}:${port}/`,
        `https://${host}/`,
        `https://a@${host}:${port}/`,
      ]) {
        const url = URL.parse(text);
        if (url !== null)
          expect([text, await reasonOf(new Egress([]).get(url, LIMITS))]).toEqual([text, 'blocked']);
      }
    }
    expect(server.seen).toEqual([]);
  });

  test('goes to an origin that the operator allows, and to no other of the same host', async () => {
    await using server = await startServer('body');
    await using other = await startServer('x');
    const egress = new Egress([server.origin]);
    expect((await egress.get(new URL(`${server.origin}/a`), LIMITS)).toString()).toBe('body');
    expect(server.seen).toEqual(['/a coffer']);
    expect(await reasonOf(egress.get(new URL(other.origin), LIMITS))).toBe('blocked');
    expect(await reasonOf(egress.get(new URL(`http://user:pass@127.0.0.1:${server.port}/`), LIMITS))).toBe(
      'blocked',
    );
    expect(other.seen).toEqual([]);
  });

  test('takes in no more than was said', async () => {
    await using server = await startServer('x'.repeat(1001));
    const egress = new Egress([server.origin]);
    expect(await reasonOf(egress.get(new URL(server.origin), LIMITS))).toBe('too_large');
  });
});
