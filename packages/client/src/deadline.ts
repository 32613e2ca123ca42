import { CofferError } from './error.ts';

/** Ends a piece of work when its time is over or the caller no longer wants it, and tells the two apart. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #endsAt: number;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outer: AbortSignal | undefined;
  #error: CofferError | undefined;

  /** `timeoutMs` may be Infinity. */
  constructor(timeoutMs: number, outer?: AbortSignal) {
    this.#endsAt = performance.now() + timeoutMs;
    this.#outer = outer;
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      const late = `There was no whole answer within ${timeoutMs} ms.`;
      this.#timer = setTimeout(() => this.#stop(new CofferError('timeout', late)), timeoutMs);
    }
    if (outer?.aborted === true) this.#onAbort();
    else outer?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it ended: `timeout` or `aborted`; undefined while it runs. */
  get error(): CofferError | undefined {
    return this.#error;
  }

  get remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  /** The outcome of the work, or the end of the deadline if that comes first. */
  async race<T>(work: Promise<T>): Promise<T> {
    let onEnd: () => void = () => undefined;
    const end = new Promise<'end'>((resolve) => {
      onEnd = () => resolve('end');
      this.signal.addEventListener('abort', onEnd, { once: true });
      if (this.signal.aborted) onEnd();
    });
    try {
      const first = await Promise.race([work.then((value) => ({ value })), end]);
      if (first !== 'end') return first.value;
      throw this.#error ?? new CofferError('aborted', 'The call was aborted.');
    } finally {
      this.signal.removeEventListener('abort', onEnd);
    }
  }

  /** Fails with `timeout` or `aborted` when that comes first. */
  async wait(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.race(new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds))));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing of it stays behind. */
  release(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#stop(new CofferError('aborted', 'The call was aborted.'));
  };

  #stop(error: CofferError): void {
    this.#error ??= error;
    this.#controller.abort();
  }
}
