import { answerInvalid } from './answer.ts';
import { backoffMs } from './backoff.ts';
import { isKey } from './checks.ts';
import { Deadline } from './deadline.ts';
import { ENDPOINTS, type Change } from './endpoints.generated.ts';
import { CofferError } from './error.ts';
import { MessageParser, type Message } from './messages.ts';
import type { Place } from './read-all.ts';
import type { Transport } from './transport.ts';

export type WatchOptions = {
  /** Ends the watch; the loop over it then ends without an error. */
  signal?: AbortSignal | undefined;
  /** Is told what went wrong in passing; the watch goes on. */
  onError?: ((error: CofferError) => void) | undefined;
  /** Once, as soon as no change from then on can be missed: the moment to read what is there. */
  onReady?: (() => void) | undefined;
  /** After so long without a sign of life the stream is given up. The server gives one every 15,000. Default: 40,000. */
  silenceMs?: number | undefined;
  /** How often is asked instead where no stream comes through. Default: 10,000. */
  pollMs?: number | undefined;
};

const SILENCE_MS = 40_000;
const POLL_MS = 10_000;
const PAUSE_CAP_MS = 30_000;
/** However long the server asks for. */
const RETRY_AFTER_MS_MAX = 300_000;
/** A stream that lasted so long was not a failure, nor was one that brought something. */
const STEADY_MS = 10_000;
/** How long is asked before the stream is tried again. */
const POLLING_MS = 300_000;

/** Where a watch is, whatever the way on which the changes come. */
type Watch = WatchOptions & {
  transport: Transport;
  place: Place;
  /** The index up to which all is seen. */
  after: number | undefined;
};

/**
 * The changes of a place from now on: each once, in order. Where the connection breaks, it goes on from the last one
 * seen; where no stream comes through, as with a proxy that holds it back, it asks. Ends by `signal`, or with a
 * CofferError when the token or the rights are no longer there (401, 403, 404) or the server does not take the call.
 */
export async function* watchChanges(
  transport: Transport,
  place: Place,
  options: WatchOptions = {},
): AsyncGenerator<Change, void, undefined> {
  const watch: Watch = { ...options, transport, place, after: undefined };
  for (let failures = 0; !isAborted(watch); failures += 1) {
    const connection = { startedAt: performance.now(), from: watch.after, isHeard: false };
    let waitMs = 0;
    try {
      yield* streamOnce(watch, connection);
    } catch (error) {
      if (isAborted(watch)) return;
      const problem = passing(error);
      watch.onError?.(problem);
      waitMs = retryAfterMs(problem);
      if (!connection.isHeard && isHeldBack(problem)) yield* poll(watch);
    }
    const isProgress = watch.after !== connection.from;
    if (isProgress || performance.now() - connection.startedAt > STEADY_MS) failures = 0;
    await pause(watch, waitMs + backoffMs(failures, PAUSE_CAP_MS));
  }
}

async function* streamOnce(
  watch: Watch,
  connection: { isHeard: boolean },
): AsyncGenerator<Change, void, undefined> {
  const { transport, place, after, silenceMs = SILENCE_MS } = watch;
  const deadline = new Deadline(silenceMs, watch.signal);
  try {
    const response = await transport.open(ENDPOINTS.vault_watch, place, {
      deadline,
      headers: {
        accept: 'text/event-stream',
        ...(after === undefined ? {} : { 'last-event-id': String(after) }),
      },
    });
    if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? ''))
      throw answerInvalid(response);
    for await (const message of messagesOf(response, deadline)) {
      connection.isHeard = true;
      // Whoever takes their time over a change is not what the server's silence is about.
      deadline.restart(Number.POSITIVE_INFINITY);
      const change = take(watch, message);
      if (change !== undefined) yield change;
      if (message.event === 'end') return;
      deadline.restart(silenceMs);
    }
  } finally {
    deadline.abort();
  }
}

