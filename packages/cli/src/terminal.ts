import { once } from 'node:events';
import { CliError } from './cli-error.ts';
import { jsonText, visible, visibleLines } from './printable.ts';
import { readLine, readSecretLine } from './prompt.ts';
import type { Streams } from './streams.ts';

export type Column<T> = { name: string; of: (row: T) => string | number };

type Tone = 'good' | 'bad' | 'changed' | 'quiet' | 'strong';

const TONES: Record<Tone, string> = { good: '32', bad: '31', changed: '33', quiet: '2', strong: '1' };

/**
 * The one owner of the terminal. Data goes to standard output, words for people to standard error. Tables are
 * aligned on a terminal and separated by tabs in a pipe.
 */
export class Terminal {
  readonly #streams: Streams;
  readonly #outColour: boolean;
  readonly #wordsColour: boolean;
  readonly #marksPastes: boolean;

  constructor(streams: Streams, env: Readonly<Record<string, string | undefined>>) {
    this.#streams = streams;
    const allowed = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
    this.#marksPastes = env['TERM'] !== 'dumb';
    this.#outColour = allowed && streams.stdout.isTTY === true;
    this.#wordsColour = allowed && streams.stderr.isTTY === true;
  }

  get dataIsShown(): boolean {
    return this.#streams.stdout.isTTY === true;
  }

  get canAsk(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true;
  }

  /** Exactly these bytes. */
  write(data: string | Uint8Array): void {
    this.#streams.stdout.write(data);
  }

  /** What others send, as it comes: exactly these bytes, but for a terminal, which it is not to steer. */
  async pass(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const { stdout } = this.#streams;
    const decoder = new TextDecoder();
    let last = '\n';
    for await (const chunk of chunks) {
      const text = this.dataIsShown ? visibleLines(decoder.decode(chunk, { stream: true })) : undefined;
      last = text?.at(-1) ?? last;
      if (!stdout.write(text ?? chunk)) await once(stdout, 'drain');
    }
    if (this.dataIsShown && last !== '\n') stdout.write('\n');
  }

  json(data: unknown): void {
    this.write(jsonText(data));
  }

  table<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
    const cells = rows.map((row) => columns.map(({ of }) => visible(String(of(row)))));
    if (!this.dataIsShown) {
      for (const row of cells) this.write(`${row.join('\t')}\n`);
      return;
    }
    const names = columns.map(({ name }) => name.toUpperCase());
    const widths = names.map((name, index) =>
      Math.max(name.length, ...cells.map((row) => row[index]?.length ?? 0)),
    );
    const line = (row: readonly string[]): string =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join('  ');
    if (rows.length > 0) this.write(`${this.#paint(line(names), 'quiet', this.#outColour)}\n`);
    for (const row of cells) this.write(`${line(row)}\n`);
  }

  /** A line of data, on a terminal in a tone. */
  line(cells: readonly string[], tone?: Tone): void {
    const text = cells.map(visible).join(this.dataIsShown ? ' ' : '\t');
    this.write(`${this.#paint(text, tone, this.#outColour)}\n`);
  }

  say(text: string, tone?: Tone): void {
    this.#streams.stderr.write(`${this.#paint(visible(text), tone, this.#wordsColour)}\n`);
  }

  warn(text: string): void {
    this.say(`coffer: ${text}`, 'changed');
  }

  complain(message: string, remedy: string | undefined): void {
    this.say(`coffer: ${message}`, 'bad');
    if (remedy !== undefined) this.say(`  ${remedy}`);
  }

  /** Everything on standard input. Fails with `input_too_large`. */
  async readAll(bytesMax: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.#streams.stdin) {
      const read = Buffer.from(chunk as Uint8Array);
      bytes += read.length;
      if (bytes > bytesMax) throw new CliError('input_too_large', { what: 'standard input', max: bytesMax });
      chunks.push(read);
    }
    return Buffer.concat(chunks);
  }

  get inputIsTerminal(): boolean {
    return this.#streams.stdin.isTTY === true;
  }

  /** Fails with `terminal_missing` and the remedy where nobody can be asked. */
  async ask(question: string, remedy: string): Promise<string> {
    this.#demand(remedy);
    return (await readLine(this.#streams, `${visible(question)}: `)).trim();
  }

  /** Without an echo. Fails with `input_multiline` and the remedy, too. */
  async askSecret(question: string, remedy: string): Promise<string> {
    this.#demand(remedy);
    const options = { remedy, marksPastes: this.#marksPastes };
    return await readSecretLine(this.#streams, `${visible(question)}: `, options);
  }

  /** Fails with `cancelled` unless the answer is yes. */
  async confirm(question: string, remedy: string): Promise<void> {
    if (!(await this.agrees(question, remedy))) throw new CliError('cancelled');
  }

  async agrees(question: string, remedy: string): Promise<boolean> {
    this.#demand(remedy);
    const answer = await readLine(this.#streams, `${visible(question)} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  }

  #demand(remedy: string): void {
    if (!this.canAsk) throw new CliError('terminal_missing', { remedy });
  }

  #paint(text: string, tone: Tone | undefined, colour: boolean): string {
    return tone === undefined || !colour ? text : `\u001b[${TONES[tone]}m${text}\u001b[0m`;
  }
}
