import { CliError } from './cli-error.ts';
import { createInterface } from 'node:readline/promises';
import { SecretLine } from './secret-line.ts';
import type { Streams } from './streams.ts';

/** Terminals that know it say where a text that is pasted begins and ends. */
const BRACKETED_PASTE = { on: '\u001b[?2004h', off: '\u001b[?2004l' };
/** What is pasted comes in pieces. So long nothing comes when it is over, and within a paste whose end is told. */
const QUIET_MS = { typed: 60, pasted: 2000 };

/** Asks on standard error: standard output is for data. Fails with `cancelled` when the input ends. */
export async function readLine({ stdin, stderr }: Streams, question: string): Promise<string> {
  const readline = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    return await new Promise((resolve, reject) => {
      readline.once('close', () => reject(new CliError('cancelled')));
      readline.question(question).then(resolve, reject);
    });
  } finally {
    readline.close();
    stdin.pause();
  }
}

/**
 * Reads a line that is not shown. The terminal is put into raw mode, and out of it again however this ends: a signal
 * from the keyboard is then a character, which we act on ourselves.
 *
 * What comes with the line and behind it would be read by the shell, which would carry it out: it is taken out of the
 * terminal before this ends. Fails with `input_multiline` when there was any, and with `cancelled`.
 */
export async function readSecretLine(
  { stdin, stderr }: Streams,
  question: string,
  { remedy, marksPastes }: { remedy: string; marksPastes: boolean },
): Promise<string> {
  const line = new SecretLine();
  const decoder = new TextDecoder();
  // Before the question: what is typed as soon as it appears must not be echoed.
  stdin.setRawMode?.(true);
  stderr.write(`${marksPastes ? BRACKETED_PASTE.on : ''}${question}`);
  let onData: (chunk: Buffer) => void = () => undefined;
  let onEnd: () => void = () => undefined;
  let quiet: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve) => {
      onEnd = () => {
        line.end();
        resolve();
      };
      onData = (chunk) => {
        line.read(decoder.decode(chunk, { stream: true }));
        if (line.state === 'open') return;
        clearTimeout(quiet);
        quiet = setTimeout(resolve, line.inPaste ? QUIET_MS.pasted : QUIET_MS.typed);
      };
      stdin.on('data', onData).once('end', onEnd).resume();
    });
  } finally {
    clearTimeout(quiet);
    stdin.off('data', onData).off('end', onEnd).pause();
    stdin.setRawMode?.(false);
    stderr.write(`${marksPastes ? BRACKETED_PASTE.off : ''}\n`);
  }
  if (line.state !== 'entered') throw new CliError('cancelled');
  if (line.goesOn) throw new CliError('input_multiline', { remedy });
  return line.text;
}