/** By something on the way, and not because the server is away. */
function isHeldBack({ code, status = 0 }: CofferError): boolean {
  return code === 'timeout' || (code === 'answer_invalid' && ![429, 502, 503, 504].includes(status));
}

async function* messagesOf(response: Response, deadline: Deadline): AsyncGenerator<Message, void, undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) throw answerInvalid(response);
  const decoder = new TextDecoder();
  const parser = new MessageParser();
  for (;;) {
    const chunk = await deadline.race(reader.read()).catch((error: unknown) => {
      throw deadline.error ?? (error instanceof CofferError ? error : brokenOff());
    });
    if (chunk.done) return;
    yield* parser.push(decoder.decode(chunk.value, { stream: true }));
  }
}

function take(watch: Watch, { event, id, data }: Message): Change | undefined {
  if (id !== undefined && /^\d{1,15}$/.test(id)) moveTo(watch, Number(id));
  if (event !== 'change' || data === undefined) return undefined;
  const change: unknown = parse(data);
  if (!isChange(change)) throw answerInvalid();
  return change;
}

function moveTo(watch: Watch, index: number): void {
  const isFirst = watch.after === undefined;
  watch.after = index;
  if (isFirst) watch.onReady?.();
}

/** Asks for a while, in the place of the stream. Fails with what ends the watch. */
async function* poll(watch: Watch): AsyncGenerator<Change, void, undefined> {
  const { transport, place, signal, pollMs = POLL_MS } = watch;
  const endsAt = performance.now() + Math.max(POLLING_MS, pollMs);
  while (performance.now() < endsAt && !isAborted(watch)) {
    let more = false;
    let waitMs = 0;
    try {
      const answer = await transport.call(
        ENDPOINTS.vault_watch,
        { ...place, after: watch.after },
        { signal },
      );
      if (!isListing(answer)) throw answerInvalid();
      moveTo(watch, answer.last);
      // More of nothing would be asked for without a pause.
      more = answer.more && answer.changes.length > 0;
      yield* answer.changes;
    } catch (error) {
      if (isAborted(watch)) return;
      const problem = passing(error);
      watch.onError?.(problem);
      waitMs = retryAfterMs(problem);
    }
    if (!more) await pause(watch, Math.max(waitMs, pollMs / 2 + (Math.random() * pollMs) / 2));
  }
}

function retryAfterMs({ retryAfterSeconds = 0 }: CofferError): number {
  return Math.min(retryAfterSeconds * 1000, RETRY_AFTER_MS_MAX);
}

/** Throws what will not pass by itself: no rights, or a call that is not taken. */
function passing(error: unknown): CofferError {
  if (!(error instanceof CofferError)) throw error;
  const { code, status = 0 } = error;
  const isOurs = code !== 'answer_invalid' && code !== 'network_error' && code !== 'timeout';
  if (isOurs && status < 500 && status !== 429 && status !== 408) throw error;
  return error;
}

/** Ends early, without an error, when the watch does. */
async function pause({ signal }: Watch, milliseconds: number): Promise<void> {
  const deadline = new Deadline(Number.POSITIVE_INFINITY, signal);
  await deadline.wait(milliseconds).catch(() => undefined);
  deadline.release();
}

function isAborted({ signal }: Watch): boolean {
  return signal?.aborted === true;
}

function brokenOff(): CofferError {
  return new CofferError('network_error', 'The stream of changes was broken off.');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isChange(change: unknown): change is Change {
  const { key, type, at } = (change ?? {}) as Partial<Record<keyof Change, unknown>>;
  return isKey(key) && typeof type === 'string' && typeof at === 'string';
}

function isListing(answer: unknown): answer is { changes: readonly Change[]; last: number; more: boolean } {
  const { changes, last, more } = (answer ?? {}) as Partial<Record<'changes' | 'last' | 'more', unknown>>;
  return (
    Array.isArray(changes) &&
    changes.every(isChange) &&
    Number.isSafeInteger(last) &&
    typeof more === 'boolean'
  );
}
