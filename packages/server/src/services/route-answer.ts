import { AppError, type RouteResponse } from '@coffer/core';
import type { EgressAnswer } from '../egress/egress.ts';
import { Redactor, redactHeader, type Parts, type Secrets } from '../outbound/redactor.ts';

/** Where the answer to a caller goes. */
export type AnswerSink = {
  begin(status: number, headers: readonly (readonly [string, string])[]): void;
  /** False: the caller is gone. */
  write(chunk: Buffer): Promise<boolean>;
  /** When all of it was sent. False: the caller is gone. */
  end(): Promise<boolean>;
};

/** What passed through so far. */
export type Passed = { status: number | undefined; bytes: number; redactions: number };

/** Of which kinds of answers parts are passed on as soon as they are whole. */
const PARTS: readonly (readonly [type: RegExp, parts: Parts])[] = [
  [/^text\/event-stream\s*(?:;|$)/i, 'events'],
  [/^application\/(?:x-ndjson|jsonl|json-seq|stream\+json)\s*(?:;|$)/i, 'lines'],
];

/**
 * Passes the answer of an outside API on, without what is secret, by the rules of the route. Fails with
 * `route_response_refused`: before anything was passed on where that can be known, else in the middle of it. False: the
 * caller went away before the end.
 */
export async function passOn(
  answer: EgressAnswer,
  rules: RouteResponse,
  { secrets, sink, passed }: { secrets: Secrets; sink: AnswerSink; passed: Passed },
): Promise<boolean> {
  passed.status = answer.status;
  try {
    const headers = headersOf(answer, rules, { secrets, passed });
    const chunks = redact(limit(answer.body as AsyncIterable<Buffer>, rules.max_bytes), rules, {
      secrets,
      passed,
      parts: partsOf(answer),
    });
    // Events are passed on as they come: they may never end.
    const whole = rules.redact === 'fail' && partsOf(answer) === 'none' ? await collect(chunks) : chunks;
    sink.begin(answer.status, headers);
    for await (const chunk of whole) {
      passed.bytes += chunk.length;
      if (!(await sink.write(chunk))) return false;
    }
    return await sink.end();
  } finally {
    answer.body.destroy();
  }
}

function headersOf(
  { status, headers }: EgressAnswer,
  rules: RouteResponse,
  { secrets, passed }: { secrets: Secrets; passed: Passed },
): (readonly [string, string])[] {
  if (rules.statuses !== null && !rules.statuses.includes(status)) throw refused(`its status is ${status}`);
  if (headers.some(isEncoded)) throw refused('it is compressed, and cannot be searched for secrets');
  const length = headers.find(([name]) => name === 'content-length')?.[1];
  if (Number(length) > rules.max_bytes) throw tooLong(rules.max_bytes);
  const allowed = new Set(rules.headers.map((name) => name.toLowerCase()));
  return headers.flatMap(([name, value]) => {
    if (!allowed.has(name)) return [];
    const { text, redactions } = redactHeader(value, secrets);
    count(redactions, rules, passed);
    return [[name, text] as const];
  });
}

async function* limit(body: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLong(bytesMax);
    yield chunk;
  }
}

async function* redact(
  body: AsyncIterable<Buffer>,
  rules: RouteResponse,
  { secrets, passed, parts }: { secrets: Secrets; passed: Passed; parts: Parts },
): AsyncGenerator<Buffer> {
  const redactor = new Redactor(secrets, parts);
  const counted = (out: Buffer): Buffer => {
    count(redactor.redactions - found, rules, passed);
    found = redactor.redactions;
    return out;
  };
  let found = 0;
  for await (const chunk of body) {
    const out = counted(redactor.push(chunk));
    if (out.length > 0) yield out;
  }
  const rest = counted(redactor.end());
  if (rest.length > 0) yield rest;
}

function count(redactions: number, { redact: mode }: RouteResponse, passed: Passed): void {
  passed.redactions += redactions;
  if (redactions > 0 && mode === 'fail') throw refused('it holds a value that the route sent');
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

function isEncoded([name, value]: readonly [string, string]): boolean {
  if (name === 'content-encoding') return value.trim().toLowerCase() !== 'identity';
  return name === 'transfer-encoding' && value.trim().toLowerCase() !== 'chunked';
}

function partsOf({ headers }: EgressAnswer): Parts {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  return PARTS.find(([pattern]) => pattern.test(type))?.[1] ?? 'none';
}

function tooLong(bytesMax: number): AppError {
  return refused(`it has more than ${bytesMax} bytes`);
}

function refused(reason: string): AppError {
  return new AppError('route_response_refused', { reason });
}
