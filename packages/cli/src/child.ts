import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from './cli-error.ts';
import type { Variables } from './variables.ts';

export type Program = { file: string; args: readonly string[]; env: Variables };
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
] as const satisfies NodeJS.Signals[];
/** The terminal sends these to every process in the foreground, the program included. */
const FROM_KEYBOARD: readonly string[] = ['SIGINT', 'SIGQUIT'];
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
export async function startProgram({ file, args, env }: Program): Promise<ChildProcess> {
  try {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...env } });
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw new StartFailure(systemCode(error));
  }
}

export async function endingOf(child: ChildProcess): Promise<Ending> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

/** Passes signals on until it is disposed of. Whose they are may change under way. */
export function forwardSignals(receiver: () => ChildProcess | undefined): Disposable {
  const onTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  const forward = (signal: NodeJS.Signals): void => {
    if (!onTerminal || !FROM_KEYBOARD.includes(signal)) receiver()?.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return {
    [Symbol.dispose]: () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    },
  };
}

/** Runs a program in our place: it gets our signals, and we end as it ended. */
export async function runProgram(program: Program): Promise<number> {
  let child: ChildProcess | undefined;
  let ending: Ending;
  {
    // Before the start: a signal in between would end us and leave the program behind.
    using _ = forwardSignals(() => child);
    child = await startProgram(program);
    ending = await endingOf(child);
  }
  return await endLike(ending);
}

/**
 * The exit code to end with; after a death by signal we die by the same one. A few signals do not end Node, such as
 * SIGPIPE, which it ignores, and SIGUSR1, which opens its debugger: of those there is the code that shells use.
 */
export async function endLike({ code, signal }: Ending): Promise<number> {
  if (signal === null) return code ?? 1;
  if (signal !== 'SIGUSR1') {
    process.kill(process.pid, signal);
    await sleep(PATIENCE_MS);
  }
  return SIGNAL_BASE + constants.signals[signal];
}
