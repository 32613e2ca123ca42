import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { AnswerBody } from './answer-body.ts';
import { EgressError, type EgressReason } from './egress-error.ts';
import { requestHead } from './request-head.ts';

const HEAD_BYTES_MAX = 16 * 1024;
const INFORMATIONAL_MAX = 10;

export type EgressRequest = {
  url: URL;
  method: string;
  /** Sent exactly as they are, in this order; besides them only Host, Content-Length and Connection. */
  headers: readonly (readonly [name: string, value: string])[];
  body?: Buffer | undefined;
  /** To the head of the answer. */
  headTimeoutMs: number;
  /** Without a byte, while more of the body is wanted. */
  idleTimeoutMs: number;
  signal?: AbortSignal | undefined;
};

export type EgressAnswer = {
  status: number;
  /** As they came, names in lower case, repeated ones repeated. */
  headers: [name: string, value: string][];
  /** The bytes as they arrive, without trailers. To be read to its end or destroyed. Fails with an EgressError. */
  body: Readable;
  /** That was connected to. */
  address: string;
};

/** One request and its answer over the connections of an agent. Fails with an EgressError. */
export async function exchange(
  request: EgressRequest,
  agent: http.Agent | https.Agent,
): Promise<EgressAnswer> {
  const { idleTimeoutMs, signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<EgressAnswer>();
  const outgoing = open(request, agent);
  let sent = false;
  let address = '';
  let body: AnswerBody | undefined;

  const fail = (failure: EgressReason | EgressError, cause?: unknown): void => {
    const error = failure instanceof EgressError ? failure : new EgressError(failure, { sent, cause });
    reject(error);
    outgoing.destroy();
    body?.destroy(error);
  };
  const abort = (): void => fail(isTimeout(signal) ? 'timeout' : 'aborted');
  const timer = setTimeout(() => fail('timeout'), request.headTimeoutMs);
  signal?.addEventListener('abort', abort);

  outgoing.once('socket', (socket) => {
    // Agents of ours hand over sockets that are connected: what follows at once is the request.
    sent = true;
    address = socket.remoteAddress ?? '';
  });
  outgoing.once('response', (incoming) => {
    clearTimeout(timer);
    body = new AnswerBody(incoming, idleTimeoutMs);
    body.once('close', () => signal?.removeEventListener('abort', abort));
    resolve({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), body, address });
  });
  refuseOtherProtocols(outgoing, () => fail('malformed'));
  outgoing.on('error', (error) => fail(reasonOf(error), causeOf(error)));
  outgoing.once('close', () => {
    if (body === undefined) fail('interrupted');
  });
  outgoing.end(request.body);

  try {
    return await promise;
  } catch (error) {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    throw error;
  }
}

function open({ url, method, headers, body }: EgressRequest, agent: http.Agent | https.Agent): ClientRequest {
  const isEncrypted = url.protocol === 'https:';
  const outgoing = (isEncrypted ? https : http).request({
    agent,
    protocol: url.protocol,
    host: hostOf(url),
    port: url.port === '' ? (isEncrypted ? 443 : 80) : Number(url.port),
    method,
    path: `${url.pathname}${url.search}`,
    headers: requestHead(url, method, headers, body),
    maxHeaderSize: HEAD_BYTES_MAX,
    insecureHTTPParser: false,
  });
  // Of those beyond a number Node says nothing: the size of the head is bound enough.
  outgoing.maxHeadersCount = 0;
  return outgoing;
}

/** A name, or an address without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function refuseOtherProtocols(outgoing: ClientRequest, refuse: () => void): void {
  let informational = 0;
  outgoing.on('information', () => {
    informational += 1;
    if (informational > INFORMATIONAL_MAX) refuse();
  });
  outgoing.once('upgrade', (_, socket) => {
    socket.destroy();
    refuse();
  });
}

function headersOf({ rawHeaders }: IncomingMessage): [name: string, value: string][] {
  const headers: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    headers.push([(rawHeaders[index] ?? '').toLowerCase(), rawHeaders[index + 1] ?? '']);
  return headers;
}

function isTimeout(signal: AbortSignal | undefined): boolean {
  return signal?.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
}

function reasonOf(error: Error & { code?: string }): EgressReason | EgressError {
  if (error instanceof EgressError) return error;
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'too_large';
  return error.code?.startsWith('HPE_') === true ? 'malformed' : 'interrupted';
}

/** For the log. An error of the parser holds the bytes that it read, which may hold a secret that was sent. */
function causeOf(error: Error & { code?: string }): unknown {
  return error.code?.startsWith('HPE_') === true ? new Error(error.code) : error;
}
