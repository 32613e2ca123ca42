import {
  AppError,
  keyUses,
  utf8Bytes,
  type EntryKey,
  type KeyUse,
  type RouteDefinition,
  type UserId,
} from '@coffer/core';
import { EgressError, type EgressAnswer } from '../egress/egress.ts';
import { authenticateRequest } from '../outbound/auth/authenticate-request.ts';
import { filledAuth } from '../outbound/compiled-route.ts';
import { evaluatorOf } from '../outbound/expressions.ts';
import { readInputs, type GivenInputs, type Inputs } from '../outbound/inputs.ts';
import { renderAuth, renderRequest } from '../outbound/render.ts';
import { REDACTED_CHARACTERS_MIN } from '../outbound/redactor.ts';
import type { OutgoingRequest } from '../outbound/request.ts';
import type { Reader } from '../store/database.ts';
import type { EntryWithVersion } from '../store/entries.ts';
import { countCall } from '../store/routes.ts';
import type { Actor, Origin } from './actor.ts';
import { addressGroup } from './address-ranges.ts';
import { draft, type AuditEvent } from './audit-log.ts';
import { authorizeProject, mayUser, requireWithin } from './authorize.ts';
import type { Context } from './context.ts';
import { passOn, type AnswerSink, type Passed } from './route-answer.ts';
import type { CalledRoute } from './route-match.ts';
import { findEntries, obstacleOf } from './route-rights.ts';
import { openField } from './vaults.ts';

export type { AnswerSink };

export type RouteCall = Origin & {
  called: CalledRoute;
  /** Undefined: nobody, to a public route. */
  actor: Actor | undefined;
  given: Omit<GivenInputs, 'path'>;
  /** The caller went away. */
  gone: AbortSignal;
};

/** Floods are not on record: the limits are what stops them. */
const UNRECORDED = new Set(['too_many_calls', 'overloaded', 'audit_unavailable', 'store_unavailable']);
const IDLE_MS = 60_000;
const RETRY_AFTER_MS = 200;
const TRY_AGAIN_STATUSES = new Set([502, 503, 504]);
const MINUTE_MS = 60_000;

/**
 * Calls a route: rights, inputs and the leave of the entries are looked at; the record of it is durable; then the values
 * are opened, the request is sent, and its answer passed on. Fails, before anything was passed on, with what forbids or
 * prevents it.
 */
export async function callRoute(context: Context, call: RouteCall, sink: AnswerSink): Promise<void> {
  const { route } = call.called;
  await context.runningCalls.run(`${route.projectId} ${route.id}`, async (stopped) => {
    const prepared = await refusing(context, call, async () => await prepare(context, call));
    const begin = await context.audit.record(draft(call, call.actor, beginEvent(call, prepared)));
    const passed: Passed = { status: undefined, bytes: 0, redactions: 0 };
    const startedAt = performance.now();
    const cut = AbortSignal.any([
      call.gone,
      stopped,
      AbortSignal.timeout(prepared.definition.response.max_seconds * 1000),
    ]);
    let failure: string | undefined;
    try {
      await perform(context, call, { prepared, passed, sink, cut });
    } catch (error) {
      const refusal = toRefusal(error);
      failure = call.gone.aborted ? 'caller_gone' : refusal.code;
      throw refusal;
    } finally {
      const durationMs = Math.round(performance.now() - startedAt);
      await recordEnd(context, call, { begin, passed, durationMs, failure });
    }
  });
}

type Prepared = { definition: RouteDefinition; inputs: Inputs; entries: Map<EntryKey, EntryWithVersion> };

/** All that can forbid a call, in the order in which it is nobody else's business what comes after. */
async function prepare(context: Context, call: RouteCall): Promise<Prepared> {
  const { called, actor } = call;
  const { saved, params } = called;
  const { definition } = context.runningCalls.compiled(saved);
  const uses = keyUses(definition);
  const { db } = context.store;
  if (actor === undefined) await limitRate(context, call, definition);
  else await authorizeCaller(db, actor, called, uses);
  const entries = await authorizeRoute(db, called, uses);
  const inputs = readInputs(definition.inputs, { ...call.given, path: params });
  return { definition, inputs, entries };
}

