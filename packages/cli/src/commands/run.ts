import { CofferError } from '@coffer/client';
import { CliError } from '../cli-error.ts';
import { runProgram, type Program } from '../child.ts';
import { command } from '../command.ts';
import type { Context } from '../context.ts';
import type { Variables } from '../variables.ts';
import type { Values } from '../export-formats.ts';
import { fetchValues, letsThrough } from '../fetch-values.ts';
import { parseCount } from '../input-value.ts';
import { demandSafe, type KeyFilter } from '../key-filter.ts';
import { runWatching, type Preparation } from '../run-watching.ts';
import { openPlace } from '../target.ts';

const OFFLINE_TTL_HOURS = 24;

export const run = command({
  name: 'run',
  summary: 'Run a command with the values in its environment.',
  description: [
    'The command gets the terminal, every signal and all variables that there are, and the values besides; `coffer` ends as the command ends, with its exit code or by its signal. COFFER_TOKEN is not passed on.',
    'Names that decide which programs are found and loaded, such as PATH, LD_PRELOAD or NODE_OPTIONS, are refused unless --only names them letter by letter.',
    'With --watch the command is told to end (SIGTERM, after 10 seconds SIGKILL) and started anew when a value that it has changes. On Linux, processes that it leaves behind are told to end as well, before it is started anew; elsewhere they stay.',
    'With --offline-ok an encrypted copy is kept, which opens with the same token alone and until it expires. It is used when the server cannot be reached or cannot serve, never when it refuses; its use is reported to the server by the next command, whichever it is, that reaches it.',
  ],
  arguments: [],
  options: {
    only: {
      type: 'string',
      value: 'KEYS',
      multiple: true,
      summary: 'These alone; `*` for any characters, several separated by commas.',
    },
    except: { type: 'string', value: 'KEYS', multiple: true, summary: 'All but these.' },
    watch: { type: 'boolean', short: 'w', summary: 'Start the command anew when values change.' },
    'offline-ok': { type: 'boolean', summary: 'Keep a copy, and start with it while the server is away.' },
    'offline-ttl': {
      type: 'string',
      value: 'HOURS',
      summary: `How long a copy may be used; ${OFFLINE_TTL_HOURS} unless given.`,
    },
    'pass-token': { type: 'boolean', summary: 'Pass COFFER_TOKEN on to the command.' },
  },
  takesCommand: true,
  examples: [
    { line: 'coffer run -- npm start', what: 'With the values of this directory.' },
    {
      line: "coffer run -e staging --only 'DATABASE_*' -- ./migrate",
      what: 'With some of another environment.',
    },
  ],
  run: async (context, { options, command: [file = '', ...args] }) => {
    const hours = options['offline-ttl'];
    const place = openPlace(context);
    const offline = {
      allowed: options['offline-ok'],
      ttlSeconds:
        3600 * (hours === undefined ? OFFLINE_TTL_HOURS : parseCount(hours, '--offline-ttl', 'run')),
    };
    const prepare = async ({ signal, isFirst }: Preparation): Promise<Program> => {
      const values = await fetchValues(context, place, {
        filter: options,
        offline: { ...offline, use: isFirst },
        signal,
      });
      demandUsable(values, options);
      return { file, args, env: childEnvironment(context, values, options['pass-token']) };
    };
    if (!options.watch) return await runProgram(await prepare({ isFirst: true }));
    const { terminal } = context;
    return await runWatching({
      place,
      prepare,
      isWanted: (key) => letsThrough(options, key),
      onWaiting: (error) =>
        terminal.warn(`changes cannot be followed yet; it is tried again and again: ${describe(error)}`),
      onRestart: () => terminal.warn('values have changed: starting the command anew'),
      onError: (error) => terminal.warn(`changes are not followed: ${describe(error)}`),
    });
  },
});

function demandUsable(values: Values, filter: KeyFilter): void {
  demandSafe(values, filter);
  const withNul = Object.keys(values).filter((key) => values[key]?.includes('\0'));
  if (withNul.length > 0) throw new CliError('keys_with_nul', { keys: withNul.join(', ') });
}

function childEnvironment({ env }: Context, values: Values, passToken: boolean): Variables {
  const { COFFER_TOKEN: token, ...rest } = env;
  return { ...rest, ...(passToken && token !== undefined ? { COFFER_TOKEN: token } : {}), ...values };
}

/** Codes and our own words; what else an error says may repeat what was worked on. */
function describe(error: unknown): string {
  if (error instanceof CofferError) return `${error.message} [${error.code}]`;
  return error instanceof CliError ? error.message : 'a fault';
}
