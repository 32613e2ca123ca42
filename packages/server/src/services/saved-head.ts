import type { InstanceId } from '@coffer/core';
import { formatTime, type Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { getAuditHead } from '../store/audit.ts';
import type { Store } from '../store/database.ts';
import type { RootKeyring } from './root-keyring.ts';
import { goesOnFrom } from './saved-head-check.ts';
import { writeHeadFile, type SeenHead } from './saved-head-file.ts';

const PACE_MS = 2000;

/**
 * Keeps the last head of the audit log that this server saw in its data directory, outside the database, so that the next
 * start can tell a database that is older. Nothing is done for a request: a commit sets a timer where there is none, and what is
 * then committed, and so on disk, is saved. Where the directory cannot be written, that is logged and nothing else.
 */
export class SavedHead {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #rootKeys: RootKeyring;
  readonly #instanceId: InstanceId;
  readonly #path: string;
  readonly #paceMs: number;
  #seen: SeenHead['frontier'] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #unfollow: () => void = () => undefined;
  #isInDoubt = false;
  #isFailing = false;

  constructor(
    {
      store,
      log,
      clock,
      rootKeys,
      instanceId,
    }: { store: Store; log: Logger; clock: Clock; rootKeys: RootKeyring; instanceId: InstanceId },
    { path, paceMs = PACE_MS }: { path: string; paceMs?: number | undefined },
  ) {
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
    this.#rootKeys = rootKeys;
    this.#instanceId = instanceId;
    this.#path = path;
    this.#paceMs = paceMs;
  }

  /** What was found in the file is not looked at again, but replaced. Never fails. */
  async begin(): Promise<void> {
    await this.save();
  }

  /** From now on what is committed here is saved, at most once in a while. */
  follow(): void {
    const inAWhile = (): void => {
      this.#timer ??= setTimeout(() => void this.save(), this.#paceMs).unref();
    };
    this.#unfollow = this.#store.onCommit(inAWhile);
    // What was committed since `begin`.
    inAWhile();
  }

  /** Never fails. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saving = this.#saving.then(async () => await this.#trySave());
    await this.#saving;
  }

  /** Saves once more. The store is still open. */
  async stop(): Promise<void> {
    this.#unfollow();
    await this.save();
  }

  async #trySave(): Promise<void> {
    try {
      // Not in a transaction: only what is committed is seen, and what is seen is on disk.
      const { frontier } = await getAuditHead(this.#store.db);
      if (await this.#isFallenBack(frontier)) return;
      if (frontier.size === this.#seen?.size) return;
      const sealing = await this.#rootKeys.currentGiven(this.#store.db);
      const savedAt = formatTime(this.#clock());
      writeHeadFile(this.#path, { instanceId: this.#instanceId, frontier, savedAt }, sealing);
      this.#seen = frontier;
      if (this.#isFailing) this.#log.info('the head of the audit log is saved again');
      this.#isFailing = false;
    } catch (err) {
      if (!this.#isFailing)
        this.#log.warn({ err, path: this.#path }, 'the head of the audit log cannot be saved');
      this.#isFailing = true;
    }
  }

  /** Then what was saved stays, so that the next start says so; unless the log has it again. */
  async #isFallenBack(now: SeenHead['frontier']): Promise<boolean> {
    if (this.#seen === undefined) return false;
    if (now.size >= this.#seen.size && !this.#isInDoubt) return false;
    const isBack = now.size >= this.#seen.size && (await goesOnFrom(this.#store.db, this.#seen));
    if (!isBack && !this.#isInDoubt)
      this.#log.error(
        { records: now.size, seen: this.#seen.size },
        'the audit log is older than it was: the database was exchanged while it was in use',
      );
    this.#isInDoubt = !isBack;
    return !isBack;
  }
}
