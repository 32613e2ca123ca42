export type CacheOptions = {
  /** How long a value is kept. */
  ttlMs: number;
  /** The one that was read longest ago goes first. */
  entriesMax: number;
};

type Kept = { value: string; endsAt: number };

/**
 * Values by name, for so long and no longer. What was read before a change must not be kept after it: whoever reads
 * takes a ticket first, and a change makes the tickets before it worthless.
 */
export class ValueCache {
  readonly #ttlMs: number;
  readonly #entriesMax: number;
  readonly #kept = new Map<string, Kept>();
  #changes = 0;
  #sweeping = false;

  constructor({ ttlMs, entriesMax }: CacheOptions) {
    if (!(ttlMs > 0) || ttlMs > 86_400_000)
      throw new TypeError('cache.ttlMs must be more than 0 and at most a day');
    if (!Number.isInteger(entriesMax) || entriesMax < 1) {
      throw new TypeError('cache.entriesMax must be a whole number from 1 on');
    }
    this.#ttlMs = ttlMs;
    this.#entriesMax = entriesMax;
  }

  find(name: string): string | undefined {
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    if (performance.now() < kept.endsAt) return kept.value;
    this.#kept.delete(name);
    return undefined;
  }

  /** To be taken before a value is read. */
  ticket(): number {
    return this.#changes;
  }

  keep(name: string, value: string, ticket: number): void {
    if (ticket !== this.#changes) return;
    this.#kept.delete(name);
    this.#kept.set(name, { value, endsAt: performance.now() + this.#ttlMs });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#entriesMax && oldest !== undefined) this.#kept.delete(oldest);
    if (!this.#sweeping) this.#sweepLater(this.#ttlMs);
  }

  /** Without a name, everything. */
  forget(name?: string): void {
    this.#changes += 1;
    if (name === undefined) this.#kept.clear();
    else this.#kept.delete(name);
  }

  /** Removes what nobody asks for any more, too: a value does not stay in memory after its time. */
  #sweep(): void {
    const now = performance.now();
    for (const [name, { endsAt }] of this.#kept) if (endsAt <= now) this.#kept.delete(name);
    const [next] = this.#kept.values();
    this.#sweeping = false;
    if (next !== undefined) this.#sweepLater(next.endsAt - now);
  }

  #sweepLater(milliseconds: number): void {
    this.#sweeping = true;
    const timer = setTimeout(() => this.#sweep(), Math.ceil(milliseconds));
    // Node would stay alive for it; elsewhere timers are numbers.
    (timer as { unref?: () => void }).unref?.();
  }
}
