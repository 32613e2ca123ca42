import type { Paths } from './paths.ts';
import type { Terminal } from './terminal.ts';
import type { Variables } from './variables.ts';

/** What a command may touch. */
export type Context = {
  terminal: Terminal;
  env: Variables;
  cwd: string;
  paths: Paths;
  global: GlobalOptions;
  now: () => Date;
};

export type GlobalOptions = {
  url: string | undefined;
  project: string | undefined;
  env: string | undefined;
  json: boolean;
};
