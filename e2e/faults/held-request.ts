import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Client } from '../../packages/server/src/testing/client.ts';

/**
 * A request of which the server has the head and waits for the body: it is under way for as long as we like. Answers
 * with what sends the body and resolves with what came back until the connection was closed.
 */
export async function holdBack(
  client: Client,
  path: string,
  input: Record<string, unknown>,
): Promise<() => Promise<string>> {
  const { hostname, port } = new URL(client.url);
  const body = JSON.stringify(input);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.write(
    [
      `POST ${path} HTTP/1.1`,
      `host: ${hostname}`,
      `authorization: Bearer ${client.token ?? ''}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  );
  const [first] = (await once(socket, 'data')) as [string];
  assert.equal(first, 'HTTP/1.1 100 Continue\r\n\r\n');
  return async () => {
    let answer = '';
    socket.on('data', (chunk: string) => (answer += chunk));
    const closed = once(socket, 'close');
    socket.write(body);
    await closed;
    return answer;
  };
}
