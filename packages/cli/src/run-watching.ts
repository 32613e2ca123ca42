import { CofferError, type Client } from '@coffer/client';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Changes } from './changes.ts';
import {
  endingOf,
  endLike,
  forwardSignals,
  hasEnded,
  startProgram,
  type Ending,
  type Program,
} from './child.ts';
import { findDescendants, signalProcess } from './process-table.ts';
import { isAway } from './server-errors.ts';
import type { Place } from './target.ts';

export type Preparation = {
  signal?: AbortSignal | undefined;
  /** No program runs yet. */
  isFirst: boolean;
};

export type Watching = {
  place: Pick<Place, 'project' | 'environment'> & { client: Client };
  /** The program with the values as they are now. */
  prepare: (preparation: Preparation) => Promise<Program>;
  /** Whether the program gets the value of this key. */
  isWanted: (key: string) => boolean;
  onRestart: () => void;
  /** Changes cannot be followed yet, which passes: once. */
  onWaiting: (error: unknown) => void;
  /** What went wrong: the program goes on with what it has. */
  onError: (error: unknown) => void;
};

/** For the program to end by itself when it is told to. */
const STOP_PATIENCE_MS = 10_000;
const LOOK_MS = 20;
/** When values have changed and cannot be read now. */
const RETRY_MS = 5000;
/** The others, such as SIGUSR2 or SIGWINCH, mean something else to most. */
const ENDING: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'];

/**
 * Runs a program, and runs it anew when its values change. A change that leaves them as they are, such as one of another key,
 * restarts nothing. We end as the program ends when it ends by itself or by a signal that was sent to us, and by that
 * signal itself when there is no program yet.
 */
export async function runWatching(watching: Watching): Promise<number> {
  const stop = new AbortController();
  const changes = new Changes();
  const told = new Told();
  let child: ChildProcess | undefined;
  const release = forwardSignals((signal) => {
    told.hear(signal);
    return child;
  });
  const watched = followChanges(watching, stop.signal, changes);
  let ending: Ending;
  try {
    let program = await firstProgram(watching, told);
    while (program !== undefined) {
      child = await startProgram(program);
      const next = await nextProgram(program, child, { ...watching, changes, told });
      program = next;
      if (next === undefined) break;
      watching.onRestart();
      const toldBefore = told.times;
      await stopProgram(child);
      // Meant for the program that was ending already: then no other is to start.
      if (told.times !== toldBefore) break;
    }
    ending = child === undefined ? { code: null, signal: told.signal ?? null } : await endingOf(child);
  } finally {
    stop.abort();
    changes.close();
    await watched;
    release();
  }
  return await endLike(ending);
}

/** Undefined when a signal came first. */
async function firstProgram({ prepare }: Watching, told: Told): Promise<Program | undefined> {
  try {
    const program = await prepare({ signal: told.aborted, isFirst: true });
    return told.signal === undefined ? program : undefined;
  } catch (error) {
    if (told.signal !== undefined) return undefined;
    throw error;
  }
}

/** What to run instead, once values have changed; undefined when the program ended first, or is about to. */
async function nextProgram(
  current: Program,
  child: ChildProcess,
  { prepare, onError, changes, told }: Watching & { changes: Changes; told: Told },
): Promise<Program | undefined> {
  const reading = new AbortController();
  const ended = endingOf(child).then(() => 'ended' as const);
  // What is read for a program that has ended is of no use.
  void ended.then(() => reading.abort());
  for (;;) {
    if ((await Promise.race([ended, changes.next()])) === 'ended') return undefined;
    try {
      const next = await Promise.race([ended, prepare({ signal: reading.signal, isFirst: false })]);
      if (next === 'ended' || hasEnded(child)) return undefined;
      if (JSON.stringify(next.env) === JSON.stringify(current.env)) continue;
      return (await endsAsTold(ended, told)) || hasEnded(child) ? undefined : next;
    } catch (error) {
      if (hasEnded(child)) return undefined;
      onError(error);
      if (error instanceof CofferError && isAway(error)) changes.addLater(RETRY_MS);
    }
  }
}

/** Whether the program ends because of a signal that we passed on. Some take their time over it, and some mean to stay. */
async function endsAsTold(ended: Promise<'ended'>, told: Told): Promise<boolean> {
  if (told.toEnd) return (await ended) === 'ended';
  for (let leftMs = told.patienceMs; leftMs > 0; leftMs = told.patienceMs) {
    const waiting = new AbortController();
    const patience = sleep(leftMs, 'here' as const, { signal: waiting.signal }).catch(() => 'here' as const);
    const first = await Promise.race([ended, patience]);
    waiting.abort();
    if (first === 'ended') return true;
  }
  return false;
}

/**
 * Tells the program to end, and after it what it has started and left behind, as a shell does that is killed: it would
 * hold the port or the file that the next one needs. What had gone from it before, as a daemon does, is left alone.
 */
async function stopProgram(child: ChildProcess): Promise<void> {
  const endsAt = performance.now() + STOP_PATIENCE_MS;
  const started = findDescendants(child.pid ?? 0);
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  await endingOf(child);
  clearTimeout(timer);
  let left = started.filter((line) => signalProcess(line, 'SIGTERM'));
  while (left.length > 0 && performance.now() < endsAt) {
    await sleep(LOOK_MS);
    left = left.filter((line) => signalProcess(line, 0));
  }
  for (const line of left) signalProcess(line, 'SIGKILL');
}

async function followChanges(
  { place: { client, project, environment }, isWanted, onWaiting, onError }: Watching,
  signal: AbortSignal,
  changes: Changes,
): Promise<void> {
  let hasSpoken = false;
  const options = {
    signal,
    // What changed between the first read and the start of the watch counts as a change, too.
    onReady: () => {
      hasSpoken = true;
      changes.add();
    },
    onError: (error: CofferError) => {
      if (!hasSpoken) onWaiting(error);
      hasSpoken = true;
    },
  };
  try {
    for await (const { key } of client.vault(project, environment).watch(options)) {
      if (isWanted(key)) changes.add();
    }
  } catch (error) {
    // As when a right was taken away: the program goes on with what it has.
    onError(error);
  }
}

/** What signals have told us. */
class Told {
  /** The first that was no word to a program alone. */
  signal: NodeJS.Signals | undefined;
  /** How often we were told to end. */
  times = 0;
  /** Whoever sends SIGTERM means the end, and not another program. */
  toEnd = false;
  #until = 0;
  readonly #controller = new AbortController();

  /** As soon as any came that would have ended us. */
  get aborted(): AbortSignal {
    return this.#controller.signal;
  }

  /** How much longer it may be that the program ends because of one. */
  get patienceMs(): number {
    return this.#until - performance.now();
  }

  hear(signal: NodeJS.Signals): void {
    if (signal === 'SIGWINCH') return;
    this.signal ??= signal;
    this.#controller.abort();
    if (!ENDING.includes(signal)) return;
    this.times += 1;
    this.toEnd ||= signal === 'SIGTERM';
    this.#until = performance.now() + STOP_PATIENCE_MS;
  }
}
