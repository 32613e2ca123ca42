import {
  AppError,
  type ErrorDetail,
  keyUses,
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
import { canRedact, Secrets } from '../outbound/redactor.ts';
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

type Attempt = Origin & {
  called: CalledRoute;
  /** Undefined: nobody, to a public route. */
  actor: Actor | undefined;
};

export type RouteCall = Attempt & {
  /** Reads what was given, when it is known that the caller may. */
  given: () => Omit<GivenInputs, 'path'>;
  /** The caller went away. */
  gone: AbortSignal;
};

/** Floods are not on record: the limits are what stops them. */
const UNRECORDED = new Set(['too_many_calls', 'overloaded', 'audit_unavailable', 'store_unavailable']);
const OF_THE_ROUTE: ReadonlySet<string> = new Set([
  'route_unauthorized',
  'route_entry_missing',
  'route_value_unusable',
  'origin_not_allowed',
  'path_not_allowed',
  'value_unreadable',
]);
const IDLE_MS = 60_000;
const RETRY_AFTER_MS = 200;
const TRY_AGAIN_STATUSES = new Set([502, 503, 504]);
const MINUTE_MS = 60_000;

/** For strangers, before what they send is read. Fails with `too_many_calls`. */
export async function limitRate(
  { store, clock, runningCalls }: Context,
  called: CalledRoute,
  ip: string,
): Promise<void> {
  const { rate_per_minute: rate } = runningCalls.compiled(called.saved).definition;
  const now = clock();
  const minute = Math.floor(now / MINUTE_MS);
  const calls = await store.transaction(
    async (tx) => await countCall(tx, called.route, { address: addressGroup(ip), minute }),
  );
  if (calls <= rate) return;
  throw new AppError('too_many_calls', {
    retry_after_seconds: Math.ceil(((minute + 1) * MINUTE_MS - now) / 1000),
  });
}

/**
 * Calls a route: rights, inputs and the leave of the entries are looked at; the record of it is durable; then the values
 * are opened, the request is sent, and its answer passed on. Fails, before anything was passed on, with what forbids or
 * prevents it.
 */
export async function callRoute(context: Context, call: RouteCall, sink: AnswerSink): Promise<void> {
  const { route } = call.called;
  await context.runningCalls.run(route.projectId, async (stopped) => {
    const prepared = await refusing(context, call, async () => await prepare(context, call));
    const begin = await context.audit.record(draft(call, call.actor, beginEvent(call, prepared)));
    const passed: Passed = { status: undefined, bytes: 0, redactions: 0 };
    const startedAt = performance.now();
    const cut = AbortSignal.any([
      call.gone,
      stopped,
      AbortSignal.timeout(prepared.definition.response.max_seconds * 1000),
    ]);
    let failure: Failure | undefined;
    try {
      const isWhole = await perform(context, call, { prepared, passed, sink, cut });
      if (!isWhole) failure = { code: 'caller_gone' };
    } catch (error) {
      const refusal = toRefusal(error, passed);
      failure = call.gone.aborted ? { code: 'caller_gone' } : { ...refusal.detail, code: refusal.code };
      throw await withoutDetails(context, call, refusal);
    } finally {
      const durationMs = Math.round(performance.now() - startedAt);
      await recordEnd(context, call, { begin, passed, durationMs, failure });
    }
  });
}

/** For the record of the end: what the error says of itself. */
type Failure = ErrorDetail & { code: string };

type Prepared = { definition: RouteDefinition; inputs: Inputs; entries: Map<EntryKey, EntryWithVersion> };

/** All that can forbid a call, in the order in which it is nobody else's business what comes after. */
async function prepare(context: Context, call: RouteCall): Promise<Prepared> {
  const { saved, params } = call.called;
  const { definition } = context.runningCalls.compiled(saved);
  const entries = await authorizeCall(context.store.db, call, definition);
  const inputs = readInputs(definition.inputs, { ...call.given(), path: params });
  return { definition, inputs, entries };
}

/**
 * Whatever else is wrong with a call, who may not see the project is not told that it has the route: fails with
 * `project_not_found`, before what they send is read. What else forbids it comes later, with the rest.
 */
export async function admit(context: Context, call: Attempt): Promise<void> {
  const { actor, called } = call;
  if (actor === undefined) return;
  try {
    await authorizeProject(context.store.db, actor, 'route.invoke', called.route.projectId);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'project_not_found') return;
    await recordRefusal(context, call, error);
    throw error;
  }
}

