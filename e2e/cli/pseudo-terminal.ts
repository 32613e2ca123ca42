import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Node has no pseudo-terminals, and the packages that add them compile or download. Python's own module does, and is
 * there on nearly every system with a shell.
 */
const RELAY = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) % 256)';

export const HAS_PSEUDO_TERMINALS = spawnSync('python3', ['-c', 'import pty']).status === 0;

/** A program on a terminal of its own: what it shows is read, what a person would type is written. */
export class PseudoTerminal implements AsyncDisposable {
  shown = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #seen = 0;
  #onData: () => void = () => undefined;

  constructor(command: readonly string[], options: { cwd: string; env: Record<string, string | undefined> }) {
    this.#child = spawn('python3', ['-c', RELAY, ...command], options);
    this.#ended = once(this.#child, 'close');
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString();
      this.#onData();
    });
  }

  /** Resolves when it shows the words, behind what was seen before. */
  async see(words: string): Promise<void> {
    for (;;) {
      const at = this.shown.indexOf(words, this.#seen);
      if (at !== -1) {
        this.#seen = at + words.length;
        return;
      }
      const { promise, resolve } = Promise.withResolvers<'data'>();
      this.#onData = () => resolve('data');
      if ((await Promise.race([promise, this.#ended])) !== 'data' && !this.shown.includes(words, this.#seen))
        throw new Error(`it ended before it showed ${words}: ${this.shown}`);
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async ended(): Promise<number> {
    const [code] = await this.#ended;
    return code as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
