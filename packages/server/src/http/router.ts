import { isIP } from 'node:net';
import {
  AppError,
  AUDIT_EVENTS,
  type AuditEventType,
  type ErrorCode,
  type ProjectId,
  type Redacted,
} from '@coffer/core';
import {
  answerSchema,
  ENDPOINTS,
  type Endpoint,
  type EndpointId,
  type Endpoints,
  type Input,
  type Output,
} from '@coffer/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Actor, Caller, Origin } from '../services/actor.ts';
import { draft } from '../services/audit-log.ts';
import type { Context } from '../services/context.ts';
import { watchHolder } from '../services/watchers.ts';
import { authenticate, authenticateAgain, type Authenticated, type Site } from './authenticate.ts';
import { clearedSessionCookie, sessionCookie } from './cookies.ts';
import { lastEventId, streamEvents, wantsEvents, type Stream } from './event-stream.ts';
import { parseInput } from './input.ts';

export type Cookies = {
  /** Undefined: the call was authenticated by a token, or by nothing. */
  authenticated: boolean;
  set(cookie: { secret: Redacted<string>; expiresAt: number }): void;
  clear(): void;
};

/** What a handler is given beside its input: who calls, or where from when anyone may. */
type Call<E extends Endpoint> = (Exclude<E['action'], undefined> extends never
  ? { context: Context; origin: Origin }
  : { context: Context; caller: Caller }) & {
  cookies: Cookies;
  /** This goes on with an answer that is a stream: its beginning is on record. */
  isContinued: boolean;
};

/** A handler translates and calls a service; it decides nothing. */
export type Handlers = {
  [Id in EndpointId]: (
    call: Call<Endpoints[Id]>,
    input: Input<Endpoints[Id]>,
  ) => Promise<Output<Endpoints[Id]>>;
};

type AnyHandler = (call: unknown, input: unknown) => Promise<Record<string, unknown>>;

/** Not recorded as refusals: floods would drown the log, or it cannot be written anyway. */
const UNRECORDED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'too_many_attempts',
  'too_many_watchers',
  'overloaded',
  'audit_unavailable',
  'store_unavailable',
]);

/** Serves the endpoints of the contract. */
export function registerEndpoints(
  app: FastifyInstance,
  context: Context,
  site: Site,
  handlers: Handlers,
): void {
  app.addHook('preClose', async () => context.watchers.close());
  for (const [id, definition] of Object.entries<Endpoint>(ENDPOINTS)) {
    registerEndpoint(app, {
      context,
      site,
      definition,
      schema: answerSchema(definition),
      handler: handlers[id as EndpointId] as AnyHandler,
    });
  }
}

/** What anyone may send needs no more. */
const PUBLIC_BODY_BYTES_MAX = 16 * 1024;

type Registration = {
  context: Context;
  site: Site;
  definition: Endpoint;
  /** Of the whole answer. */
  schema: ReturnType<typeof answerSchema>;
  handler: AnyHandler;
};

function registerEndpoint(app: FastifyInstance, registration: Registration): void {
  const { context, site, definition } = registration;
  const signIn = async (request: FastifyRequest, origin: Origin): Promise<Authenticated> => {
    const authenticated = await authenticate(context, site, request, origin);
    request.uid = authenticated.actor.uid;
    return authenticated;
  };
  app.route({
    method: definition.method,
    url: definition.path,
    // What anyone may read costs nothing to look at; what is on record is asked for as a whole.
    exposeHeadRoute: definition.action === undefined,
    ...(definition.action === undefined ? { bodyLimit: PUBLIC_BODY_BYTES_MAX } : {}),
    // Before the body is read: strangers do not get us to parse theirs. Those of GET are not read.
    ...(definition.action === undefined || definition.method === 'GET'
      ? {}
      : { onRequest: async (request) => void (await signIn(request, originOf(request))) }),
    handler: async (request, reply) => {
      const origin = originOf(request);
      // Here again, because a body may arrive slowly, and who sends it may have lost their rights meanwhile (R15).
      const authenticated = definition.action === undefined ? undefined : await signIn(request, origin);
      const input = parseInput(definition, request);
      const attempt = { origin, authenticated, input, isContinued: false };
      if (definition.stream === true && authenticated !== undefined && wantsEvents(request)) {
        return await answerWithEvents(registration, reply, { ...attempt, authenticated });
      }
      const answer = await answerTo(registration, reply, attempt);
      return await reply
        .code(definition.status)
        .header('content-type', 'application/json')
        .send(JSON.stringify(answer));
    },
  });
}

