import { AppError, BODY_METHODS, invalidField, ROUTE_METHODS, type RouteMethod } from '@coffer/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../services/context.ts';
import { admit, callRoute, limitRate, type AnswerSink, type RouteCall } from '../services/route-calls.ts';
import { matchRoute, type CalledRoute } from '../services/route-match.ts';
import { authenticate, type Authenticated, type Site } from './authenticate.ts';
import { writeOut } from './event-stream.ts';
import { CALL_PREFIX, PAGE_HEADER } from './headers.ts';
import { bodyOnly, parseJson, parseQuery } from './input.ts';
import { toAppError } from './problem.ts';
import { originOf } from './router.ts';
import { logRefusal } from './server.ts';

/** What an outside API answers is not ours: as a page it may do nothing, and it is never a part of one. */
const POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";
const PARTS_OF_PAGES: ReadonlySet<string> = new Set([
  'audioworklet',
  'embed',
  'fencedframe',
  'frame',
  'iframe',
  'manifest',
  'object',
  'paintworklet',
  'script',
  'serviceworker',
  'sharedworker',
  'style',
  'worker',
  'xslt',
]);
const UNREAD_MS = 30_000;
/** How long a stop lets calls go on: streams may never end. */
const STOP_PATIENCE_MS = 5000;

type Matched = { called: CalledRoute; authenticated: Authenticated | undefined };

/** Serves the routes of projects, below their API paths. */
export function registerRouteCalls(app: FastifyInstance, context: Context, site: Site): void {
  app.addHook('preClose', async () => {
    setTimeout(() => context.runningCalls.stop(), STOP_PATIENCE_MS).unref();
  });
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body);
    const matched = new WeakMap<FastifyRequest, Matched>();
    scope.route({
      method: [...ROUTE_METHODS],
      url: `${CALL_PREFIX}/*`,
      exposeHeadRoute: false,
      // Before the body is read: strangers do not get us to read theirs.
      onRequest: async (request) => {
        matched.set(request, await match(context, site, request));
      },
      handler: async (request, reply) => {
        const found = matched.get(request);
        if (found === undefined) throw new AppError('internal');
        return await answer(context, site, { request, reply, found });
      },
    });
  });
}

/** Whether there is such a route is told to those who are someone only, unless anyone may call it. */
async function match(context: Context, site: Site, request: FastifyRequest): Promise<Matched> {
  if (PARTS_OF_PAGES.has(String(request.headers['sec-fetch-dest']))) throw new AppError('origin_mismatch');
  const origin = originOf(request);
  const path = (request.url.split('?')[0] ?? '').slice(CALL_PREFIX.length);
  const called = await matchRoute(context.store.db, request.method as RouteMethod, path);
  if (called?.route.access === 'public') {
    await limitRate(context, called, origin.ip);
    return { called, authenticated: undefined };
  }
  const authenticated = await authenticate(context, site, request, origin);
  if (authenticated.by === 'cookie' && !isOwnCall(request)) throw new AppError('origin_mismatch');
  request.uid = authenticated.actor.uid;
  if (called === undefined) throw new AppError('route_not_found');
  await admit(context, { ...origin, called, actor: authenticated.actor }).catch((error: unknown) => {
    throw hiding(error);
  });
  return { called, authenticated };
}

/**
 * A GET of ours changes nothing, that of a route may well: it must not be called by a link in a mail, which brings the
 * cookie along as if it had been typed in, nor by what a browser that does not say where from lets another page load.
 * No page of another origin can set this header. Other methods were proved by their Origin.
 */
function isOwnCall({ method, headers }: FastifyRequest): boolean {
  return (
    method !== 'GET' || headers['sec-fetch-site'] === 'same-origin' || headers[PAGE_HEADER] !== undefined
  );
}

async function answer(
  context: Context,
  site: Site,
  {
    request,
    reply,
    found: { called, authenticated: before },
  }: {
    request: FastifyRequest;
    reply: FastifyReply;
    found: Matched;
  },
): Promise<FastifyReply> {
  const given = (): ReturnType<RouteCall['given']> => ({
    query: parseQuery(request.url),
    headers: request.headers,
    body: bodyOf(request),
  });
  const origin = originOf(request);
  // A body may arrive slowly, and who sends it may have lost their rights meanwhile (R15).
  const authenticated =
    before === undefined || request.method === 'GET'
      ? before
      : await authenticate(context, site, request, origin);
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const call = { ...origin, called, actor: authenticated?.actor, given, gone: gone.signal };
  try {
    await callRoute(context, call, sinkOf(reply));
  } catch (error) {
    if (!reply.sent) throw hiding(error);
    logRefusal(context.log, request.id, toAppError(error));
    breakOff(request, reply);
  }
  return reply;
}

/**
 * What came so far must not pass for the whole. In HTTP/1.0, which many proxies speak to what is behind them, the end of
 * a connection is the end of an answer: there it is reset instead.
 */
function breakOff(
  { raw: { httpVersionMajor, httpVersionMinor } }: FastifyRequest,
  { raw }: FastifyReply,
): void {
  const hasNoLength = httpVersionMajor === 1 && httpVersionMinor === 0;
  // A TLS connection has no reset: it ends without its last message, which says as much.
  if (hasNoLength && raw.socket !== null && !('encrypted' in raw.socket)) raw.socket.resetAndDestroy();
  else raw.destroy();
}

/** Who may not see the project is not told that it has the route. */
function hiding(error: unknown): unknown {
  return error instanceof AppError && error.code === 'project_not_found'
    ? new AppError('route_not_found', {}, { cause: error })
    : error;
}

function bodyOf(request: FastifyRequest): Record<string, unknown> | undefined {
  const { body, headers } = request;
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  if (!BODY_METHODS.has(request.method as RouteMethod)) {
    if (length !== '0' || encoding !== undefined)
      throw invalidField('body', `must be empty with ${request.method}`);
    return undefined;
  }
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new AppError('unsupported_media_type');
  return bodyOnly(parseJson(body)) as Record<string, unknown>;
}

function sinkOf(reply: FastifyReply): AnswerSink {
  const { raw } = reply;
  return {
    begin(status, headers) {
      reply.hijack();
      reply.header('content-security-policy', POLICY);
      // Of whatever type: a proxy passes it on as it comes.
      reply.header('x-accel-buffering', 'no');
      const own = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]);
      // As a list: names are those of others, and some are names of members that every object has.
      raw.writeHead(status, [...own, ...headers].flat());
      // The head of a stream of events does not wait for the first of them.
      raw.flushHeaders();
    },
    async write(chunk) {
      return await writeOut(raw, chunk, UNREAD_MS);
    },
    async end() {
      const ended = Promise.withResolvers<boolean>();
      raw.once('close', () => ended.resolve(raw.writableFinished));
      raw.end(() => ended.resolve(true));
      return await ended.promise;
    },
  };
}
