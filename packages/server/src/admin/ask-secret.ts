import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Redacted } from '@coffer/core';

/** Shows nothing of what is typed. Undefined: the input ended, or it was called off. */
export async function askSecret(
  question: string,
  { stdin, stderr, signal }: { stdin: NodeJS.ReadStream; stderr: NodeJS.WritableStream; signal: AbortSignal },
): Promise<Redacted<string> | undefined> {
  const isTerminal = stdin.isTTY;
  if (isTerminal) stderr.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const readline = createInterface({ input: stdin, output: silence, terminal: isTerminal, signal });
  readline.on('SIGINT', () => readline.close());
  try {
    for await (const line of readline) return new Redacted(line);
    return undefined;
  } finally {
    readline.close();
    if (isTerminal) stderr.write('\n');
  }
}
