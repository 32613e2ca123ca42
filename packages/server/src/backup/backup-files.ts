import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceId } from '@coffer/core';
import { formatTime } from '../clock.ts';
import { syncDirectory } from '../sync-directory.ts';

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

  /** Keeps the one that was just made and the newest others, so many in all. Answers with the names of those that are gone. */
  removeOld(made: string, keep: number): string[] {
    const others = this.#list().filter((name) => this.#isOwn(name) && name !== made);
    const old = others
      .toSorted()
      .toReversed()
      .slice(Math.max(0, keep - 1));
    this.#remove(old);
    return old;
  }

  /** What processes left that were killed. What is wrong with the directory is for whoever writes to it to say. */
  removeLeftOvers(now: number): void {
    try {
      const isOld = (name: string): boolean => lstatSync(this.pathOf(name)).mtimeMs < now - LEFT_OVER_MS;
      this.#remove(this.#list().filter((name) => this.#isPartial(name) && isOld(name)));
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
}

/** No link, no directory. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
