/** Several changes in a row, as of an import, are one. */
const QUIET_MS = 500;
/** Changes without a pause are one after so long. */
const UNQUIET_MS = 2000;

/** That something changed, until someone asks. */
export class Changes {
  #first: number | undefined;
  #latest = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;
  #settle: (() => void) | undefined;

  add(): void {
    this.#latest = performance.now();
    this.#first ??= this.#latest;
    this.#arm();
  }

  addLater(milliseconds: number): void {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.add(), milliseconds);
  }

  /** Resolves when something has changed and it is quiet again. One asks at a time. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.#arm();
    });
    this.#first = undefined;
    this.#settle = undefined;
  }

  close(): void {
    this.#settle = undefined;
    clearTimeout(this.#timer);
    clearTimeout(this.#later);
  }

  #arm(): void {
    if (this.#first === undefined || this.#settle === undefined) return;
    clearTimeout(this.#timer);
    const at = Math.min(this.#latest + QUIET_MS, this.#first + UNQUIET_MS);
    this.#timer = setTimeout(this.#settle, Math.max(0, at - performance.now()));
  }
}
