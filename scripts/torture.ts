import { parseArgs } from 'node:util';
import { endure, FAULTS } from '../e2e/faults/faults.ts';
import { endureSilence } from '../e2e/faults/silent-connections.ts';
import { PostgresCluster } from '../packages/server/src/testing/postgres.ts';
import { Random } from '../packages/server/test/fuzz/random.ts';
import { orUsageError } from './or-usage-error.ts';

const HELP = `npm run torture -- [options]

What the tests do in short, for as long as you like: real servers and databases are killed, stopped and frozen under load,
keys are rotated, backups are restored, and after each time everything that was answered is looked up. It goes round until the
time is over, each run at least once, and ends with code 1 at the first thing that is wrong. Stopped by a signal, it leaves no
server behind. All of them once take about 25 minutes on two busy cores; one that takes longer than fifteen is wrong.

  --minutes NUMBER   10
  --only TEXT        the runs whose name contains it
  --seed NUMBER      to repeat a run
  --list             names the runs`;

const { values } = orUsageError(() =>
  parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '10' },
      only: { type: 'string', default: '' },
      seed: { type: 'string' },
    },
  }),
);

const stopping = new AbortController();

type Run = {
  name: string;
  /** Answers with what it checked; fails with what is wrong. */
  run: (at: { cluster: PostgresCluster; random: Random }) => Promise<Readonly<Record<string, number>>>;
};

/** Each takes a minute or two on a quiet machine. What takes longer than this hangs. */
const RUN_MINUTES_MAX = 15;

const RUNS: readonly Run[] = [
  ...FAULTS.map((fault): Run => ({
    name: `${fault.engine}: ${fault.name}`,
    run: async ({ cluster, random }) =>
      await endure(fault, {
        cluster,
        seed: random.below(2 ** 32),
        rounds: fault.rounds * 5,
        seconds: 10,
      }),
  })),
  // Of Linux, which tells how much memory a process has.
  ...(process.platform === 'linux'
    ? [{ name: '10000 silent connections', run: async () => await endureSilence(10_000) }]
    : []),
];

const chosen = RUNS.filter(({ name }) => name.includes(values.only));
if (values.help) console.log(HELP);
else if (values.list) console.log(chosen.map(({ name }) => name).join('\n'));
else {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
  await torture();
  // A run that was broken off would go on.
  process.exit();
}

async function torture(): Promise<void> {
  const { minutes, seed } = orUsageError(readPlan);
  console.log(`seed ${seed}, for ${minutes} minutes, and each of ${chosen.length} runs at least once`);
  const deadline = performance.now() + minutes * 60_000;
  const random = new Random(seed);
  await using cluster = await PostgresCluster.start();
  // Each at least once, then until the time is over.
  for (let runs = 0; runs < chosen.length || performance.now() < deadline; runs += 1) {
    const { name, run } = chosen[runs % chosen.length] as Run;
    const begun = performance.now();
    console.log(`begins  ${name}`);
    try {
      const checked = await inTime(run({ cluster, random }));
      const seconds = Math.round((performance.now() - begun) / 1000);
      const told = Object.entries(checked).map(([what, amount]) => `${what} ${amount}`);
      console.log(`ok      ${name}, ${seconds} s: ${told.join(', ')}`);
    } catch (error) {
      if (stopping.signal.aborted) console.log(`stopped ${name}`);
      else {
        console.log(`WRONG   ${name}; to repeat it: --seed ${seed}`);
        console.log(error);
      }
      process.exitCode = 1;
      return;
    }
  }
}

function readPlan(): { minutes: number; seed: number } {
  const minutes = Number(values.minutes);
  const seed = Number(values.seed ?? Date.now() % 1_000_000_007);
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isSafeInteger(seed)) throw new RangeError('--seed must be a whole number');
  if (chosen.length === 0) throw new RangeError(`no run is named like "${values.only}" (--list names them)`);
  return { minutes, seed };
}

/** What the run leaves under way then ends with this process. */
async function inTime<T>(running: Promise<T>): Promise<T> {
  stopping.signal.throwIfAborted();
  running.catch(() => undefined);
  const { promise: broken, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`it did not come to its end in ${RUN_MINUTES_MAX} minutes`)),
    RUN_MINUTES_MAX * 60_000,
  );
  const stop = (): void => reject(new Error('stopped'));
  stopping.signal.addEventListener('abort', stop);
  try {
    return await Promise.race([running, broken]);
  } finally {
    clearTimeout(timer);
    stopping.signal.removeEventListener('abort', stop);
  }
}
