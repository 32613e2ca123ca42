import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Variables } from './variables.ts';

export type Paths = {
  credentials: string;
  /** A directory. */
  offline: string;
};

/** By the XDG Base Directory Specification, in which a relative path counts as none. */
export function findPaths(env: Variables): Paths {
  return {
    credentials: join(base(env['XDG_CONFIG_HOME'], '.config'), 'coffer', 'credentials.json'),
    offline: join(base(env['XDG_CACHE_HOME'], '.cache'), 'coffer', 'offline'),
  };
}

function base(given: string | undefined, fallback: string): string {
  return given !== undefined && isAbsolute(given) ? given : join(homedir(), fallback);
}
