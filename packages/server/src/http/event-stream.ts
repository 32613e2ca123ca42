import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { invalidField, type AppError, type ProjectId } from '@coffer/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../services/context.ts';
import { toAppError } from './problem.ts';

/** What an endpoint whose answer goes on says each time: see `Endpoint.stream`. */
type Changes = { changes: readonly { index: number }[]; last: number; more: boolean };

export type Stream = {
  context: Context;
  /** Who is counted. */
  holder: string;
  projectId: ProjectId;
  /** Looks whether the caller still may, and what came after an index. */
  look: (after: number | undefined, isContinued: boolean) => Promise<Changes>;
  /** The index after which it goes on. */
  after: number | undefined;
};

export function wantsEvents({ headers }: FastifyRequest): boolean {
  return (headers.accept ?? '').split(',').some((type) => /^\s*text\/event-stream\s*(?:;|$)/i.test(type));
}

/** Where a stream that broke off goes on. Fails with `invalid_input`. */
export function lastEventId({ headers }: FastifyRequest): number | undefined {
  const id = headers['last-event-id'];
  if (id === undefined || id === '') return undefined;
  if (typeof id === 'string' && /^\d{1,15}$/.test(id)) return Number(id);
  throw invalidField('last-event-id', 'must be the id of an event');
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), until the reader goes away, may
 * no longer watch, or the server stops. Refusals before the first byte are answers like any other. Nothing is sent
 * that was not allowed at the look just before it.
 */
export async function streamEvents(reply: FastifyReply, stream: Stream): Promise<FastifyReply> {
  const { context, holder, projectId, look } = stream;
  const { heartbeatMs, unreadMs } = context.watchers.limits;
  const watcher = await context.watchers.join(holder, projectId);
  try {
    let { changes, last, more } = await look(stream.after, false);
    const response = open(reply, watcher.leave);
    let text = `retry: 1000\n${position(last, changes)}`;
    while (text === '' || (await writeOut(response, text, unreadMs))) {
      // However much there is to catch up with, others get their turn.
      const waking = await watcher.wake(more ? 0 : heartbeatMs);
      if (waking === 'closed') break;
      ({ changes, last, more } = await look(last, true));
      text = changes.length > 0 || waking === 'idle' ? position(last, changes) : '';
    }
  } catch (error) {
    const refusal = toAppError(error);
    if (!reply.sent) throw error;
    await writeOut(reply.raw, `event: end\ndata: ${JSON.stringify({ code: refusal.code })}\n\n`, unreadMs);
    complain(reply, context, refusal);
  } finally {
    watcher.leave();
    if (reply.sent) {
      reply.raw.end();
      // A reader who goes away leaves no line of the request.
      context.log.info({ request_id: reply.request.id, uid: reply.request.uid }, 'stream ended');
    }
  }
  return reply;
}

function open(reply: FastifyReply, onGone: () => void): ServerResponse {
  reply.hijack();
  const { raw } = reply;
  raw.once('close', onGone);
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // nginx would keep events until it has a buffer full.
    'x-accel-buffering': 'no',
  });
  return raw;
}

/** The changes, and up to where these are all: an id without data moves the reader on, and is no event. */
function position(last: number, changes: Changes['changes']): string {
  const events = changes.map(
    (change) => `event: change\nid: ${change.index}\ndata: ${JSON.stringify(change)}\n\n`,
  );
  return `${events.join('')}: here\nid: ${last}\n\n`;
}

/** False when there is no reader any more: gone, or too slow. */
export async function writeOut(
  response: ServerResponse,
  text: string | Buffer,
  unreadMs: number,
): Promise<boolean> {
  if (response.destroyed || response.writableEnded) return false;
  if (response.write(text)) return true;
  const settled = new AbortController();
  const timer = setTimeout(() => response.destroy(), unreadMs);
  try {
    const first = async (event: string): Promise<string> => {
      await once(response, event, { signal: settled.signal });
      return event;
    };
    return (await Promise.race([first('drain'), first('close')])) === 'drain';
  } finally {
    clearTimeout(timer);
    settled.abort();
  }
}

function complain(reply: FastifyReply, { log }: Context, refusal: AppError): void {
  if (refusal.status < 500) return;
  const { id } = reply.request;
  log.error({ request_id: id, code: refusal.code, err: refusal.cause ?? refusal }, refusal.message);
}
