import { BODY_METHODS, inputHeader, type Json, type RouteMethod } from '@coffer/core';
import { ApiError, noteRefusal, UNREACHABLE, type Problem } from './api.ts';
import type { RouteSummary } from './routes.ts';

/** What is known of a route by whoever may call it. */
export type Callable = Pick<RouteSummary, 'id' | 'url' | 'method' | 'origin' | 'inputs' | 'access'>;

/** By the name of the input; what is not given is not there. */
export type Given = Readonly<Record<string, Json>>;

/** An answer of the outside API. What it says is text to us, whatever it says that it is. */
export type Answer = { status: number; headers: readonly (readonly [string, string])[] };

const ERROR_HEADER = 'x-coffer-route-error';

type Watcher = {
  onAnswer: (answer: Answer) => void;
  /** A part of the body, as it comes. */
  onText: (text: string) => void;
};

/**
 * Calls a route as its callers do, past every cache. Fails with an ApiError where Coffer itself refuses, with a
 * TypeError where the browser cannot send what was typed.
 */
export async function callRoute(
  route: Callable,
  given: Given,
  { onAnswer, onText, signal }: Watcher & { signal: AbortSignal },
): Promise<void> {
  const request = requestOf(route, given);
  let response: Response;
  try {
    response = await fetch(request.url, {
      ...request.init,
      signal,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'manual',
      referrerPolicy: 'no-referrer',
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError(UNREACHABLE);
  }
  if (response.headers.has(ERROR_HEADER)) {
    const refusal = new ApiError((await response.json().catch(() => UNREACHABLE)) as Problem);
    noteRefusal(refusal);
    throw refusal;
  }
  onAnswer({ status: response.status, headers: [...response.headers] });
  const decoder = new TextDecoder();
  for await (const chunk of partsOf(response)) onText(decoder.decode(chunk, { stream: true }));
  onText(decoder.decode());
}

async function* partsOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) return;
    yield part.value;
  }
}

/** Fails with a TypeError where a header cannot hold what is given. */
function requestOf({ url, method, inputs }: Callable, given: Given): { url: string; init: RequestInit } {
  const query = new URLSearchParams();
  // No page of another origin can set it.
  const headers = new Headers({ 'x-coffer-page': 'call' });
  const body: Record<string, Json> = {};
  const parameters: Record<string, string> = {};
  for (const { name, in: place } of inputs) {
    const value = given[name];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (place === 'body') body[name] = value;
    else if (place === 'query') query.set(name, text);
    else if (place === 'header') headers.set(inputHeader(name), text);
    else parameters[name] = text;
  }
  const hasBody = BODY_METHODS.has(method as RouteMethod) && inputs.some(({ in: place }) => place === 'body');
  if (hasBody) headers.set('content-type', 'application/json');
  const path = url.replaceAll(/:([a-z][a-z0-9_]*)/g, (whole, name: string) =>
    name in parameters ? encodeURIComponent(parameters[name] ?? '') : whole,
  );
  return {
    url: query.size === 0 ? path : `${path}?${query.toString()}`,
    init: { method, headers, ...(hasBody ? { body: JSON.stringify(body) } : {}) },
  };
}
