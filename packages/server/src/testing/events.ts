import type { Client } from './client.ts';

export type ServerSentEvent = { event: string; id: string | undefined; data: any };

/** A stream of server-sent events as it comes in. */
export class EventStream implements AsyncDisposable {
  readonly response: Response;
  /** Of the last block that had one, whether it was an event or not. */
  lastId: string | undefined;
  /** Everything that came, as it came. */
  text = '';
  readonly #controller: AbortController;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #decoder = new TextDecoder();
  #unread = '';

  private constructor(response: Response, controller: AbortController) {
    this.response = response;
    this.#controller = controller;
  }

  static async open(
    client: Client,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<EventStream> {
    const controller = new AbortController();
    const response = await fetch(`${client.url}${path}`, {
      headers: {
        accept: 'text/event-stream',
        ...(client.token === undefined ? {} : { authorization: `Bearer ${client.token}` }),
        ...headers,
      },
      signal: controller.signal,
    });
    return new EventStream(response, controller);
  }

  /** The next one; undefined at the end of the stream. */
  async next(): Promise<ServerSentEvent | undefined> {
    for (;;) {
      const block = await this.block();
      if (block === undefined) return undefined;
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const event = /^event: (.*)$/m.exec(block)?.[1] ?? 'message';
      return { event, id: /^id: (.*)$/m.exec(block)?.[1], data: JSON.parse(data) };
    }
  }

  /** The next block of lines, be it an event or not. */
  async block(): Promise<string | undefined> {
    while (!this.#unread.includes('\n\n')) {
      this.#reader ??= this.response.body?.getReader();
      const chunk = await this.#reader?.read();
      if (chunk === undefined || chunk.done) return undefined;
      const text = this.#decoder.decode(chunk.value, { stream: true });
      this.text += text;
      this.#unread += text;
    }
    const end = this.#unread.indexOf('\n\n');
    const block = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end + 2);
    this.lastId = /^id: (.*)$/m.exec(block)?.[1] ?? this.lastId;
    return block;
  }

  async take(amount: number): Promise<ServerSentEvent[]> {
    const events: ServerSentEvent[] = [];
    while (events.length < amount) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.#reader?.closed.catch(() => undefined);
  }
}
