import { closeSync, linkSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  claimBackup,
  closeBackup,
  findOpenBackup,
  listMadeFiles,
  runMsMax,
  type BackupEnd,
  type BackupSchedule,
  type ScheduledBegin,
} from '../services/backup-log.ts';
import type { Context } from '../services/context.ts';
import { isWithoutLinks } from '../is-without-links.ts';
import { StartError } from '../start-error.ts';
import { syncDirectory } from '../sync-directory.ts';
import { parseRecipients } from './age.ts';
import { describeFailure, writeBackup } from './back-up.ts';
import { BackupFiles } from './backup-files.ts';
import { readNote, writeNote } from './finished-note.ts';
import { partialName, readContent } from './whole-file.ts';

type Parts = Pick<Context, 'store' | 'audit' | 'clock' | 'log' | 'rootKeys' | 'instance'>;

const FAILED = 'the scheduled backup failed; it will be tried again';

const UNTRUSTED = 'a file of its name is there that is not what its maker finished; nobody should trust it';
const NOT_FINISHED = { code: 'failed', reason: UNTRUSTED, briefly: UNTRUSTED } as const satisfies BackupEnd;

/** How often a server looks whether a backup is due. */
const LOOK_MS = 60_000;

/**
 * Makes backups by the clock. What decides is the audit log: it says when the last one was begun and how it ended, on
 * whichever server, and a server takes the next one on itself by recording that it begins. So one is made where several
 * servers run, a restart forgets nothing, and one whose server died is made by another.
 */
export class ScheduledBackups {
  readonly #parts: Parts;
  readonly #schedule: BackupSchedule;
  readonly #files: BackupFiles;
  readonly #stopping = new AbortController();
  /** What ended, and is not on record yet. */
  #ended: { begin: ScheduledBegin; end: BackupEnd } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  /**
   * `rootKeyPath`: of the file that the root key is in. Fails with a StartError when the recipients are none, when the directory is
   * not there or cannot be written, or when the root key lies in it: it would go wherever the backups go.
   */
  constructor(parts: Parts, schedule: BackupSchedule, rootKeyPath: string | undefined) {
    parseRecipients('COFFER_BACKUP_RECIPIENTS', schedule.recipients.join(','));
    this.#files = new BackupFiles(schedule.directory, parts.instance.id);
    refuseUnfit(this.#files, parts.clock());
    if (rootKeyPath !== undefined) refuseBeside(schedule.directory, rootKeyPath);
    this.#parts = parts;
    this.#schedule = schedule;
  }

  /** Looks now, and again and again. */
  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  /**
   * One that is being made is given up; nothing of it stays. Waits no longer than so many milliseconds for a database that
   * does not answer.
   */
  async stop(patienceMs: number): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    const late = new AbortController();
    const patience = delay(patienceMs, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([this.#looking, patience]);
    late.abort();
  }

  /** Makes a backup if one is due. Never fails: what went wrong is logged, and on record where that is possible. */
  async look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { store, log } = this.#parts;
    try {
      await this.#record();
      await this.#adopt(await findOpenBackup(store.db));
      if (this.#stopping.signal.aborted) return;
      const begin = await claimBackup(this.#parts, this.#schedule, (now) => this.#files.nameAt(now));
      if (begin === undefined) return;
      this.#ended = { begin, end: await this.#make(begin) };
      await this.#record();
    } catch (err) {
      if (!this.#stopping.signal.aborted)
        log.error({ err }, 'scheduled backups: the database or the directory cannot serve now');
    }
  }

  /** A file that is there, and is what its maker noted, is whole: it was killed before that was on record. */
  async #adopt(begin: ScheduledBegin | undefined): Promise<void> {
    if (begin === undefined || !this.#files.has(begin.file)) return;
    const { file } = begin;
    try {
      syncDirectory(this.#files.directory);
      this.#ended = { begin, end: (await this.#findFinished(begin)) ?? NOT_FINISHED };
    } catch (err) {
      // Then it is made anew, when its time has passed.
      this.#parts.log.warn({ err, file }, 'a scheduled backup cannot be read');
    }
    await this.#record();
  }

  async #findFinished({ file, index }: ScheduledBegin): Promise<BackupEnd | undefined> {
    const path = this.#files.pathOf(file);
    const backupKeys = this.#parts.rootKeys.given.map(({ keys }) => keys.backupKey);
    const noted = readNote(path, index, backupKeys);
    if (noted === undefined || statSync(path).size !== noted.bytes) return undefined;
    const content = await readContent(path, this.#stopping.signal);
    return content.sha256 === noted.sha256 ? { file, ...content } : undefined;
  }

  async #make({ file, index }: ScheduledBegin): Promise<BackupEnd> {
    const { store, clock, log, rootKeys } = this.#parts;
    const path = this.#files.pathOf(file);
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(runMsMax(this.#schedule))]);
    try {
      signal.throwIfAborted();
      this.#files.removeLeftOvers(clock());
      const { backupKey } = await rootKeys.current(store.db);
      const { bytes, sha256 } = await writeBackup(this.#parts, {
        path,
        lock: this.#schedule,
        rootKeys: rootKeys.given.map(({ rootKey }) => rootKey),
        withRootKey: false,
        onWritten: (content) => writeNote(path, { begin: index, content }, backupKey),
        signal,
      });
      return { file, bytes, sha256 };
    } catch (err) {
      const failure = describeFailure(err, signal);
      if (failure.code === 'stopped') log.info('the scheduled backup was given up, as the server stops');
      else log.error({ err, reason: failure.reason }, FAILED);
      return failure;
    }
  }

  /** Then, and only then, older files may go. */
  async #record(): Promise<void> {
    if (this.#ended === undefined) return;
    const { store, log } = this.#parts;
    const { begin, end } = this.#ended;
    const isOurs = await closeBackup(this.#parts, begin, end);
    this.#ended = undefined;
    this.#files.removeNote(begin.file);
    if (!isOurs) return;
    if (end === NOT_FINISHED) log.error({ file: begin.file, reason: NOT_FINISHED.reason }, FAILED);
    if (!('sha256' in end)) return;
    const removed = await this.#files.removeOld(listMadeFiles(store.db), this.#schedule.keep);
    log.info({ file: end.file, bytes: end.bytes, removed: removed.length }, 'backed up');
  }
}

function refuseUnfit(files: BackupFiles, now: number): void {
  const { directory } = files;
  try {
    if (!statSync(directory).isDirectory())
      throw new StartError(`COFFER_BACKUP_DIR (${directory}) is no directory`);
    const path = files.pathOf(files.nameAt(now));
    const [draft, link] = [partialName(path), partialName(path)];
    closeSync(openSync(draft, 'wx', 0o600));
    try {
      linkSync(draft, link);
    } finally {
      for (const made of [draft, link]) rmSync(made, { force: true });
    }
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const what = code === 'ENOENT' ? 'is not there' : `cannot be written (${code})`;
    throw new StartError(
      `COFFER_BACKUP_DIR (${directory}) ${isWithoutLinks(cause) ? 'is on a disk without hard links' : what}`,
      { cause },
    );
  }
}

function refuseBeside(directory: string, rootKeyPath: string): void {
  // A link in it counts like what it leads to: who copies follows it, or not.
  const places = [join(realpathSync(dirname(rootKeyPath)), basename(rootKeyPath)), realpathSync(rootKeyPath)];
  if (!places.some((place) => isBelow(realpathSync(directory), place))) return;
  throw new StartError(
    `COFFER_BACKUP_DIR (${directory}) holds the root key: whoever copies the backups would have both; choose another directory`,
  );
}

function isBelow(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
