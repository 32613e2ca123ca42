import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, linkSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isWithoutLinks } from '../is-without-links.ts';
import { StartError } from '../start-error.ts';
import { syncDirectory } from '../sync-directory.ts';

/** Ends the name of what is not whole yet, behind twelve digits that tell two of them apart. */
const PARTIAL_SUFFIX = '.partial';

export type FileContent = { bytes: number; /** Hexadecimal. */ sha256: string };

/**
 * Makes a file that is there whole, on disk, or not at all, and never takes the place of another. `write` makes the
 * file at the path that it is given, flushes it, and answers with what it wrote: it is read again, and has its name
 * only when it is that. Fails with a StartError when the directory cannot take it.
 */
export async function writeWholeFile(
  path: string,
  write: (draft: string) => Promise<FileContent>,
  signal?: AbortSignal,
): Promise<FileContent> {
  if (existsSync(path)) throw new StartError(`${path} is there already; nothing was written`);
  const draft = partialName(path);
  try {
    const written = await write(draft);
    const { bytes, sha256 } = await readContent(draft, signal);
    if (bytes !== written.bytes || sha256 !== written.sha256)
      throw new StartError(`${path} cannot be written: the disk does not give back what was written to it`);
    linkSync(draft, path);
    syncDirectory(dirname(path));
    return written;
  } catch (error) {
    throw explain(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** As a file is named until it is whole. */
export function partialName(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${PARTIAL_SUFFIX}`;
}

/** Size and hash of what the file holds now. */
export async function readContent(path: string, signal?: AbortSignal): Promise<FileContent> {
  const content = new ContentHash();
  const take = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) content.add(chunk);
  };
  await pipeline(createReadStream(path), take, signal === undefined ? {} : { signal });
  return content.end();
}

/** Of what goes by. */
export class ContentHash {
  #bytes = 0;
  readonly #hash = createHash('sha256');

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
  }

  end(): FileContent {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EFBIG: 'it would be larger than a file may be',
  EROFS: 'the disk is read-only',
  EACCES: 'its directory may not be written',
  EPERM: 'its directory may not be written',
  ENOENT: 'its directory is not there',
  ENOTDIR: 'its directory is none',
  EEXIST: 'it is there already',
  EIO: 'the disk cannot be written',
};

function explain(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const reason = isWithoutLinks(error) ? 'its disk has no hard links' : (REASONS[code] ?? code);
  return new StartError(`${path} cannot be written: ${reason}`, { cause: error, briefly: reason });
}
