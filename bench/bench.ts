import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import { OPERATIONS } from './operations.ts';
import { ENGINES, type EngineName } from './engines.ts';
import { measure, type Plan } from './measure.ts';
import { printReport } from './report.ts';
import { orUsageError } from '../scripts/or-usage-error.ts';

const HELP = `npm run bench -- [options]

Measures built servers beside a bare node:http server and bare Fastify with the same answers, in interleaved rounds.

  --quick              one operation, 100 entries, short rounds
  --only NAMES         of ${OPERATIONS.map(({ name }) => name).join(', ')}
  --engines NAMES      of ${Object.keys(ENGINES).join(', ')}
  --entries NUMBERS    100,10000,1000000
  --connections NUMBERS 1,64
  --rounds NUMBER      5
  --seconds NUMBER     1, of each measurement
  --log-level LEVEL    info, as an administrator would run it; the log goes nowhere
  --against DIRECTORIES other built checkouts, measured beside this one
  --out FILE           where the JSON goes`;

const { values } = orUsageError(() =>
  parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      engines: { type: 'string' },
      entries: { type: 'string' },
      connections: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'log-level': { type: 'string', default: 'info' },
      against: { type: 'string' },
      out: { type: 'string' },
    },
  }),
);

if (values.help) {
  console.log(HELP);
} else {
  const plan = orUsageError(readPlan);
  const startedAt = new Date();
  const results = await measure(plan);
  const report = { startedAt: startedAt.toISOString(), machine: describeMachine(), plan, ...results };
  const out = resolve(
    values.out ?? `node_modules/.cache/bench-${startedAt.toISOString().replaceAll(':', '-')}.json`,
  );
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(report, undefined, 2)}\n`);
  printReport(report);
  console.error(`\nEverything that was measured: ${out}`);
}

function readPlan(): Plan {
  const { quick } = values;
  const only = chosen(
    'only',
    values.only,
    OPERATIONS.map(({ name }) => name),
  );
  const engines = Object.keys(ENGINES) as EngineName[];
  const here = resolve(import.meta.dirname, '..');
  return {
    operations: only ?? (quick ? ['read-one'] : OPERATIONS.map(({ name }) => name)),
    engines: chosen('engines', values.engines, engines) ?? engines,
    entries: numbers('entries', values.entries) ?? (quick ? [100] : [100, 10_000, 1_000_000]),
    connections: numbers('connections', values.connections) ?? [1, 64],
    rounds: numbers('rounds', values.rounds)?.[0] ?? (quick ? 3 : 5),
    milliseconds: (numbers('seconds', values.seconds)?.[0] ?? 1) * 1000,
    starts: quick ? 3 : 7,
    logLevel: values['log-level'],
    builds: [
      ...(values.against ?? '')
        .split(',')
        .filter((directory) => directory !== '')
        .map((directory) => ({ name: basename(directory), directory: builtIn(directory) })),
      { name: 'this', directory: here },
    ],
  };
}

function builtIn(directory: string): string {
  if (!existsSync(join(directory, 'packages/server/dist/main.js')))
    throw new Error(`--against: there is no built server in ${directory}`);
  return resolve(directory);
}

function chosen<T extends string>(
  option: string,
  text: string | undefined,
  known: readonly T[],
): T[] | undefined {
  return text?.split(',').map((part) => {
    const name = known.find((each) => each === part);
    if (name === undefined) throw new Error(`--${option}: ${part} is none of ${known.join(', ')}`);
    return name;
  });
}

function numbers(option: string, text: string | undefined): number[] | undefined {
  return text?.split(',').map((part) => {
    const number = Number(part);
    if (!(number > 0)) throw new Error(`--${option}: ${part} is no number above 0`);
    return number;
  });
}
