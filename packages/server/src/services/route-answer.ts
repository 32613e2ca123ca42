import { AppError, type RouteResponse } from '@coffer/core';
import type { EgressAnswer } from '../egress/egress.ts';
import { Redactor, redactText } from '../outbound/redactor.ts';

/** Where the answer to a caller goes. */
export type AnswerSink = {
  begin(status: number, headers: readonly (readonly [string, string])[]): void;
  /** False: the caller is gone. */
  write(chunk: Buffer): Promise<boolean>;
  end(): void;
};

/** What passed through so far. */
export type Passed = { status: number | undefined; bytes: number; redactions: number };

const EVENT_STREAM = /^text\/event-stream\s*(?:;|$)/i;

/**
 * Passes the answer of an outside API on, without what is secret, by the rules of the route. Fails with
 * `route_response_refused`: before anything was passed on where that can be known, else in the middle of it.
 */
export async function passOn(
  answer: EgressAnswer,
  rules: RouteResponse,
  { secrets, sink, passed }: { secrets: readonly string[]; sink: AnswerSink; passed: Passed },
): Promise<void> {
  passed.status = answer.status;
  try {
    const headers = headersOf(answer, rules, { secrets, passed });
    const chunks = redact(limit(answer.body as AsyncIterable<Buffer>, rules.max_bytes), rules, {
      secrets,
      passed,
    });
    // Events are passed on as they come: they may never end.
    const whole = rules.redact === 'fail' && !isEventStream(answer) ? await collect(chunks) : chunks;
    sink.begin(answer.status, headers);
    for await (const chunk of whole) {
      passed.bytes += chunk.length;
      if (!(await sink.write(chunk))) return;
    }
    sink.end();
  } finally {
    answer.body.destroy();
  }
}

function headersOf(
  { status, headers }: EgressAnswer,
  rules: RouteResponse,
  { secrets, passed }: { secrets: readonly string[]; passed: Passed },
): (readonly [string, string])[] {
  if (rules.statuses !== null && !rules.statuses.includes(status)) throw refused(`its status is ${status}`);
  const encoding = headers.find(([name]) => name === 'content-encoding')?.[1] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    throw refused('it is compressed, and cannot be searched for secrets');
  const allowed = new Set(rules.headers.map((name) => name.toLowerCase()));
  return headers.flatMap(([name, value]) => {
    if (!allowed.has(name)) return [];
    const { text, redactions } = redactText(value, secrets);
    count(redactions, rules, passed);
    return [[name, text] as const];
  });
}

async function* limit(body: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw refused(`it has more than ${bytesMax} bytes`);
    yield chunk;
  }
}

async function* redact(
  body: AsyncIterable<Buffer>,
  rules: RouteResponse,
  { secrets, passed }: { secrets: readonly string[]; passed: Passed },
): AsyncGenerator<Buffer> {
  const redactor = new Redactor(secrets);
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

function isEventStream({ headers }: EgressAnswer): boolean {
  return headers.some(([name, value]) => name === 'content-type' && EVENT_STREAM.test(value));
}

function refused(reason: string): AppError {
  return new AppError('route_response_refused', { reason });
}
