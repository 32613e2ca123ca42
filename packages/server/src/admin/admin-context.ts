import type { AdminCommandName, AdminExit, AdminInput, Redacted } from '@coffer/core';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';

/** What a command may touch. */
export type AdminContext = {
  config: Config;
  /** Data as JSON on standard output. */
  json: boolean;
  log: Logger;
  clock: Clock;
  /** Aborted when someone asks it to stop: it does, at the next place where it can be taken up again. */
  signal: AbortSignal;
  /** Asks a person on a terminal, without echo; else reads a line of standard input. Undefined: there is none. */
  askSecret: (question: string) => Promise<Redacted<string> | undefined>;
  /** Whether a person is at a terminal. */
  isInteractive: boolean;
  /** A line for people. One that passes is of how far it is: not each of these is shown. */
  say: (line: string, options?: { isPassing?: boolean }) => void;
  /** A line of data. */
  print: (text: string) => void;
};

export type AdminHandler<N extends AdminCommandName> = (
  context: AdminContext,
  input: AdminInput<N>,
) => Promise<AdminExit>;
