import type { Frontier, InstanceId } from '@coffer/core';
import { formatTime, type Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { getAuditHead } from '../store/audit.ts';
import type { Store } from '../store/database.ts';
import type { AuditLog } from './audit-log.ts';
import type { RootKeyring } from './root-keyring.ts';
import { goesOnFrom, isVouchedFor } from './saved-head-check.ts';
import { readHeadFile, rootOf, writeHeadFile, type SeenHead } from './saved-head-file.ts';

const PACE_MS = 2000;
/** How many paces pass between two looks at what other processes have committed. */
const PACES_A_LOOK = 30;

/**
 * Keeps the last head of the audit log that was seen in the data directory, outside the database, so that the next start
 * can tell a database that is older or another one. Nothing is done for a request: a commit sets a timer where there is none, and
 * what is then committed, and so on disk, is saved. Now and then it looks for what other processes committed. A head is replaced by
 * one that goes on from it, and by no other: until `coffer admin audit accept` says that it is meant, it stays. Where the directory
 * cannot be written, that is logged and nothing else.
 */
export class SavedHead {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #rootKeys: RootKeyring;
  readonly #instanceId: InstanceId;
  readonly #audit: Pick<AuditLog, 'chainOf'> | undefined;
  readonly #path: string;
  readonly #paceMs: number;
  /** What is in the file as far as we know; it counts where the file is gone or nobody vouches for it. */
  #seen: Seen | undefined;
  /** The head that the log went on from, or was, at the last look, and what it is a link of. */
  #link: Link | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
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
      audit,
    }: {
      store: Store;
      log: Logger;
      clock: Clock;
      rootKeys: RootKeyring;
      instanceId: InstanceId;
      /** What this process appends, where it does. */
      audit?: Pick<AuditLog, 'chainOf'>;
    },
    { path, paceMs = PACE_MS }: { path: string; paceMs?: number | undefined },
  ) {
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
    this.#rootKeys = rootKeys;
    this.#instanceId = instanceId;
    this.#audit = audit;
    this.#path = path;
    this.#paceMs = paceMs;
  }

  /** What an administrator should know, for whoever asks. */
  get warnings(): string[] {
    return this.#isInDoubt
      ? ['the audit log does not go on from what this server saw of it; the log of the server says more']
      : [];
  }

  /** The file was checked. Never fails. */
  async begin(): Promise<void> {
    await this.save();
  }

  /** From now on what is committed is saved, at most once in a while. */
  follow(): void {
    const inAWhile = (): void => {
      // In doubt it takes reading all that was appended since: that is left to the looks.
      if (!this.#isInDoubt) this.#timer ??= setTimeout(() => void this.save(), this.#paceMs).unref();
    };
    this.#unfollow = this.#store.onCommit(inAWhile);
    this.#looking = setInterval(() => void this.save(), this.#paceMs * PACES_A_LOOK).unref();
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
    clearInterval(this.#looking);
    await this.save();
  }

  async #trySave(): Promise<void> {
    try {
      // So that a key is known that came since.
      await this.#rootKeys.currentGiven(this.#store.db);
      // Another process that wrote the file in between has saved what it saw: that is looked at then.
      while (!(await this.#saveOver(this.#readFile())));
      if (this.#isFailing) this.#log.info('the head of the audit log is saved again');
      this.#isFailing = false;
    } catch (err) {
      if (!this.#isFailing)
        this.#log.warn({ err, path: this.#path }, 'the head of the audit log cannot be saved');
      this.#isFailing = true;
    }
  }

  /** Undefined: there is none that counts. */
  #readFile(): Seen | undefined {
    const found = readHeadFile(this.#path);
    if (found === undefined || found === 'damaged' || found.instanceId !== this.#instanceId) return undefined;
    return isVouchedFor(found, this.#rootKeys) ? found : undefined;
  }

  /** False: the file is not what it was any more, and nothing was written. */
  async #saveOver(inFile: Seen | undefined): Promise<boolean> {
    // Not in a transaction: only what is committed is seen.
    const { frontier } = await getAuditHead(this.#store.db);
    const link = this.#linkOf(frontier);
    // The file is not to be ahead of the database after a power cut.
    await this.#store.flush();
    const lost = await this.#findLost(inFile, link);
    this.#tell(lost, frontier);
    this.#link = lost === undefined ? link : undefined;
    if (lost !== undefined) return true;
    if (inFile === undefined || rootOf(inFile.frontier) !== rootOf(frontier))
      return await this.#replace(inFile, frontier);
    this.#seen = inFile;
    return true;
  }

  #linkOf(frontier: Frontier): Link {
    return { frontier, root: rootOf(frontier), chain: this.#audit?.chainOf(frontier) };
  }

  /** A head that was seen, and that the log does not go on from. */
  async #findLost(inFile: Seen | undefined, now: Link): Promise<Seen | undefined> {
    // Others write the file as well: what is newer than what we know was saved by them, or accepted.
    const isNewer = inFile !== undefined && this.#seen !== undefined && inFile.savedAt >= this.#seen.savedAt;
    for (const seen of isNewer ? [inFile] : [this.#seen, inFile])
      if (seen !== undefined && !this.#isBefore(seen, now))
        if (!(await goesOnFrom(this.#store.db, seen.frontier, now.frontier))) return seen;
    return undefined;
  }

  /** It is what was there at the last look, and since then nobody but this process has appended. Otherwise it takes reading the log. */
  #isBefore(seen: Seen, now: Link): boolean {
    const last = this.#link;
    return (
      last?.chain !== undefined &&
      last.chain === now.chain &&
      last.frontier.size <= now.frontier.size &&
      last.root === rootOf(seen.frontier)
    );
  }

  /**
   * Of two processes that replace the file at once, one is first: each holds the lock that the writers of the database have. So the
   * file never goes back.
   */
  async #replace(inFile: Seen | undefined, frontier: Frontier): Promise<boolean> {
    return await this.#store.db.transaction().execute(async (tx) => {
      const sealing = await this.#rootKeys.currentGiven(tx);
      if (!isSame(this.#readFile(), inFile)) return false;
      const next = { instanceId: this.#instanceId, frontier, savedAt: formatTime(this.#clock()) };
      writeHeadFile(this.#path, next, sealing);
      this.#seen = next;
      return true;
    });
  }

  #tell(lost: Seen | undefined, now: Frontier): void {
    if (lost !== undefined && !this.#isInDoubt) {
      const seen = { seen: lost.frontier.size, seen_root: rootOf(lost.frontier), seen_at: lost.savedAt };
      this.#log.error(
        { records: now.size, root: rootOf(now), ...seen },
        'the audit log does not go on from what was seen of it: the database was exchanged while it was in use; put the right one back, or run `coffer admin audit accept`',
      );
    }
    if (lost === undefined && this.#isInDoubt)
      this.#log.info('the audit log goes on from what was seen of it, or was accepted');
    this.#isInDoubt = lost !== undefined;
  }
}

type Seen = Pick<SeenHead, 'frontier' | 'savedAt'>;

type Link = { frontier: Frontier; root: string; chain: number | undefined };

function isSame(one: Seen | undefined, other: Seen | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.savedAt === other.savedAt && rootOf(one.frontier) === rootOf(other.frontier);
}
