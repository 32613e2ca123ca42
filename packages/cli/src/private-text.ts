import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Variables } from './variables.ts';

const CHUNK = Buffer.alloc(65_536);
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const satisfies NodeJS.Signals[];

/**
 * A directory for us alone, in memory where the system has such a place, that is overwritten and removed with all that
 * an editor left in it: when it is disposed of, when the process ends, and when a signal ends it.
 */
export class PrivateDirectory implements Disposable {
  readonly path: string;
  readonly #beforeEnd: () => void;

  /** `beforeEnd` is called when a signal is about to end us. */
  constructor(env: Variables, beforeEnd: () => void = () => undefined) {
    this.#beforeEnd = beforeEnd;
    // mkdtemp makes it with mode 0700.
    this.path = mkdtempSync(join(place(env), 'coffer-edit-'));
    process.on('exit', this.#remove);
    for (const signal of STOPS) process.on(signal, this.#onSignal);
  }

  /** A file for us alone. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    const file = openSync(path, 'w', 0o600);
    try {
      writeSync(file, text);
    } finally {
      closeSync(file);
    }
    return path;
  }

  [Symbol.dispose](): void {
    this.#remove();
    process.off('exit', this.#remove);
    for (const signal of STOPS) process.off(signal, this.#onSignal);
  }

  readonly #remove = (): void => {
    for (const entry of listFiles(this.path)) overwrite(entry);
    rmSync(this.path, { recursive: true, force: true });
  };

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Ctrl-C and Ctrl-\ are for the editor, which has them, too.
    if ((signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY) return;
    this.#beforeEnd();
    this[Symbol.dispose]();
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
