import { CofferError } from './error.ts';

/** What timers can count to: beyond it they would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Ends a piece of work when its time is over or the caller no longer wants it, and tells the two apart. */
export class Deadline {
  readonly #controller = new AbortController();
  #endsAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outer: AbortSignal | undefined;
  #error: CofferError | undefined;

  /** `timeoutMs` may be Infinity. */
  constructor(timeoutMs: number, outer?: AbortSignal) {
    this.#outer = outer;
    this.restart(timeoutMs);
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

  /** At most 24 days. Fails with `timeout` or `aborted` when that comes first. */
  async wait(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const waitMs = Math.min(milliseconds, TIMER_MS_MAX);
      await this.race(new Promise<void>((resolve) => (timer = setTimeout(resolve, waitMs))));
    } finally {
      clearTimeout(timer);
    }
  }

  /** From now on so long, unless it is over. */
  restart(timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#endsAt = performance.now() + timeoutMs;
    if (timeoutMs > TIMER_MS_MAX || this.#error !== undefined) return;
    const late = `There was no whole answer within ${timeoutMs} ms.`;
    this.#timer = setTimeout(() => this.#stop(new CofferError('timeout', late)), timeoutMs);
  }

  /** Ends the work, too, whatever is under way. */
  abort(): void {
    this.release();
    this.#onAbort();
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
