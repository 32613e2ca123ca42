import type { EndpointId, Endpoints } from '@coffer/contract';
import type { ErrorCode, FieldError } from '@coffer/core';
import type { z } from 'zod';
import { ENDPOINT_PATHS } from './endpoints.generated.ts';

/** What goes over the wire: the contract's types before the server has parsed them. */
export type ApiInput<Id extends EndpointId> = z.input<Endpoints[Id]['input']>;
export type ApiAnswer<Id extends EndpointId> = z.output<z.ZodObject<Endpoints[Id]['output'], z.core.$strict>>;

/** A refusal of the server, or `unreachable` when it did not answer. `fields` lists the invalid ones. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode | 'unreachable';
  readonly status: number;
  readonly fields: readonly FieldError[];
  readonly requestId: string | undefined;

  constructor(problem: Problem) {
    super(problem.message);
    this.code = problem.code;
    this.status = problem.status;
    this.fields = problem.errors ?? [];
    this.requestId = problem.request_id;
  }

  /** The rule that a field broke, as a sentence for beneath it. */
  field(path: string): string | undefined {
    const message = this.fields.find((field) => field.path === path)?.message;
    return message === undefined ? undefined : `This field ${message}.`;
  }
}

export type Problem = {
  code: ErrorCode | 'unreachable';
  status: number;
  message: string;
  request_id?: string;
  errors?: readonly FieldError[];
};

export const UNREACHABLE: Problem = {
  code: 'unreachable',
  status: 0,
  message: 'The server cannot be reached. Check the connection, then try again.',
};

const SIGNED_OUT: ReadonlySet<string> = new Set([
  'unauthenticated',
  'token_invalid',
  'token_expired',
  'session_ended',
]);

let onSignedOut: () => void = () => undefined;

/** What happens when the server no longer knows the session. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

let onForbidden: () => void = () => undefined;

/** What happens when the server refuses what the page offered. */
export function whenForbidden(callback: () => void): void {
  onForbidden = callback;
}

/** Calls an endpoint with the session cookie. Fails with an ApiError. */
export async function call<Id extends EndpointId>(
  id: Id,
  input: ApiInput<Id>,
  signal?: AbortSignal,
): Promise<ApiAnswer<Id>> {
  const [method, path] = ENDPOINT_PATHS[id];
  const inBody = method === 'POST' || method === 'PATCH';
  const response = await send(inBody ? path : `${path}${queryOf(input)}`, {
    method,
    ...(signal === undefined ? {} : { signal }),
    ...(inBody ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) } : {}),
  });
  const answer: unknown = await response.json().catch(() => UNREACHABLE);
  if (response.ok) return answer as ApiAnswer<Id>;
  const error = new ApiError(answer as Problem);
  noteRefusal(error);
  throw error;
}

/** What a refusal says about the session, or about what the page offers. */
export function noteRefusal({ code, status }: ApiError): void {
  if (SIGNED_OUT.has(code)) onSignedOut();
  if (status === 403) onForbidden();
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(UNREACHABLE);
  }
}

function queryOf(input: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (typeof value === 'string' && value !== '') query.set(name, value);
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}
