import {
  appendLeaf,
  AppError,
  canonicalJson,
  type AuditEntry,
  type AuditEventType,
  type Frontier,
  type Outcome,
} from '@coffer/core';
import { formatTime, type Clock } from '../clock.ts';
import { sha256 } from '../sha256.ts';
import { getHeadToExtend, insertAuditEntries, tryAuditAppend, type AuditRecord } from '../store/audit.ts';
import type { Store, Transaction } from '../store/database.ts';
import type { Actor, Origin } from './actor.ts';
import { AuditChain } from './audit-chain.ts';

/** An entry before it has its place in the log. */
export type AuditDraft = Omit<AuditEntry, 'v' | 'index' | 'at'>;

/** What a service knows of an event; the rest comes from the call. */
export type AuditEvent = {
  type: AuditEventType;
  outcome?: Outcome;
  project?: string;
  environment?: string;
  object?: string;
  details?: AuditEntry['details'];
};

const BATCH_ENTRIES_MAX = 256;
const QUEUE_ENTRIES_MAX = 10_000;
/** While one batch waits for the disk, the next one is on its way. More would make the batches small. */
const BATCHES_AT_ONCE = 2;

type Waiting = {
  drafts: readonly AuditDraft[];
  done: (index: number) => void;
  failed: (error: AppError) => void;
};

/**
 * The audit log: one gapless sequence with one hash tree over it. A change appends in its own transaction (R34). A
 * read hands its record in and waits: all that wait are committed together, so one flush of the disk serves many reads, and
 * no value leaves before its record is durable (R33).
 */
export class AuditLog {
  readonly #store: Store;
  readonly #clock: Clock;
  #queue: Waiting[] = [];
  #queuedEntries = 0;
  readonly #drains = new Set<Promise<void>>();
  readonly #chain = new AuditChain();
  #failure: string | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Why the last batch could not be written; undefined when it could. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Appends in the transaction of a change. Answers with the index of the first entry. */
  async append(tx: Transaction, ...drafts: readonly AuditDraft[]): Promise<number> {
    const { found, left } = await appendToLog(tx, this.#clock, drafts);
    this.#chain.extend(found, left);
    return found.size;
  }

  /** See `AuditChain.idOf`. */
  chainOf(head: Frontier): number | undefined {
    return this.#chain.idOf(head);
  }

  /**
   * Resolves when the records are durable, with the index of the first. Fails with `audit_unavailable` when they cannot be written, and with
   * `overloaded` when too many wait.
   */
  async record(...drafts: readonly AuditDraft[]): Promise<number> {
    if (drafts.length === 0) throw new RangeError('nothing to record');
    if (this.#queuedEntries + drafts.length > QUEUE_ENTRIES_MAX) throw new AppError('overloaded');
    this.#queuedEntries += drafts.length;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#queue.push({ drafts, done: resolve, failed: reject });
    if (this.#drains.size < BATCHES_AT_ONCE) {
      const drain = this.#drain().finally(() => this.#drains.delete(drain));
      this.#drains.add(drain);
    }
    return await promise;
  }

  /**
   * Finds out whether the log can be written, where the last batch could not. Fails with `audit_unavailable`. An empty
   * batch would not do: it fits where no record does.
   */
  async probe(): Promise<void> {
    try {
      await this.#store.transaction(tryAuditAppend);
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = reasonOf(cause);
      throw new AppError('audit_unavailable', { reason: this.#failure }, { cause });
    }
  }

  /** Resolves when nothing waits any more. */
  async settle(): Promise<void> {
    while (this.#drains.size > 0) await Promise.all(this.#drains);
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // What arrived in the same turn of the event loop joins the batch.
      await new Promise(setImmediate);
      await this.#commit(this.#takeBatch());
    }
  }

  #takeBatch(): Waiting[] {
    let entries = 0;
    const fits = this.#queue.findIndex(({ drafts }, index) => {
      entries += drafts.length;
      return index > 0 && entries > BATCH_ENTRIES_MAX;
    });
    const batch = this.#queue.splice(0, fits === -1 ? this.#queue.length : fits);
    this.#queuedEntries -= batch.reduce((sum, { drafts }) => sum + drafts.length, 0);
    return batch;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    // The other drain was first.
    if (batch.length === 0) return;
    try {
      const drafts = batch.flatMap((waiting) => waiting.drafts);
      let index = await this.#store.transaction(async (tx) => await this.append(tx, ...drafts));
      this.#failure = undefined;
      for (const waiting of batch) {
        waiting.done(index);
        index += waiting.drafts.length;
      }
    } catch (cause) {
      // What the store did not refuse is the fault of one of them: the others are not to suffer for it.
      if (batch.length > 1 && !(cause instanceof AppError)) {
        for (const waiting of batch) await this.#commit([waiting]);
        return;
      }
      this.#failure = reasonOf(cause);
      for (const { failed } of batch) {
        failed(new AppError('audit_unavailable', { reason: this.#failure }, { cause }));
      }
    }
  }
}

/** Where nothing runs that the log belongs to. Answers with the head as it was, and as it is. */
export async function appendToLog(
  tx: Transaction,
  clock: Clock,
  drafts: readonly AuditDraft[],
): Promise<{ found: Frontier; left: Frontier }> {
  const head = await getHeadToExtend(tx);
  let { frontier } = head;
  // A clock that was set back does not bring the log out of order.
  const at = Math.max(clock(), head.at);
  const time = formatTime(at);
  const records: AuditRecord[] = [];
  for (const draft of drafts) {
    const entry = entryOf(draft, frontier.size, time);
    const body = canonicalJson(entry);
    frontier = appendLeaf(sha256, frontier, Buffer.from(body));
    records.push({ entry, body, at });
  }
  await insertAuditEntries(tx, records, { frontier, at });
  return { found: head.frontier, left: frontier };
}

/** Makes a draft of what a service knows and what the call tells. */
export function draft(
  origin: Origin,
  actor: (Pick<Actor, 'uid' | 'username'> & Partial<Pick<Actor, 'grant'>>) | undefined,
  event: AuditEvent,
): AuditDraft {
  return {
    type: event.type,
    outcome: event.outcome ?? 'success',
    uid: actor?.uid ?? null,
    username: actor?.username ?? null,
    project_id: event.project ?? null,
    environment: event.environment ?? null,
    object: event.object ?? null,
    ip: origin.ip,
    request_id: origin.requestId,
    details: { ...event.details, ...(actor?.grant === undefined ? {} : { token: actor.grant.id }) },
  };
}

/** With its fields in the order of canonical JSON, which then need not be sorted. */
function entryOf(from: AuditDraft, index: number, at: string): AuditEntry {
  return {
    at,
    details: from.details,
    environment: from.environment,
    index,
    ip: from.ip,
    object: from.object,
    outcome: from.outcome,
    project_id: from.project_id,
    request_id: from.request_id,
    type: from.type,
    uid: from.uid,
    username: from.username,
    v: 1,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof AppError
    ? String(error.detail['reason'] ?? error.code)
    : 'the audit log cannot be written';
}