async function authorizeCaller(
  db: Reader,
  actor: Actor,
  { route }: CalledRoute,
  uses: readonly KeyUse[],
): Promise<void> {
  await authorizeProject(db, actor, 'route.invoke', route.projectId);
  requireWithin(actor, route.environment);
  for (const { key } of uses) requireWithin(actor, route.environment, key);
}

/** Both keys, as they are now: the right of whoever saved the route, and the leave of each entry. */
async function authorizeRoute(
  db: Reader,
  { route, saved }: CalledRoute,
  uses: readonly KeyUse[],
): Promise<Map<EntryKey, EntryWithVersion>> {
  if (
    uses.length > 0 &&
    !(await mayUser(db, saved.savedBy.uid satisfies UserId, 'vault.view', route.projectId))
  )
    throw new AppError('route_unauthorized');
  const entries = await findEntries(db, route, uses);
  for (const use of uses) {
    const obstacle = obstacleOf(use, entries.get(use.key));
    if (obstacle !== undefined) throw obstacle;
  }
  return entries;
}

async function limitRate(
  { store, clock }: Context,
  { called: { route }, ip }: RouteCall,
  { rate_per_minute: rate }: RouteDefinition,
): Promise<void> {
  const now = clock();
  const minute = Math.floor(now / MINUTE_MS);
  const calls = await store.transaction(
    async (tx) => await countCall(tx, route, { address: addressGroup(ip), minute }),
  );
  if (calls <= rate) return;
  throw new AppError('too_many_calls', {
    retry_after_seconds: Math.ceil(((minute + 1) * MINUTE_MS - now) / 1000),
  });
}

async function perform(
  context: Context,
  call: RouteCall,
  { prepared, passed, sink, cut }: { prepared: Prepared; passed: Passed; sink: AnswerSink; cut: AbortSignal },
): Promise<void> {
  const { request, secrets, forget } = await buildRequest(context, call, { prepared, cut });
  const { response } = prepared.definition;
  const answer = await sendWithRetries(context, request, { response, cut });
  if (answer.status === 401) forget();
  await passOn(answer, response, { secrets, sink, passed });
}

/** From here on values are open. */
async function buildRequest(
  context: Context,
  call: RouteCall,
  { prepared: { definition, inputs, entries }, cut }: { prepared: Prepared; cut: AbortSignal },
): Promise<{ request: OutgoingRequest; secrets: string[]; forget: () => void }> {
  const route = context.runningCalls.compiled(call.called.saved);
  const values = new Map<EntryKey, string>();
  for (const [key, { entry, content }] of entries)
    values.set(key, (await openField(context, context.store.db, entry, content, 'value')).toString());
  const secrets = new Set(values.values());
  for (const [key, value] of values) {
    if (utf8Bytes(value) < REDACTED_CHARACTERS_MIN)
      throw new AppError('route_value_unusable', {
        place: key,
        reason: `a value of fewer than ${REDACTED_CHARACTERS_MIN} bytes cannot be kept out of the answer`,
      });
  }
  const filling = { inputs, evaluate: evaluatorOf(inputs, (key) => values.get(key) ?? '', secrets) };
  const rendered = renderRequest(route, filling);
  const { auth } = definition.request;
  if (auth === null) return { request: rendered, secrets: [...secrets], forget: () => {} };
  const filled = filledAuth(auth, renderAuth(route, filling));
  const tools = { now: context.clock(), tokens: context.oauthTokens, routeKey: routeKey(call), signal: cut };
  const { headers, forget, ...proof } = await authenticateRequest(rendered, filled, tools);
  const request = { ...rendered, headers: [...rendered.headers, ...headers] };
  return { request, secrets: [...secrets, ...proof.secrets], forget };
}

/** Tokens are those of one version of one route. */
function routeKey({ called: { route, saved } }: RouteCall): string {
  return `${route.projectId} ${route.id} ${saved.digest}`;
}

