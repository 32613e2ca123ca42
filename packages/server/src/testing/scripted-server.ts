import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type Reply = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers each request with the next line of its script, the last line again and again. */
export class ScriptedServer implements AsyncDisposable {
  /** `at`: milliseconds, as of `performance.now()`. */
  readonly requests: {
    method: string;
    url: string;
    body: string;
    headers: IncomingMessage['headers'];
    at: number;
  }[] = [];
  readonly #server: Server;

  private constructor(script: readonly Reply[]) {
    this.#server = createServer((request, response) => {
      void (async () => {
        const { method = '', url = '', headers } = request;
        const reply = script[Math.min(this.requests.length, script.length - 1)];
        const at = performance.now();
        this.requests.push({ method, url, headers, at, body: await text(request) });
        reply?.(response, request);
      })();
    });
  }

  static async start(...script: readonly Reply[]): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
