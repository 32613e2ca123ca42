/** Of the stream that words for people go to. */
type Output = { isTTY?: boolean; write: (text: string) => unknown };

const TERMINAL_MS = 100;
const PIPE_MS = 10_000;
/** To the beginning of the line, which is emptied. */
const ANEW = '\r\u001B[K';

/**
 * What is said to people. A passing line, of how far long work is, gives way to the next one on a terminal; elsewhere there is
 * one every ten seconds at most.
 */
export class Words {
  readonly #output: Output;
  readonly #now: () => number;
  /** When the work began, or was last told of, in milliseconds. */
  #passedAt: number;
  #isPassing = false;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
    this.#passedAt = now();
  }

  say(line: string, { isPassing = false }: { isPassing?: boolean } = {}): void {
    const isTerminal = this.#output.isTTY === true;
    if (isPassing) {
      const now = this.#now();
      if (now - this.#passedAt < (isTerminal ? TERMINAL_MS : PIPE_MS)) return;
      this.#passedAt = now;
    }
    const start = this.#isPassing ? ANEW : '';
    this.#isPassing = isPassing && isTerminal;
    this.#output.write(`${start}${line}${this.#isPassing ? '' : '\n'}`);
  }
}
