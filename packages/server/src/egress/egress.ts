import { lookup as lookupByResolver } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { callbackify } from 'node:util';
import { isPublicAddress } from './addresses.ts';
import { dial, type Lookup } from './dial.ts';
import { EgressError } from './egress-error.ts';
import { exchange, hostOf, type EgressAnswer, type EgressRequest } from './exchange.ts';

export { EgressError } from './egress-error.ts';
export type { EgressAnswer, EgressRequest } from './exchange.ts';

const DIAL_TIMEOUT_MS = 10_000;
/** Below the five seconds after which many servers close a connection that is not used. */
const IDLE_CONNECTION_MS = 4000;
const IDLE_CONNECTIONS_MAX = 64;
const UNDER_WAY_MAX = 1024;
const UNDER_WAY_PER_ORIGIN_MAX = 256;

export type EgressLimits = { timeoutMs: number; bytesMax: number };

/** `ca`: the one authority whose certificates count. `lookup` stands for the resolver; what it finds is checked. */
export type EgressOptions = { ca?: string; lookup?: Lookup };

/**
 * All HTTP that leaves the server. To anywhere on the public internet over https on port 443; to origins that the
 * operator allows, also over http, on other ports and at private addresses.
 *
 * Connections are checked when they are made, see `dial`, and used again by requests to the same origin. Redirects are
 * not followed, the environment's proxies not used, and nothing is tried twice.
 */
export class Egress {
  readonly #allowedOrigins: ReadonlySet<string>;
  readonly #agents: Readonly<Record<'public' | 'allowed' | 'plain', http.Agent>>;
  readonly #underWay = new Map<string, number>();
  #underWayInAll = 0;

  constructor(allowedOrigins: readonly string[], options: EgressOptions = {}) {
    this.#allowedOrigins = new Set(allowedOrigins);
    const { ca, lookup = async (hostname) => await lookupByResolver(hostname, { all: true }) } = options;
    const anywhere = (): boolean => true;
    // Each with connections of its own: those that were made without the check serve only what needs none.
    this.#agents = {
      public: agentWith(https, { lookup, isAllowed: isPublicAddress, tls: { ca } }),
      allowed: agentWith(https, { lookup, isAllowed: anywhere, tls: { ca } }),
      plain: agentWith(http, { lookup, isAllowed: anywhere, tls: undefined }),
    };
  }

  /** Whether a URL could be fetched as far as its text tells. */
  permits(url: URL): boolean {
    return this.#agentFor(url) !== undefined;
  }

  /** Whether it could be without the operator's leave. */
  isPublic(url: URL): boolean {
    const host = hostOf(url);
    return (
      url.protocol === 'https:' &&
      url.port === '' &&
      hasNoUser(url) &&
      !host.endsWith('.') &&
      (isIP(host) === 0 || isPublicAddress(host))
    );
  }

  /** As soon as the head of the answer is there, whatever its status. Fails with an EgressError. */
  async send(request: EgressRequest): Promise<EgressAnswer> {
    const { url, signal } = request;
    const agent = this.#agentFor(url);
    if (agent === undefined) throw new EgressError('blocked', { sent: false });
    if (signal?.aborted === true) throw new EgressError('aborted', { sent: false });
    const leave = this.#enter(url.origin);
    try {
      const answer = await exchange(request, agent);
      if (answer.body.closed) leave();
      else answer.body.once('close', leave);
      return answer;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** The body of a 200. Fails with an EgressError. */
  async get(url: URL, { timeoutMs, bytesMax }: EgressLimits): Promise<Buffer> {
    const { status, body } = await this.send({
      url,
      method: 'GET',
      headers: [
        ['Accept', 'application/json'],
        ['User-Agent', 'coffer'],
      ],
      headTimeoutMs: timeoutMs,
      idleTimeoutMs: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (status !== 200) {
      body.destroy();
      throw new EgressError('status', { sent: true });
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new EgressError('too_large', { sent: true });
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** The connections that nothing uses. */
  close(): void {
    for (const { freeSockets } of Object.values(this.#agents)) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
  }

  #agentFor(url: URL): http.Agent | undefined {
    if (!hasNoUser(url)) return undefined;
    if (this.#allowedOrigins.has(url.origin)) {
      // The origin of `blob:https://…` is the one within.
      if (url.protocol === 'https:') return this.#agents.allowed;
      return url.protocol === 'http:' ? this.#agents.plain : undefined;
    }
    return this.isPublic(url) ? this.#agents.public : undefined;
  }

  /** What it returns is to be called once, when the request and its answer are over. */
  #enter(origin: string): () => void {
    const underWay = this.#underWay.get(origin) ?? 0;
    if (underWay >= UNDER_WAY_PER_ORIGIN_MAX || this.#underWayInAll >= UNDER_WAY_MAX)
      throw new EgressError('busy', { sent: false });
    this.#underWay.set(origin, underWay + 1);
    this.#underWayInAll += 1;
    return () => {
      const left = (this.#underWay.get(origin) ?? 0) - 1;
      if (left > 0) this.#underWay.set(origin, left);
      else this.#underWay.delete(origin);
      this.#underWayInAll -= 1;
    };
  }
}

function hasNoUser({ username, password }: URL): boolean {
  return username === '' && password === '';
}

/** Of our own: the global ones would follow the environment's proxies, and dial what was not checked. */
function agentWith(
  { Agent }: typeof http | typeof https,
  how: Pick<Parameters<typeof dial>[0], 'lookup' | 'isAllowed' | 'tls'>,
): http.Agent {
  const agent: http.Agent = new Agent({
    keepAlive: true,
    maxFreeSockets: IDLE_CONNECTIONS_MAX,
    timeout: IDLE_CONNECTION_MS,
  });
  agent.createConnection = ({ host, port }, callback) => {
    const dialled = callbackify(
      async () => await dial({ ...how, host: host ?? '', port: Number(port), timeoutMs: DIAL_TIMEOUT_MS }),
    );
    dialled((error, socket) => callback?.(error, socket));
    return undefined;
  };
  return agent;
}