/** Who calls, and both keys. In a transaction session and token are read anew. */
async function authorizeCall(
  db: Reader,
  { called, actor }: Attempt,
  definition: RouteDefinition,
): Promise<Map<EntryKey, EntryWithVersion>> {
  const uses = keyUses(definition);
  if (actor !== undefined) await authorizeCaller(db, actor, called, uses);
  return await authorizeRoute(db, called, uses);
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

/** False: the caller went away before the end. */
async function perform(
  context: Context,
  call: RouteCall,
  { prepared, passed, sink, cut }: { prepared: Prepared; passed: Passed; sink: AnswerSink; cut: AbortSignal },
): Promise<boolean> {
  const { request, secrets, forget } = await buildRequest(context, call, { prepared, cut });
  const { response } = prepared.definition;
  const answer = await sendWithRetries(context, request, {
    response,
    cut,
    // Time has passed: what was taken away meanwhile counts for the next try.
    authorize: async () =>
      void (await context.store.transaction(
        async (tx) => await authorizeCall(tx, call, prepared.definition),
      )),
  });
  if (answer.status === 401) forget();
  return await passOn(answer, response, { secrets: new Secrets(secrets), sink, passed });
}

/** From here on values are open. */
async function buildRequest(
  context: Context,
  call: RouteCall,
  { prepared: { definition, inputs, entries }, cut }: { prepared: Prepared; cut: AbortSignal },
): Promise<{ request: OutgoingRequest; secrets: string[]; forget: () => void }> {
  const route = context.runningCalls.compiled(call.called.saved);
  const values = new Map<EntryKey, string>();
  for (const [key, found] of entries) values.set(key, await openValue(context, key, found));
  const secrets = new Set(values.values());
  for (const [key, value] of values) {
    if (!canRedact(value))
      throw new AppError('route_value_unusable', {
        place: key,
        reason: 'a value of fewer than 8 bytes, blanks around it aside, cannot be kept out of the answer',
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

/** Fails with `route_entry_missing` where it was deleted since it was found. */
async function openValue(
  context: Context,
  key: EntryKey,
  { entry, content }: EntryWithVersion,
): Promise<string> {
  try {
    return (await openField(context, context.store.db, entry, content, 'value')).toString();
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'entry_not_found') throw cause;
    throw new AppError('route_entry_missing', { key }, { cause });
  }
}

/** Tokens are those of one version of one route. */
function routeKey({ called: { route, saved } }: RouteCall): string {
  return `${route.projectId} ${route.id} ${saved.digest}`;
}

async function sendWithRetries(
  { egress }: Context,
  { url, method, headers, body }: OutgoingRequest,
  {
    response,
    cut,
    authorize,
  }: {
    response: RouteDefinition['response'];
    cut: AbortSignal;
    authorize: () => Promise<void>;
  },
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
    await authorize();
  }
}

async function pause(ms: number, cut: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  cut.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}

function toRefusal(error: unknown, { status }: Passed): AppError {
  if (!(error instanceof EgressError))
    return error instanceof AppError ? error : new AppError('internal', {}, { cause: error });
  const reason = error.message;
  switch (error.reason) {
    case 'timeout':
      return new AppError('route_upstream_timeout', {}, { cause: error });
    case 'busy':
      return new AppError('overloaded', {}, { cause: error });
    case 'invalid':
      return new AppError('route_value_unusable', { place: 'the request', reason }, { cause: error });
    // Not as something to be tried again: it may have arrived.
    case 'aborted':
      return new AppError('route_response_refused', { reason }, { cause: error });
    case 'interrupted':
      if (status === undefined)
        return new AppError('route_upstream_unreachable', { reason }, { cause: error });
      return new AppError('route_response_refused', { reason }, { cause: error });
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
    await recordRefusal(context, call, error);
    throw await withoutDetails(context, call, error);
  }
}

async function recordRefusal({ audit }: Context, call: Attempt, error: unknown): Promise<void> {
  const { code, detail, status } = error instanceof AppError ? error : new AppError('internal');
  if (UNRECORDED.has(code)) return;
  await audit.record(
    draft(call, call.actor, {
      ...eventAt(call),
      type: 'route_invoke',
      outcome: status === 403 || status === 404 ? 'denied' : 'error',
      details: { ...detail, code, version: call.called.route.version },
    }),
  );
}

/** What is wrong with a route names its entries and origins: that is for those who may view it. */
async function withoutDetails(
  { store }: Context,
  { actor, called }: RouteCall,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof AppError) || !OF_THE_ROUTE.has(error.code)) return error;
  const mayView =
    actor !== undefined &&
    (await authorizeProject(store.db, actor, 'route.view', called.route.projectId).then(
      () => true,
      () => false,
    ));
  return mayView ? error : new AppError('route_unusable', {}, { cause: error });
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
    failure: Failure | undefined;
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
      ...failure,
    },
  };
  try {
    await audit.record(draft(call, call.actor, event));
  } catch (error) {
    log.error({ request_id: call.requestId, err: error }, 'the end of a call of a route is not on record');
  }
}

function eventAt({ called: { route } }: Attempt): Pick<AuditEvent, 'project' | 'environment' | 'object'> {
  return { project: route.projectId, environment: route.environment, object: route.id };
}
