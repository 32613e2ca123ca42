import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CliError, systemCode } from './cli-error.ts';
import type { Variables } from './variables.ts';

const CHUNK = Buffer.alloc(65_536);
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const satisfies NodeJS.Signals[];

/**
 * A directory for us alone, in memory where the system has such a place, that is overwritten and removed with all that
 * an editor left in it: when it is disposed of, when the process ends, and when a signal ends it.
 */
export class PrivateDirectory {
  readonly path: string;
  readonly #editor: () => ChildProcess | undefined;

  /** `editor` is the one that is open. Fails with `file_unwritable`. */
  constructor(env: Variables, editor: () => ChildProcess | undefined = () => undefined) {
    this.#editor = editor;
    const parent = place(env);
    try {
      // mkdtemp makes it with mode 0700.
      this.path = mkdtempSync(join(parent, 'coffer-edit-'));
    } catch (error) {
      throw new CliError('file_unwritable', { path: parent, code: systemCode(error) });
    }
    process.on('exit', this.#remove);
    for (const signal of STOPS) process.on(signal, this.#onSignal);
  }

  /** A file for us alone, which holds all of the text. Fails with `file_unwritable`. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    try {
      const file = openSync(path, 'w', 0o600);
      try {
        // Unlike one call of write(2), this goes on until all is written.
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw new CliError('file_unwritable', { path, code: systemCode(error) });
    }
    return path;
  }

  dispose(): void {
    this.#remove();
    process.off('exit', this.#remove);
    for (const signal of STOPS) process.off(signal, this.#onSignal);
  }

  readonly #remove = (): void => {
    for (const entry of listFiles(this.path)) overwrite(entry);
    rmSync(this.path, { recursive: true, force: true });
  };

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const editor = this.#editor();
    // Ctrl-C and Ctrl-\ are for the editor, which has them, too.
    const fromKeyboard = (signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY;
    if (editor !== undefined && fromKeyboard) return;
    editor?.kill('SIGTERM');
    this.dispose();
    process.kill(process.pid, signal);
  };
}

/** In memory first: what is written there never reaches a disk, but where there is swap. */
function place(env: Variables): string {
  const candidates = [env['XDG_RUNTIME_DIR'] ?? '', '/dev/shm'].filter((path) => isAbsolute(path));
  return candidates.find(isWritableDirectory) ?? tmpdir();
}

function isWritableDirectory(path: string): boolean {
  try {
    const probe = mkdtempSync(join(path, 'coffer-edit-'));
    rmSync(probe, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

function overwrite(path: string): void {
  try {
    const { size } = statSync(path);
    const file = openSync(path, 'r+');
    try {
      for (let at = 0; at < size; at += CHUNK.length)
        writeSync(file, CHUNK, 0, Math.min(CHUNK.length, size - at), at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    // It is removed next, whether it could be overwritten or not.
  }
}
