import type { AuditEntry } from '@coffer/core';
import { formatTime, isRecent, type Clock } from '../clock.ts';
import { findClosing, findNewestOfType, listWithClosing, type Closable } from '../store/audit.ts';
import type { Reader, Store } from '../store/database.ts';
import { draft, type AuditDraft, type AuditLog } from './audit-log.ts';

/** The backups that the server makes by itself. */
export type BackupSchedule = {
  directory: string;
  /** One for each such stretch of time since 1970. */
  everyMs: number;
  /** How many files stay. */
  keep: number;
  /** Of age. */
  recipients: readonly string[];
};

/** A backup that has begun, as the log has it. */
export type BackupBegin = {
  index: number;
  /** By the clock of the server that began it, which can be set back; times of the log cannot. */
  begunAt: number;
};

/** One that the schedule began. The name of its file is settled before it is made. */
export type ScheduledBegin = BackupBegin & { file: string };

export type BackupEnd = { file: string; bytes: number; /** Hexadecimal. */ sha256: string } | BackupFailure;

/** `abandoned`: whoever made it has died, or is taken for dead. `briefly`: the reason without places, where there is such. */
export type BackupFailure = { code: 'failed' | 'stopped' | 'abandoned'; reason: string; briefly?: string };

type Parts = { store: Store; audit: AuditLog; clock: Clock };

const MINUTE_MS = 60_000;
const RUN_MS_MAX = 60 * MINUTE_MS;
const RETRY_MS_MAX = 10 * MINUTE_MS;
/** Clocks of servers differ, and to give up takes a moment. */
const GRACE_MS = MINUTE_MS;

const ORIGIN = { ip: '', requestId: 'backup', userAgent: '' };

/** After that long a scheduled backup is given up by whoever makes it. */
export function runMsMax({ everyMs }: Pick<BackupSchedule, 'everyMs'>): number {
  return Math.min(everyMs, RUN_MS_MAX);
}

/** Records, before anything is read, that a backup which someone asked for begins. */
export async function beginBackup(
  { audit, clock }: Parts,
  { withRootKey }: { withRootKey: boolean },
): Promise<BackupBegin> {
  const begunAt = clock();
  const details = { by: 'command', with_root_key: withRootKey, begun_at: formatTime(begunAt) };
  const index = await audit.record(draft(ORIGIN, undefined, { type: 'instance_backup', details }));
  return { index, begunAt };
}

/**
 * Takes on the backup that is due, by recording that it begins: of several servers that do this at once, one does.
 * One that was begun before and never ended is closed. Undefined: none is due, or another server was faster.
 */
export async function claimBackup(
  { store, audit, clock }: Parts,
  schedule: Pick<BackupSchedule, 'everyMs'>,
  nameAt: (now: number) => string,
): Promise<ScheduledBegin | undefined> {
  // Without the lock of writers first: most of the time there is nothing to do.
  if (!isDue(await readSchedule(store.db), { ...schedule, now: clock() })) return undefined;
  return await store.transaction(async (tx) => {
    const begunAt = clock();
    const state = await readSchedule(tx);
    if (!isDue(state, { ...schedule, now: begunAt })) return undefined;
    const file = nameAt(begunAt);
    const details = { by: 'schedule', with_root_key: false, begun_at: formatTime(begunAt), file };
    const drafts = [draft(ORIGIN, undefined, { type: 'instance_backup', details })];
    const { last } = state;
    if (last !== undefined && last.end === undefined) {
      const reason = 'it did not come to an end in time: the server that made it was killed or cut off';
      drafts.unshift(endDraft(last, { code: 'abandoned', reason, briefly: reason }, begunAt));
    }
    const first = await audit.append(tx, ...drafts);
    return { index: first + drafts.length - 1, begunAt, file };
  });
}

/** Records how a backup ended. False: it was closed before, by one who took its maker for dead. */
export async function closeBackup(
  { store, audit, clock }: Parts,
  begin: BackupBegin,
  end: BackupEnd,
): Promise<boolean> {
  return await store.transaction(async (tx) => {
    if ((await findClosing(tx, begin.index)) !== undefined) return false;
    await audit.append(tx, endDraft(begin, end, clock()));
    return true;
  });
}

