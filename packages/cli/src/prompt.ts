import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error.ts';
import type { Streams } from './streams.ts';

const KEYS = { interrupt: '\u0003', end: '\u0004', eraseLine: '\u0015', suspend: '\u001a' };

/** Asks on standard error: standard output is for data. Fails with `cancelled` when the input ends. */
export async function readLine({ stdin, stderr }: Streams, question: string): Promise<string> {
  const readline = createInterface({ input: stdin, output: stderr, terminal: false });
  const { promise: ended, reject } = Promise.withResolvers<never>();
  readline.once('close', () => reject(new CliError('cancelled')));
  try {
    return await Promise.race([readline.question(question), ended]);
  } finally {
    ended.catch(() => undefined);
    readline.close();
    stdin.pause();
  }
}

/**
 * Reads a line that is not shown. The terminal is put into raw mode, and out of it again however this ends: a signal
 * from the keyboard is then a character, which we act on ourselves.
 */
export async function readSecretLine({ stdin, stderr }: Streams, question: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = '';
  // A text that is pasted comes as one chunk, a character of many bytes as several.
  const decoder = new TextDecoder();
  const onData = (chunk: Buffer): void => {
    for (const character of decoder.decode(chunk, { stream: true })) {
      if (character === '\r' || character === '\n') return resolve(typed);
      if (character === KEYS.interrupt) return reject(new CliError('cancelled'));
      if (character === KEYS.end) return typed === '' ? reject(new CliError('cancelled')) : resolve(typed);
      if (character === '\u007f' || character === '\b') typed = Array.from(typed).slice(0, -1).join('');
      else if (character === KEYS.eraseLine) typed = '';
      else if (character !== KEYS.suspend) typed += character;
    }
  };
  const onEnd = (): void => reject(new CliError('cancelled'));
  // Before the question: what is typed as soon as it appears must not be echoed.
  stdin.setRawMode?.(true);
  stderr.write(question);
  stdin.on('data', onData).once('end', onEnd).resume();
  try {
    return await promise;
  } finally {
    stdin.off('data', onData).off('end', onEnd).pause();
    stdin.setRawMode?.(false);
    stderr.write('\n');
  }
}
