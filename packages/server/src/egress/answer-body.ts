import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { EgressError } from './egress-error.ts';

/**
 * The bytes of an answer as they arrive. Fails with an EgressError. Time counts only while more is wanted: a slow
 * reader is not the fault of who answers. Given up before its end, it closes the connection.
 */
export class AnswerBody extends Readable {
  readonly #incoming: IncomingMessage;
  readonly #idleTimeoutMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(incoming: IncomingMessage, idleTimeoutMs: number) {
    super();
    this.#incoming = incoming;
    this.#idleTimeoutMs = idleTimeoutMs;
    // It may fail before anyone reads it: whoever comes later is told.
    this.on('error', () => undefined);
    incoming.pause();
    incoming.on('data', (chunk: Buffer) => this.#take(chunk));
    incoming.on('end', () => this.#end());
    incoming.on('error', (cause) => this.#fail('interrupted', cause));
    incoming.on('close', () => {
      if (!incoming.readableEnded) this.#fail('interrupted');
    });
  }

  override _read(): void {
    if (this.#incoming.readableEnded) return;
    this.#wait();
    this.#incoming.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    if (!this.#incoming.readableEnded) this.#incoming.destroy();
    callback(error);
  }

  #take(chunk: Buffer): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.push(chunk)) this.#wait();
    else this.#incoming.pause();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.push(null);
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => this.#fail('timeout'), this.#idleTimeoutMs);
  }

  #fail(reason: 'interrupted' | 'timeout', cause?: unknown): void {
    this.destroy(new EgressError(reason, { sent: true, cause }));
  }
}
