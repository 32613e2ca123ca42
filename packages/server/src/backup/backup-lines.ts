import type { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { StartError } from '../start-error.ts';
import { decrypt, type Opener } from './age.ts';
import { damaged } from './format.ts';

/** Far above the longest row. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * What is mostly ciphertext in base64 grows to less than twice its size, a log of records to less than twenty times.
 * Anyone can make a file that grows a thousandfold, and what is in it counts only at its end.
 */
const GROWTH_MAX = 100;
const GROWTH_FREE_BYTES = 16 * 1024 * 1024;

/**
 * The lines of a backup, each with its end, opened as they are read. Fails with a StartError when the file cannot be
 * read or opened, and where it was altered: what came before that counts for nothing.
 */
export async function* readBackupLines(path: string, opener: Opener): AsyncGenerator<string> {
  const file = await openFile(path);
  const sealed = file.createReadStream();
  const decompressed = createZstdDecompress();
  try {
    const plain = await decrypt(opener, Readable.toWeb(sealed) as ReadableStream<Uint8Array>);
    const reading = pipeline(Readable.fromWeb(plain as Parameters<typeof Readable.fromWeb>[0]), decompressed);
    // It comes out where the lines are read.
    reading.catch(() => undefined);
    yield* split(readable(decompressed), () => sealed.bytesRead * GROWTH_MAX + GROWTH_FREE_BYTES);
  } finally {
    decompressed.destroy();
    sealed.destroy();
  }
}

async function openFile(
  path: string,
): Promise<{ createReadStream: () => ReturnType<typeof createReadStream> }> {
  try {
    const handle = await open(path, 'r');
    return { createReadStream: () => handle.createReadStream() };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartError(`${path} cannot be read (${code})`, { cause });
  }
}

/** `bytesMax`: how much there may be by now. */
async function* split(chunks: AsyncIterable<Buffer>, bytesMax: () => number): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax()) throw damaged(`it grows to more than ${GROWTH_MAX} times its size`);
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const line = chunk.subarray(from, end + 1);
      yield (rest.length === 0 ? line : Buffer.concat([...rest, line])).toString();
      rest = [];
      restBytes = 0;
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > LINE_BYTES_MAX) throw damaged('a line is too long');
  }
  if (rest.length > 0) throw damaged('it ends within a line');
}

/** What fails here is the file, not what is done with it. */
async function* readable(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Buffer, unknown>;
    try {
      next = await iterator.next();
    } catch (cause) {
      throw damaged('a part of it cannot be opened', cause);
    }
    if (next.done === true) return;
    yield next.value;
  }
}
