import type { Action, AuditEventType, ErrorCode } from '@coffer/core';
import { z } from 'zod';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/**
 * One endpoint as data. GET and DELETE take their input as query parameters, POST and PATCH as a JSON body; which of
 * the two follows from the method. An answer is `{status, message, …output}`.
 */
export type Endpoint<
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodRawShape = z.ZodRawShape,
  A extends Action | undefined = Action | undefined,
> = {
  method: Method;
  path: `/${string}`;
  summary: string;
  description?: string;
  /** Undefined: anyone may call it. */
  action?: A;
  /**
   * The audit event that it is recorded as: a success by the service, where `AUDIT_EVENTS` says so; a refusal of someone signed in by the
   * router.
   */
  event?: AuditEventType;
  /** The event instead, when a field is true. */
  eventWith?: { field: string; event: AuditEventType };
  /** The input field that names what it is done to. */
  object?: string;
  input: I;
  output: O;
  /**
   * A list of changes that goes on: who accepts `text/event-stream` gets each change as an event, as it happens. The
   * output has `changes`, each with its `index`, `last` and `more`; the input has `after`.
   */
  stream?: true;
  status: 200 | 201;
  message: string;
  /** Beyond those that every endpoint may answer with: see `commonErrors`. */
  errors: readonly ErrorCode[];
};

export function endpoint<
  I extends z.ZodObject,
  O extends z.ZodRawShape,
  A extends Action | undefined = undefined,
>(definition: Omit<Endpoint<I, O, A>, 'status'> & { status?: 201 }): Endpoint<I, O, A> {
  return { ...definition, status: definition.status ?? 200 };
}

/** What a handler is given, and what it answers with. */
export type Input<E extends Endpoint> = z.output<E['input']>;
export type Output<E extends Endpoint> = z.input<z.ZodObject<E['output'], z.core.$strict>>;

/** Each is made once: its first use costs more than many that follow. */
const answerSchemas = new WeakMap<Endpoint, z.ZodObject>();

/** The strict schema of a whole answer: an unexpected field fails closed. */
export function answerSchema(definition: Endpoint): z.ZodObject {
  const known = answerSchemas.get(definition);
  if (known !== undefined) return known;
  const schema = z.strictObject({
    status: z.literal(definition.status),
    message: z.literal(definition.message),
    ...definition.output,
  });
  answerSchemas.set(definition, schema);
  return schema;
}

export function takesBody(definition: Pick<Endpoint, 'method'>): boolean {
  return definition.method === 'POST' || definition.method === 'PATCH';
}

/** The errors that an endpoint may answer with because of what it is, before those that its own table entry lists. */
export function commonErrors(definition: Endpoint): ErrorCode[] {
  const body: ErrorCode[] = ['malformed_json', 'body_too_large', 'unsupported_media_type'];
  const signedIn: ErrorCode[] = [
    'unauthenticated',
    'token_invalid',
    'token_expired',
    'token_not_yet_valid',
    'session_ended',
    'token_not_permitted',
    'token_address_refused',
    'forbidden',
    'origin_mismatch',
  ];
  return [
    'invalid_input',
    'malformed_request',
    ...(takesBody(definition) ? body : []),
    ...(definition.action === undefined ? [] : signedIn),
    ...(definition.event === undefined ? [] : (['audit_unavailable'] as const)),
    'store_unavailable',
    'internal',
  ];
}
