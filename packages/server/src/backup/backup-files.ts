import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceId } from '@coffer/core';
import { formatTime } from '../clock.ts';
import { syncDirectory } from '../sync-directory.ts';
import { NOTE_SUFFIX } from './finished-note.ts';

/** What is not whole and was not written to for so long never will be. */
const LEFT_OVER_MS = 2 * 60 * 60 * 1000;

/**
 * The files that the schedule of one instance makes in a directory, where other files may lie. What has such a name is
 * whole: see `writeWholeFile`.
 */
export class BackupFiles {
  readonly directory: string;
  readonly #prefix: string;

  constructor(directory: string, instanceId: InstanceId) {
    this.directory = directory;
    this.#prefix = `coffer-${instanceId}-`;
  }

  /** In UTC, as in `coffer-ins_…-20261126T031500Z.age`. In order of name they are in order of time. */
  nameAt(now: number): string {
    return `${this.#prefix}${formatTime(now).replaceAll(/[-:]/g, '').slice(0, 15)}Z.age`;
  }

  pathOf(name: string): string {
    return join(this.directory, name);
  }

  /** False for every name that is not of our making. */
  has(name: string): boolean {
    return this.#isOwn(name) && isFile(this.pathOf(name));
  }

  /**
   * Of the files that are on record as made, newest first, so many stay that are here; what is on no record is not
   * touched, whatever its name. Answers with the names of those that are gone.
   */
  async removeOld(made: AsyncIterable<string>, keep: number): Promise<string[]> {
    const unseen = new Set(this.#list().filter((name) => this.#isOwn(name)));
    const old: string[] = [];
    let kept = 0;
    for await (const name of made) {
      if (!unseen.delete(name)) continue;
      if (kept < keep) kept += 1;
      else old.push(name);
      if (unseen.size === 0) break;
    }
    this.#remove(old);
    return old;
  }

  /** When what the note says is on record, or never will be. */
  removeNote(name: string): void {
    if (this.#isOwn(name)) rmSync(`${this.pathOf(name)}${NOTE_SUFFIX}`, { force: true });
  }

  /** What processes left that were killed. What is wrong with the directory is for whoever writes to it to say. */
  removeLeftOvers(now: number): void {
    try {
      const isOld = (name: string): boolean => lstatSync(this.pathOf(name)).mtimeMs < now - LEFT_OVER_MS;
      const isLeftOver = (name: string): boolean => this.#isPartial(name) || this.#isNote(name);
      this.#remove(this.#list().filter((name) => isLeftOver(name) && isOld(name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    }
  }

  #list(): string[] {
    const names = readdirSync(this.directory).filter((name) => name.startsWith(this.#prefix));
    return names.filter((name) => isFile(this.pathOf(name)));
  }

  #remove(names: readonly string[]): void {
    for (const name of names) rmSync(this.pathOf(name), { force: true });
    if (names.length > 0) syncDirectory(this.directory);
  }

  #isOwn(name: string): boolean {
    return name.startsWith(this.#prefix) && /^\d{8}T\d{6}Z\.age$/.test(name.slice(this.#prefix.length));
  }

  #isPartial(name: string): boolean {
    const whole = name.replace(/\.[0-9a-f]{12}\.partial$/, '');
    return whole !== name && this.#isOwn(whole);
  }

  /** Or the draft of one. */
  #isNote(name: string): boolean {
    const [whole = '', draft] = name.split(NOTE_SUFFIX);
    return draft !== undefined && /^([.][0-9a-f]{12}[.]draft)?$/.test(draft) && this.#isOwn(whole);
  }
}

/** No link, no directory. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
