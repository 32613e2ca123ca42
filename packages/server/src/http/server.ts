import type { Socket } from 'node:net';
import { AppError } from '@coffer/core';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from '../logger.ts';
import { makeRequestId } from '../request-id.ts';
import { parseJson } from './input.ts';
import { SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY } from './headers.ts';
import { BODY_BYTES_MAX, problemBody, sendProblem, toAppError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of who is signed in, for the log. */
    uid: string | undefined;
  }
}

const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 72_000;
const STALLED_MS = 60_000;
/** Node's own would be longer than the whole request may take, and count instead. */
const TIMEOUTS = { headersTimeout: 10_000, connectionsCheckingInterval: 1000 };

export type ServerOptions = {
  log: Logger;
  secure: boolean;
  tls: { cert: string; key: string } | undefined;
  trustedProxies: readonly string[];
};

/** The HTTP server without its endpoints: limits, headers, errors, one log line for each request. */
export function createServer({ log, secure, tls, trustedProxies }: ServerOptions): FastifyInstance {
  const headers = secure
    ? { ...SECURITY_HEADERS, 'strict-transport-security': STRICT_TRANSPORT_SECURITY }
    : SECURITY_HEADERS;
  let stopping = false;
  const app = fastify({
    ...(tls === undefined ? { http: TIMEOUTS } : { https: { ...tls, ...TIMEOUTS } }),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Of a socket on which nothing moves: a client that does not read its answer must not hold it in memory.
    connectionTimeout: STALLED_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    genReqId: makeRequestId,
    requestIdHeader: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
    routerOptions: { querystringParser: () => ({}) },
    clientErrorHandler: answerMalformed,
    frameworkErrors: (error, request, reply) => {
      // Hooks do not run for these.
      reply.headers({ ...headers, 'x-request-id': request.id });
      sendProblem(reply, toAppError(error));
    },
  }) as unknown as FastifyInstance;
  // Node answers what it does not know here with a 417 without a body; the header may as well be ignored.
  app.server.on('checkExpectation', (request, response) => {
    app.routing(request, response);
  });
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    stopping = true;
    // Browsers open connections ahead of need. To Node these are not idle, and the stop would wait for them.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
  app.decorateRequest('uid', undefined);
  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });
  // These hooks run for every request: with a callback, because a promise costs more than what they do.
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id);
    // Before the body is read, which would be refused for reasons that do not matter.
    if (!request.is404) return done();
    const allowed = methods.get(request.url.split('?')[0] ?? '');
    if (allowed === undefined) return done(new AppError('endpoint_not_found'));
    reply.header('allow', allowed.join(', '));
    return done(new AppError('method_not_allowed'));
  });
  app.addHook('onResponse', (request, reply, done) => {
    // Idle connections are closed when the stop begins; this one became idle later.
    if (stopping) request.raw.socket.end();
    log.info(
      {
        request_id: request.id,
        method: request.method,
        // The pattern, never the URL: what callers put there by mistake stays out of the log.
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        uid: request.uid ?? null,
        ip: request.ip,
      },
      'request',
    );
    done();
  });
  acceptJsonOnly(app);
  answerErrors(app, log);
  return app;
}

function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
      const encoding = request.headers['content-encoding'] ?? 'identity';
      if ((charset !== undefined && !/^utf-?8$/i.test(charset)) || encoding !== 'identity') {
        throw new AppError('unsupported_media_type');
      }
      return parseJson(body);
    },
  );
}

function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = toAppError(error);
    logRefusal(log, request.id, refusal);
    return await sendProblem(reply, refusal);
  });
}

/** Once, where it is answered: what nobody expected, and what the administrator has to mend. */
export function logRefusal(log: Logger, requestId: string, refusal: AppError): void {
  if (refusal.status < 500) return;
  const err = refusal.code === 'internal' ? (refusal.cause ?? refusal) : refusal;
  log.error({ request_id: requestId, code: refusal.code, err }, refusal.message);
}

/** What is not HTTP gets an answer, too, written by hand: there is no request yet. */
function answerMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const codes = {
    HPE_HEADER_OVERFLOW: 'headers_too_large',
    ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  } as const;
  const refusal = new AppError(codes[error.code as keyof typeof codes] ?? 'malformed_request');
  const requestId = makeRequestId();
  const body = JSON.stringify(problemBody(refusal, requestId));
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${refusal.code}`,
      ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