/** The scheduled backup that has begun and not ended; it may still be under way. */
export async function findOpenBackup(db: Reader): Promise<ScheduledBegin | undefined> {
  const { last } = await readSchedule(db);
  return last?.end === undefined ? last : undefined;
}

/** The files that the schedule made in this life of the instance, newest first: whether they are still there, or here, is another matter. */
export async function* listMadeFiles(db: Reader): AsyncGenerator<string, void> {
  const restoredAt = (await findNewestOfType(db, 'instance_restore')) ?? -1;
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const range = { after: restoredAt, before, limit: MADE_PAGE };
    const page = await listWithClosing(db, 'instance_backup', range);
    for (const closable of page) {
      before = closable.begin.index;
      if (closable.begin.details['by'] !== 'schedule' || endOf(closable)?.isSuccess !== true) continue;
      yield beginOf(closable.begin).file;
    }
    if (page.length < MADE_PAGE) return;
  }
}

/** What an administrator should know, for whoever asks: it tells nothing of places. */
export async function backupWarnings(db: Reader): Promise<string[]> {
  const { lastEnded } = await readSchedule(db);
  if (lastEnded === undefined || lastEnded.end.isSuccess) return [];
  const { briefly } = lastEnded.end;
  const why = briefly === undefined ? '' : `: ${briefly}`;
  return [`the last scheduled backup failed${why}; the audit log and the log of the server say more`];
}

type End = { isSuccess: boolean; wasStopped: boolean; at: number; briefly: string | undefined };
type Scheduled = ScheduledBegin & { end: End | undefined };
type ScheduleState = { last: Scheduled | undefined; lastEnded: (Scheduled & { end: End }) | undefined };

const PAGE = 20;
const MADE_PAGE = 200;

/** Of this life of the instance: a restored one has not made the backups that it remembers. */
async function readSchedule(db: Reader): Promise<ScheduleState> {
  const restoredAt = (await findNewestOfType(db, 'instance_restore')) ?? -1;
  let last: Scheduled | undefined;
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = await listWithClosing(db, 'instance_backup', { after: restoredAt, before, limit: PAGE });
    for (const closable of page) {
      const { begin } = closable;
      before = begin.index;
      if (begin.details['by'] !== 'schedule') continue;
      const found = { ...beginOf(begin), end: endOf(closable) };
      last ??= found;
      const { end } = found;
      if (end !== undefined) return { last, lastEnded: { ...found, end } };
    }
    if (page.length < PAGE) return { last, lastEnded: undefined };
  }
}

function isDue(
  { last }: ScheduleState,
  { now, everyMs }: Pick<BackupSchedule, 'everyMs'> & { now: number },
): boolean {
  if (last === undefined) return true;
  const { begunAt, end } = last;
  if (end === undefined) return !isRecent(begunAt, { now, withinMs: runMsMax({ everyMs }) + GRACE_MS });
  if (!end.isSuccess)
    return end.wasStopped || !isRecent(end.at, { now, withinMs: Math.min(everyMs, RETRY_MS_MAX) });
  const slotOf = (time: number): number => Math.floor(time / everyMs);
  // A clock that was set back by a little must not give its slot a second one; one set back by more must not give none.
  return slotOf(now) > slotOf(begunAt) || begunAt - now >= everyMs;
}

function beginOf({ index, at, details }: AuditEntry): ScheduledBegin {
  const begunAt = Date.parse(String(details['begun_at'] ?? at));
  return { index, begunAt, file: String(details['file'] ?? '') };
}

function endOf({ begin, end }: Closable): End | undefined {
  if (end === undefined) return undefined;
  return {
    isSuccess: end.outcome === 'success',
    wasStopped: end.details['code'] === 'stopped',
    at: beginOf(begin).begunAt + Number(end.details['duration_ms']),
    // None in records of before.
    briefly: end.details['briefly'] === undefined ? undefined : String(end.details['briefly']),
  };
}

function endDraft({ index, begunAt }: BackupBegin, end: BackupEnd, now: number): AuditDraft {
  const details = { begin: index, duration_ms: Math.max(0, now - begunAt), ...end };
  const outcome = 'sha256' in end ? 'success' : 'error';
  return draft(ORIGIN, undefined, { type: 'instance_backup_end', outcome, details });
}