type Attempt = {
  origin: Origin;
  authenticated: Authenticated | undefined;
  input: Record<string, unknown>;
  isContinued: boolean;
};

async function answerTo(
  { context, site, definition, schema, handler }: Registration,
  reply: FastifyReply,
  { origin, authenticated, input, isContinued }: Attempt,
): Promise<Record<string, unknown>> {
  const call = {
    context,
    origin,
    caller: authenticated && { ...origin, actor: authenticated.actor },
    cookies: cookiesOf(reply, { site, authenticated, clock: context.clock }),
    isContinued,
  };
  const payload = await recordingRefusal(
    context,
    definition,
    { origin, actor: authenticated?.actor, input },
    async () => await handler(call, input),
  );
  // A record of its own came after what was read; without one, a power cut could still undo that.
  const isOnRecord = !isContinued && isRecorded(eventOf(definition, input));
  if (definition.action !== undefined && !isOnRecord) await context.store.flush();
  // An unexpected field fails closed.
  return schema.parse({ status: definition.status, message: definition.message, ...payload });
}

/** The same answer again and again, each for a caller who still may. */
async function answerWithEvents(
  registration: Registration,
  reply: FastifyReply,
  attempt: Attempt & { authenticated: Authenticated },
): Promise<FastifyReply> {
  const { context, site } = registration;
  const { origin, authenticated: before, input } = attempt;
  return await streamEvents(reply, {
    context,
    holder: watchHolder(before.actor),
    projectId: input['project_id'] as ProjectId,
    after: lastEventId(reply.request) ?? (input['after'] as number | undefined),
    look: async (after, isContinued) => {
      const again = async (): Promise<Authenticated> =>
        await authenticateAgain(context, site, reply.request, { origin, before });
      const authenticated = isContinued ? await again() : before;
      const next = { origin, authenticated, input: { ...input, after }, isContinued };
      try {
        return (await answerTo(registration, reply, next)) as Awaited<ReturnType<Stream['look']>>;
      } catch (error) {
        // Who lost everything between the two looks is told that, not the part of it that was found.
        if (isContinued) await again();
        throw error;
      }
    },
  });
}

/** A refused attempt of someone signed in is on record before they are told (R32). Public endpoints record their own. */
async function recordingRefusal<T>(
  { audit }: Context,
  definition: Endpoint,
  attempt: { origin: Origin; actor: Actor | undefined; input: Record<string, unknown> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { origin, actor, input } = attempt;
    const code = error instanceof AppError ? error.code : 'internal';
    const event = eventOf(definition, input);
    if (actor === undefined || event === undefined || UNRECORDED.has(code)) throw error;
    const project = textOf(input['project_id']);
    const environment = textOf(input['environment']);
    const object = definition.object === undefined ? undefined : textOf(input[definition.object]);
    await audit.record(
      draft(origin, actor, {
        type: event,
        outcome: isDenial(error) ? 'denied' : 'error',
        ...(project === undefined ? {} : { project }),
        ...(environment === undefined ? {} : { environment }),
        ...(object === undefined ? {} : { object }),
        details: { ...(error instanceof AppError ? error.detail : {}), code },
      }),
    );
    throw error;
  }
}

function eventOf({ event, eventWith }: Endpoint, input: Record<string, unknown>): AuditEventType | undefined {
  return eventWith !== undefined && input[eventWith.field] === true ? eventWith.event : event;
}

/** Also when it succeeds. */
function isRecorded(event: AuditEventType | undefined): boolean {
  return event !== undefined && AUDIT_EVENTS[event].records === 'always';
}

function isDenial(error: unknown): boolean {
  return error instanceof AppError && (error.status === 403 || error.code === 'project_not_found');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function originOf(request: FastifyRequest): Origin {
  // A proxy passes on what it was sent: text that is no address is not believed.
  const ip = isIP(request.ip) === 0 ? (request.socket.remoteAddress ?? '') : request.ip;
  return { ip, requestId: request.id, userAgent: request.headers['user-agent'] ?? '' };
}

function cookiesOf(
  reply: FastifyReply,
  { site, authenticated, clock }: { site: Site; authenticated: Authenticated | undefined; clock: Clock },
): Cookies {
  return {
    authenticated: authenticated?.by === 'cookie',
    set({ secret, expiresAt }) {
      // As late as it is now: the session was made after the call began, and its cookie does not outlive it.
      const maxAgeSeconds = Math.max(0, Math.floor((expiresAt - clock()) / 1000));
      reply.header('set-cookie', sessionCookie(site.secure, secret, maxAgeSeconds));
    },
    clear() {
      reply.header('set-cookie', clearedSessionCookie(site.secure));
    },
  };
}
