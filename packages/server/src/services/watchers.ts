import { AppError, type ProjectId } from '@coffer/core';
import type { Logger } from '../logger.ts';
import { findNewestIndex, listChangedProjects } from '../store/audit.ts';
import type { Store } from '../store/database.ts';
import type { Actor } from './actor.ts';

export type WatchLimits = {
  heartbeatMs: number;
  /** How long a reader may leave what was sent where it is. Who is dropped comes back and resumes. */
  unreadMs: number;
  /** Streams of one user. */
  perUserMax: number;
  /** Streams in all. */
  inAllMax: number;
};

const LIMITS: WatchLimits = { heartbeatMs: 15_000, unreadMs: 10_000, perUserMax: 20, inAllMax: 1000 };
/** How often we look for what another process has written. */
const LOOK_MS = 1000;
const RETRY_AFTER_SECONDS = 30;

/** `changed`: look again. `idle`: nothing happened for so long. `closed`: it is over. */
export type Waking = 'changed' | 'idle' | 'closed';

export type Watcher = {
  /** Until something changed in the project since the last waking, or nothing did for so long. */
  readonly wake: (milliseconds: number) => Promise<Waking>;
  readonly leave: () => void;
};

type Watch = {
  holder: string;
  projectId: ProjectId;
  state: Waking;
  stir: () => void;
};

/** Who has so many streams at most: a user, or all service tokens of a project together. */
export function watchHolder(actor: Actor): string {
  return actor.by === 'service' ? `project:${actor.grant.projectId ?? ''}` : actor.uid;
}

/**
 * Those who wait for changes. One look at the log serves them all: when something was committed here, and every second
 * for what another process has written. Without watchers nobody looks.
 */
export class Watchers {
  readonly limits: WatchLimits;
  readonly #store: Store;
  readonly #log: Logger;
  readonly #watches = new Set<Watch>();
  #stop: (() => void) | undefined;
  /** The newest index that was looked at. */
  #seen = 0;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #isClosed = false;

  constructor(store: Store, log: Logger, limits: Partial<WatchLimits> = {}) {
    this.#store = store;
    this.#log = log;
    this.limits = { ...LIMITS, ...limits };
  }

  /** What changes from now on wakes them. Fails with `too_many_watchers` or `overloaded`. */
  async join(holder: string, projectId: ProjectId): Promise<Watcher> {
    const own = [...this.#watches].filter((watch) => watch.holder === holder);
    if (own.length >= this.limits.perUserMax) {
      throw new AppError('too_many_watchers', { retry_after_seconds: RETRY_AFTER_SECONDS });
    }
    if (this.#isClosed || this.#watches.size >= this.limits.inAllMax) throw new AppError('overloaded');
    const watch: Watch = { holder, projectId, state: 'idle', stir: () => undefined };
    this.#watches.add(watch);
    try {
      if (this.#stop === undefined) this.#start(await findNewestIndex(this.#store.db));
    } catch (error) {
      this.#leave(watch);
      throw error;
    }
    return {
      wake: async (milliseconds) => await wake(watch, milliseconds),
      leave: () => this.#leave(watch),
    };
  }

  /** Ends all of them, for good. */
  close(): void {
    this.#isClosed = true;
    for (const watch of this.#watches) rouse(watch, 'closed');
    this.#watches.clear();
    this.#stop?.();
  }

  #leave(watch: Watch): void {
    this.#watches.delete(watch);
    rouse(watch, 'closed');
    if (this.#watches.size === 0) this.#stop?.();
  }

  #start(newest: number): void {
    // Another may have started, or all have left, while the newest index was read.
    if (this.#stop !== undefined || this.#watches.size === 0) return;
    this.#seen = newest;
    const timer = setInterval(() => this.#look(), LOOK_MS);
    const forget = this.#store.onCommit(() => this.#look());
    this.#stop = () => {
      clearInterval(timer);
      forget();
      this.#stop = undefined;
    };
  }

  #look(): void {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#lookOnce()
      // Watchers find out themselves, and tell those whom they serve.
      .catch((err: unknown) => this.#log.warn({ err }, 'changes could not be looked for'))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#lookAgain) return;
        this.#lookAgain = false;
        if (this.#stop !== undefined) this.#look();
      });
  }

  async #lookOnce(): Promise<void> {
    const { db } = this.#store;
    const upTo = await findNewestIndex(db);
    if (upTo <= this.#seen) return;
    const changed = new Set(await listChangedProjects(db, { after: this.#seen, upTo }));
    this.#seen = Math.max(this.#seen, upTo);
    for (const watch of this.#watches) if (changed.has(watch.projectId)) rouse(watch, 'changed');
  }
}

function rouse(watch: Watch, state: Waking): void {
  watch.state = state;
  watch.stir();
}

async function wake(watch: Watch, milliseconds: number): Promise<Waking> {
  if (watch.state === 'idle') {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      watch.stir = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    watch.stir = () => undefined;
  }
  const { state } = watch;
  if (state === 'changed') watch.state = 'idle';
  return state;
}
