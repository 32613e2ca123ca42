import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type DataFile = { name: string; bytes: Buffer };

const MEMORY = '/dev/shm';
const MEMORY_BYTES_MIN = 2 * 1024 ** 3;

/**
 * A new directory, in memory where the system has such a place with room for all tests. What waiting for a disk is good
 * for, a loss of power, no test can bring about; a process that is killed leaves the same behind in either.
 */
export function makeDataDir(): string {
  const path = mkdtempSync(join(hasMemory() ? MEMORY : tmpdir(), 'coffer-test-'));
  if (made.size === 0) process.once('exit', removeMade);
  made.add(path);
  return path;
}

/** Where a run is broken off, nobody else takes them away. */
const made = new Set<string>();

function removeMade(): void {
  for (const path of made) rmSync(path, { recursive: true, force: true });
}

function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= MEMORY_BYTES_MIN;
  } catch {
    return false;
  }
}

/** A directory for one test, gone with it. */
export function temporaryDirectory(): Disposable & { path: string } {
  const path = makeDataDir();
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Every file of a data directory, as it lies on disk now, whether a server runs on it or not. */
export function readDataDir(dataDir: string): DataFile[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: path.slice(dataDir.length + 1), bytes: readFileSync(path) };
    });
}

/** The forms in which bytes turn up where they should not, by name. */
export function formsOf(bytes: Buffer): Map<string, Buffer> {
  const hex = bytes.toString('hex');
  const forms = new Map([
    ['raw', bytes],
    ['hex', Buffer.from(hex)],
    ['upper-case hex', Buffer.from(hex.toUpperCase())],
    ['percent-encoding', Buffer.from(hex.replace(/../g, '%$&'))],
    ['upper-case percent-encoding', Buffer.from(hex.toUpperCase().replace(/../g, '%$&'))],
    ['JSON escapes', Buffer.from(hex.replace(/../g, String.raw`\u00$&`))],
    ['UTF-16', Buffer.from(bytes.toString('latin1'), 'utf16le')],
    ['UTF-16, big-endian', Buffer.from(bytes.toString('latin1'), 'utf16le').swap16()],
  ]);
  for (const before of [0, 1, 2]) {
    const text = base64At(bytes, before);
    forms.set(`base64 after ${before} bytes`, Buffer.from(text));
    forms.set(`base64url after ${before} bytes`, Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_')));
  }
  return forms;
}

/** Where the bytes are, in any form: `file: form at offset`. */
export function findForms(files: readonly DataFile[], forms: ReadonlyMap<string, Buffer>): string[] {
  return files.flatMap(({ name, bytes }) =>
    [...forms].flatMap(([form, needle]) => {
      const offset = bytes.indexOf(needle);
      return offset === -1 ? [] : [`${name}: ${form} at ${offset}`];
    }),
  );
}

const RUN_BYTES = 16;
const RUN_STEP_BYTES = 8;
const HASHED_BYTES = 6;

/**
 * Which blobs have left a trace: any 24 bytes of one that follow one another are found, wherever a file may have cut
 * it apart. One pass over the files, however many the blobs are.
 */
export function findRemains(files: readonly DataFile[], blobs: ReadonlyMap<string, Buffer>): string[] {
  const runs = new Map<number, { blob: string; run: Buffer }[]>();
  for (const [blob, bytes] of blobs) {
    for (let at = 0; at + RUN_BYTES <= bytes.length; at += RUN_STEP_BYTES) {
      const hashed = bytes.readUIntBE(at, HASHED_BYTES);
      const run = { blob, run: bytes.subarray(at, at + RUN_BYTES) };
      const others = runs.get(hashed);
      if (others === undefined) runs.set(hashed, [run]);
      else others.push(run);
    }
  }
  const found = new Map<string, string>();
  for (const { name, bytes } of files) {
    for (let at = 0; at + RUN_BYTES <= bytes.length; at += 1) {
      for (const { blob, run } of runs.get(bytes.readUIntBE(at, HASHED_BYTES)) ?? []) {
        if (bytes.compare(run, 0, RUN_BYTES, at, at + RUN_BYTES) === 0)
          found.set(blob, `${blob} in ${name} at ${at}`);
      }
    }
  }
  return [...found.values()];
}

/** The base64 characters that the bytes alone decide when so many bytes stand before them. */
function base64At(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const start = Math.ceil((before * 8) / 6);
  const end = Math.floor(((before + bytes.length) * 8) / 6);
  return text.slice(start, end);
}
