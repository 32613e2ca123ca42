import type { Client } from '@coffer/client';
import type { ChildProcess } from 'node:child_process';
import { endingOf, endLike, forwardSignals, startProgram, type Program } from './child.ts';
import type { Place } from './target.ts';

export type Watching = {
  place: Pick<Place, 'project' | 'environment'> & { client: Client };
  /** The program with the values as they are now. */
  prepare: () => Promise<Program>;
  onRestart: () => void;
  /** What went wrong in passing: the program goes on with what it has. */
  onError: (error: unknown) => void;
};

/** Several changes in a row, as of an import, are one restart. */
const QUIET_MS = 500;
/** For the program to end by itself when it is told to. */
const STOP_PATIENCE_MS = 10_000;

/**
 * Runs a program, and runs it anew when its values change. A change that leaves them as they are, such as one of another key,
 * restarts nothing. We end as the program ends when it ends by itself or by a signal that was sent to us.
 */
export async function runWatching({ place, prepare, onRestart, onError }: Watching): Promise<number> {
  const stop = new AbortController();
  const changes = new Changes();
  let child: ChildProcess | undefined;
  let isBetween = false;
  let isToldToEnd = false;
  const signals = forwardSignals(() => {
    // Meant for a program that is ending already: then no other is to start.
    if (isBetween) isToldToEnd = true;
    return child;
  });
  const watched = followChanges(place, stop.signal, changes, onError);
  try {
    let program = await prepare();
    for (;;) {
      child = await startProgram(program);
      const ended = endingOf(child).then(() => 'ended' as const);
      const next = await nextProgram(program, { changes, ended, prepare, onError });
      if (next === undefined) break;
      program = next;
      onRestart();
      isBetween = true;
      await stopProgram(child);
      if (isToldToEnd) break;
      isBetween = false;
    }
  } finally {
    stop.abort();
    await watched;
    signals[Symbol.dispose]();
  }
  return await endLike(await endingOf(child));
}

/** What to run instead, once values have changed; undefined when the program ended first. */
async function nextProgram(
  current: Program,
  {
    changes,
    ended,
    prepare,
    onError,
  }: Pick<Watching, 'prepare' | 'onError'> & { changes: Changes; ended: Promise<'ended'> },
): Promise<Program | undefined> {
  for (;;) {
    if ((await Promise.race([ended, changes.next()])) === 'ended') return undefined;
    if ((await Promise.race([ended, changes.quiet(QUIET_MS)])) === 'ended') return undefined;
    try {
      const program = await prepare();
      if (JSON.stringify(program.env) !== JSON.stringify(current.env)) return program;
    } catch (error) {
      onError(error);
    }
  }
}

async function stopProgram(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  await endingOf(child);
  clearTimeout(timer);
}

async function followChanges(
  { client, project, environment }: Watching['place'],
  signal: AbortSignal,
  changes: Changes,
  onError: Watching['onError'],
): Promise<void> {
  try {
    // What changed between the first read and the start of the watch counts as a change, too.
    const options = { signal, onReady: () => changes.add() };
    for await (const _ of client.vault(project, environment).watch(options)) changes.add();
  } catch (error) {
    // As when a right was taken away: the program goes on with what it has.
    onError(error);
  }
}

/** That something changed, until someone asks. */
class Changes {
  #pending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wake: () => void = () => undefined;

  add(): void {
    this.#pending = true;
    this.#wake();
  }

  async next(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#pending = false;
  }

  /** Resolves when there was no change for so long. */
  async quiet(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wait = (): void => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(resolve, milliseconds);
      };
      this.#wake = wait;
      wait();
    });
    this.#pending = false;
  }
}
