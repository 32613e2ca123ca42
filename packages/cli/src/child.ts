import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from './cli-error.ts';
import { findProcess } from './process-table.ts';
import type { Variables } from './variables.ts';

export type Program = {
  file: string;
  args: readonly string[];
  env: Variables;
  /** A program of Node that watches a channel to us, and ends when we are gone: a forced kill cannot be passed on. */
  endsWithUs?: true;
};
export type Ending = { code: number | null; signal: NodeJS.Signals | null };

/** What others send to us and mean for the program. SIGTSTP and SIGCONT reach its process group without us. */
const FORWARDED = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  // As some servers are told to end gracefully.
  'SIGWINCH',
] as const satisfies NodeJS.Signals[];
/** The terminal sends these to every process in the foreground, the program included. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
/** Whoever dies of these leaves an image of their memory, and in ours are the token and the values. */
const DUMPING: readonly string[] = [
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGIOT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
  'SIGUNUSED',
];
/** As shells have it. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNAL_BASE = 128;
const PATIENCE_MS = 200;

/** Why a program could not be started, with the exit code that shells use for it. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  readonly code: string;
  readonly exit: number;

  constructor(code: string) {
    super(code);
    this.code = code;
    this.exit = code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
  }
}

/** The program with our input, output and terminal. Fails with a StartFailure. */
export async function startProgram({ file, args, env, endsWithUs }: Program): Promise<ChildProcess> {
  try {
    const child = spawn(file, args, {
      stdio: ['inherit', 'inherit', 'inherit', ...(endsWithUs === true ? (['ipc'] as const) : [])],
      env: { ...env },
    });
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw new StartFailure(systemCode(error));
  }
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export async function endingOf(child: ChildProcess): Promise<Ending> {
  if (!hasEnded(child)) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

/**
 * Passes signals on until the function that it answers with is called. Who gets one is asked each time; `undefined`:
 * nobody.
 */
export function forwardSignals(receiver: (signal: NodeJS.Signals) => ChildProcess | undefined): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    const child = receiver(signal);
    if (child !== undefined && !hasFromTerminal(child, signal)) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}

/**
 * Whether the terminal has sent the signal to the program as well: twice, it would mean something else to many. Node does
 * not say who sent a signal. It was not the terminal when we are in the background, and the program did not get it
 * when it is in a process group of its own. In the foreground, one that someone sends to us alone, as with
 * `kill -INT`, cannot be told from the keyboard's and is lost; SIGTERM is passed on always.
 */
function hasFromTerminal({ pid = 0 }: ChildProcess, signal: NodeJS.Signals): boolean {
  if (!FROM_TERMINAL.includes(signal)) return false;
  if (![process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)) return false;
  const us = findProcess(process.pid);
  const program = findProcess(pid);
  if (us === undefined || program === undefined) return true;
  return us.group === us.foregroundGroup && program.group === us.group;
}

/** Runs a program in our place: it gets our signals, and we end as it ended. */
export async function runProgram(program: Program): Promise<number> {
  let child: ChildProcess | undefined;
  let ending: Ending;
  // Before the start: a signal in between would end us and leave the program behind.
  const release = forwardSignals(() => child);
  try {
    child = await startProgram(program);
    ending = await endingOf(child);
  } finally {
    release();
  }
  return await endLike(ending);
}

/**
 * The exit code to end with; after a death by signal we die by the same one. A few signals do not end Node, such as
 * SIGPIPE, which it ignores, and SIGUSR1, which opens its debugger, and some would have the system write down our memory: of
 * those there is the code that shells use.
 */
export async function endLike({ code, signal }: Ending): Promise<number> {
  if (signal === null) return code ?? 1;
  if (signal !== 'SIGUSR1' && !DUMPING.includes(signal)) {
    process.kill(process.pid, signal);
    await sleep(PATIENCE_MS);
  }
  return SIGNAL_BASE + constants.signals[signal];
}
