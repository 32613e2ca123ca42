import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';

/**
 * What Coffer is compared with: a server that reads the request and answers with a fixed payload, and does nothing
 * else. `fork` it with `node:http` or `fastify`; it says its port, and takes each payload as a message.
 */
let payload = '';

process.on('message', (text: string) => {
  payload = text;
  process.send?.('set');
});

const port = process.argv[2] === 'fastify' ? await serveFastify() : await serveBare();
process.send?.(port);

async function serveBare(): Promise<number> {
  const answer = (response: ServerResponse): void => {
    response.setHeader('content-type', 'application/json');
    response.end(payload);
  };
  const server = createServer((request: IncomingMessage, response) => {
    if (request.method === 'GET') return answer(response);
    request.resume();
    request.on('end', () => answer(response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function serveFastify(): Promise<number> {
  const app = fastify();
  app.all('/*', async (_, reply) => await reply.header('content-type', 'application/json').send(payload));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}
