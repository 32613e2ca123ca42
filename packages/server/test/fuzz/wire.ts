import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** A request as it goes over the wire. */
export type WireRequest = {
  method: string;
  /** With its query. */
  target: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
};

export type WireAnswer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
};

/** No answer in time: the request hangs. */
const PATIENCE_MS = 5000;
/** After this long without a byte, the server waits for more. */
const QUIET_MS = 200;

/** Sends what `fetch` would refuse to send. One connection at a time, kept while the server keeps it. */
export class Wire implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  /** Fails when there is no answer in time. */
  async send({ method, target, headers, body }: WireRequest): Promise<WireAnswer> {
    const sent = request({
      host: '127.0.0.1',
      port: this.#port,
      agent: this.#agent,
      method,
      path: target,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
    sent.on('error', reject);
    sent.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.end(body);
    return await promise;
  }

  /**
   * Sends the bytes, and when nothing more happens says that there are no more. Resolves with all that came back until
   * the connection was closed; fails when it is not closed in time.
   */
  async exchange(bytes: Buffer): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect(this.#port, '127.0.0.1');
    const impatience = setTimeout(() => {
      socket.destroy();
      reject(new Error('the connection was not closed in time'));
    }, PATIENCE_MS);
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    // The server may close while we still send: what it said before is the answer.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(impatience);
      resolve(received);
    });
    socket.setTimeout(QUIET_MS, () => socket.end());
    socket.write(bytes);
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
