import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CliError, systemCode } from '../cli-error.ts';
import { command } from '../command.ts';

const HOST = '127.0.0.1';
const PORT = 8787;
const BODY_BYTES_MAX = 1024 * 1024;

export const echo = command({
  name: 'echo',
  summary: 'Run a server on this machine that prints, and answers, exactly what it is sent.',
  description: [
    'It shows what a route sends: here, on standard output, the secret can be seen; in the answer that the caller of the route receives it cannot. It can be reached from this machine only. Ctrl-C ends it.',
    'A route may call it where the server was started with COFFER_EGRESS_ALLOW=http://127.0.0.1:8787.',
  ],
  arguments: [],
  options: {
    port: { type: 'string', value: 'NUMBER', summary: `${PORT} unless given; 0: any that is free.` },
  },
  scope: 'nothing',
  examples: [{ line: 'coffer echo', what: `On http://${HOST}:${PORT}.` }],
  run: async ({ terminal }, { options }) => {
    // Here alone: it takes longer to load than all else that the command line is made of.
    const { createServer } = await import('node:http');
    const server = createServer((request, response) => {
      receive(request)
        .then(async (received) => {
          await terminal.pass([Buffer.from(`${received}\n`)]);
          response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(received);
        })
        .catch(() => request.destroy());
    });
    server.listen(parsePort(options.port), HOST);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw new CliError('port_unusable', { code: systemCode(error) });
    }
    const { port } = server.address() as AddressInfo;
    terminal.say(`Listening at http://${HOST}:${port}`, 'good');
    await once(server, 'close');
  },
});

/** Request line, headers and body, as they came. Fails when the body is too large or breaks off. */
async function receive(request: IncomingMessage): Promise<string> {
  const { method, url, httpVersion, rawHeaders } = request;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX)
      throw new CliError('input_too_large', { what: 'a body', max: BODY_BYTES_MAX });
    chunks.push(chunk as Buffer);
  }
  const headers = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [],
  );
  const body = Buffer.concat(chunks).toString();
  return `${[`${method} ${url} HTTP/${httpVersion}`, ...headers].join('\n')}\n${body === '' ? '' : `\n${body}\n`}`;
}

/** Fails with a usage error. */
function parsePort(text: string | undefined): number {
  if (text === undefined) return PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new CliError('usage', { why: '--port must be a number up to 65535', command: 'echo ' });
  return Number(text);
}
