import { parseArgs } from 'node:util';
import { endure, FAULTS } from '../e2e/faults/faults.ts';
import { endureSilence } from '../e2e/faults/silent-connections.ts';
import { PostgresCluster } from '../packages/server/src/testing/postgres.ts';
import { Random } from '../packages/server/test/fuzz/random.ts';

const HELP = `npm run torture -- [options]

What the tests do in short, for as long as you like: real servers and databases are killed, stopped and frozen under load, and
after each time everything that was answered is looked up. It goes round until the time is over, and ends with code 1 at
the first thing that is wrong.

  --minutes NUMBER   10
  --only TEXT        the runs whose name contains it
  --seed NUMBER      to repeat a run
  --list             names the runs`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    seed: { type: 'string' },
  },
});

type Run = {
  name: string;
  /** Answers with what it checked; fails with what is wrong. */
  run: (at: { cluster: PostgresCluster; random: Random }) => Promise<Readonly<Record<string, number>>>;
};

/** Each takes a minute or two on a quiet machine. */
const RUNS: readonly Run[] = [
  ...FAULTS.map((fault): Run => ({
    name: `${fault.engine}: ${fault.name}`,
    run: async ({ cluster, random }) =>
      await endure(fault, {
        cluster: fault.engine === 'postgres' ? cluster : undefined,
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
else await torture();

async function torture(): Promise<void> {
  const minutes = Number(values.minutes);
  const seed = Number(values.seed ?? Date.now() % 1_000_000_007);
  if (!(minutes > 0)) throw new RangeError('--minutes must be a number above 0');
  if (!Number.isSafeInteger(seed)) throw new RangeError('--seed must be a whole number');
  if (chosen.length === 0) throw new RangeError(`no run is named like "${values.only}"; see --list`);
  console.log(`seed ${seed}, for ${minutes} minutes`);
  const deadline = performance.now() + minutes * 60_000;
  const random = new Random(seed);
  await using cluster = await PostgresCluster.start();
  // Each at least once, then until the time is over.
  for (let runs = 0; runs < chosen.length || performance.now() < deadline; runs += 1) {
    const { name, run } = chosen[runs % chosen.length] as Run;
    const begun = performance.now();
    try {
      const checked = await run({ cluster, random });
      const seconds = Math.round((performance.now() - begun) / 1000);
      const told = Object.entries(checked).map(([what, amount]) => `${what} ${amount}`);
      console.log(`ok      ${name}, ${seconds} s: ${told.join(', ')}`);
    } catch (error) {
      console.log(`WRONG   ${name}; to repeat it: --seed ${seed}`);
      console.log(error);
      process.exitCode = 1;
      return;
    }
  }
}
