import { lookup } from 'node:dns';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { isPublicAddress } from './addresses.ts';

/**
 * Why nothing was fetched. `blocked`: the rules forbid it; `unreachable`: there was no answer in time; `too_large`;
 * `status`: it was not 200.
 */
export type EgressReason = 'blocked' | 'unreachable' | 'too_large' | 'status';

export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly reason: EgressReason;

  constructor(reason: EgressReason, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

export type EgressLimits = { timeoutMs: number; bytesMax: number };

/**
 * All HTTP that leaves the server. To anywhere on the public internet over https on port 443; to origins that the
 * operator allows, also over http, on other ports and at private addresses.
 *
 * The address that a name stands for is looked up once, checked, and dialled: a name that answers with something else
 * the second time is not asked a second time. Redirects are not followed, and the environment's proxies not used.
 */
export class Egress {
  readonly #allowedOrigins: ReadonlySet<string>;

  constructor(allowedOrigins: readonly string[]) {
    this.#allowedOrigins = new Set(allowedOrigins);
  }

  /** Whether a URL could be fetched as far as its text tells. */
  permits(url: URL): boolean {
    if (url.username !== '' || url.password !== '') return false;
    return this.#allowedOrigins.has(url.origin) || this.isPublic(url);
  }

  /** Whether it could be without the operator's leave. */
  isPublic(url: URL): boolean {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return (
      url.username === '' &&
      url.password === '' &&
      url.protocol === 'https:' &&
      url.port === '' &&
      (isIP(host) === 0 || isPublicAddress(host))
    );
  }

  /** The body of a 200. Fails with an EgressError. */
  async get(url: URL, { timeoutMs, bytesMax }: EgressLimits): Promise<Buffer> {
    if (!this.permits(url)) throw new EgressError('blocked', 'the address is not one that may be called');
    const anywhere = this.#allowedOrigins.has(url.origin);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await send(url, anywhere, signal);
      if (answer.statusCode !== 200) {
        answer.destroy();
        throw new EgressError('status', 'the answer was not 200');
      }
      return await readBody(answer, bytesMax);
    } catch (cause) {
      if (cause instanceof EgressError) throw cause;
      throw new EgressError('unreachable', 'there was no answer', { cause });
    }
  }
}

async function send(url: URL, anywhere: boolean, signal: AbortSignal): Promise<IncomingMessage> {
  const client = url.protocol === 'https:' ? https : http;
  return await new Promise((resolve, reject) => {
    const request = client.request(url, {
      method: 'GET',
      signal,
      // Of its own: the global one would follow the environment's proxies and keep connections for others.
      agent: new client.Agent({ keepAlive: false }),
      headers: { accept: 'application/json', 'user-agent': 'coffer' },
      ...(anywhere ? {} : { lookup: lookupPublic }),
    });
    request.once('response', resolve);
    request.once('error', reject);
    if (!anywhere) request.once('socket', (socket) => checkPeer(socket, (error) => request.destroy(error)));
    request.end();
  });
}

/** Every address of the name must be public: with one that is not, something is wrong with the name. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) {
      callback(error ?? new Error('the name has no address'), '', 0);
    } else if (!addresses.every(({ address }) => isPublicAddress(address))) {
      callback(new EgressError('blocked', 'the name stands for an address that may not be called'), '', 0);
    } else if (options.all === true) {
      callback(null, addresses);
    } else {
      callback(null, first.address, first.family);
    }
  });
};

/** Before anything is sent: what was dialled is what was checked, whatever lies between. */
function checkPeer(socket: Socket, refuse: (error: EgressError) => void): void {
  socket.once('connect', () => {
    if (!isPublicAddress(socket.remoteAddress ?? ''))
      refuse(new EgressError('blocked', 'the connection led to an address that may not be called'));
  });
}

async function readBody(answer: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new EgressError('too_large', `the answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