async function sendWithRetries(
  { egress }: Context,
  { url, method, headers, body }: OutgoingRequest,
  { response, cut }: { response: RouteDefinition['response']; cut: AbortSignal },
): Promise<EgressAnswer> {
  for (let attempt = 0; ; attempt += 1) {
    const isLast = attempt >= response.retries;
    try {
      const answer = await egress.send({
        url,
        method,
        headers: [...headers, ['accept-encoding', 'identity']],
        body,
        headTimeoutMs: response.timeout_seconds * 1000,
        idleTimeoutMs: IDLE_MS,
        signal: cut,
      });
      if (isLast || !TRY_AGAIN_STATUSES.has(answer.status)) return answer;
      answer.body.destroy();
    } catch (error) {
      const isWorthIt =
        error instanceof EgressError && ['unreachable', 'interrupted', 'timeout'].includes(error.reason);
      if (isLast || !isWorthIt || cut.aborted) throw error;
    }
    await pause(RETRY_AFTER_MS * 2 ** attempt, cut);
  }
}

async function pause(ms: number, cut: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  cut.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

function toRefusal(error: unknown): AppError {
  if (!(error instanceof EgressError))
    return error instanceof AppError ? error : new AppError('internal', {}, { cause: error });
  const reason = error.message;
  switch (error.reason) {
    case 'timeout':
      return new AppError('route_upstream_timeout', {}, { cause: error });
    case 'busy':
    case 'aborted':
      return new AppError('overloaded', {}, { cause: error });
    case 'invalid':
      return new AppError('route_value_unusable', { place: 'the request', reason }, { cause: error });
    case 'interrupted':
    case 'malformed':
    case 'too_large':
      return new AppError('route_response_refused', { reason }, { cause: error });
    default:
      return new AppError('route_upstream_unreachable', { reason }, { cause: error });
  }
}

/** A refused call is on record before its caller is told. */
async function refusing<T>(context: Context, call: RouteCall, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, detail, status } =
      error instanceof AppError ? error : { code: 'internal', detail: {}, status: 500 };
    if (UNRECORDED.has(code)) throw error;
    const { version } = call.called.route;
    await context.audit.record(
      draft(call, call.actor, {
        ...eventAt(call),
        type: 'route_invoke',
        outcome: status === 403 || status === 404 ? 'denied' : 'error',
        details: { ...detail, code, version },
      }),
    );
    throw error;
  }
}

function beginEvent(call: RouteCall, { definition, entries }: Prepared): AuditEvent {
  const { saved } = call.called;
  const { origin, method } = definition.request;
  const origins = new Set([origin, ...keyUses(definition).map((use) => use.origin)]);
  return {
    ...eventAt(call),
    type: 'route_invoke',
    details: {
      version: saved.version,
      digest: saved.digest,
      method,
      origin: [...origins].join(' '),
      entries: [...entries].map(([key, { content }]) => `${key}@${content.version}`).join(' '),
    },
  };
}

/** When it cannot be written the call stays open in the log; what was passed on cannot be taken back. */
async function recordEnd(
  { audit, log }: Context,
  call: RouteCall,
  {
    begin,
    passed,
    durationMs,
    failure,
  }: {
    begin: number;
    passed: Passed;
    durationMs: number;
    failure: string | undefined;
  },
): Promise<void> {
  const { status, bytes, redactions } = passed;
  const event: AuditEvent = {
    ...eventAt(call),
    type: 'route_invoke_end',
    ...(failure === undefined ? {} : { outcome: 'error' }),
    details: {
      begin,
      bytes,
      redactions,
      duration_ms: durationMs,
      ...(status === undefined ? {} : { status }),
      ...(failure === undefined ? {} : { code: failure }),
    },
  };
  try {
    await audit.record(draft(call, call.actor, event));
  } catch (error) {
    log.error({ request_id: call.requestId, err: error }, 'the end of a call of a route is not on record');
  }
}

function eventAt({ called: { route } }: RouteCall): Pick<AuditEvent, 'project' | 'environment' | 'object'> {
  return { project: route.projectId, environment: route.environment, object: route.id };
}
