/**
 * Everything that is checked without running the project; `--fix` repairs what can be repaired.
 * Each check is a row of the table below.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

interface Check {
  readonly name: string;
  /** Arguments to Node. */
  readonly check: readonly string[];
  readonly fix?: readonly string[];
  readonly remedy: string;
}

interface Result {
  readonly check: Check;
  readonly passed: boolean;
  readonly output: string;
  readonly seconds: number;
}

const reference = ['--conditions=@coffer/source', 'scripts/reference.ts'];
const oxlint = 'node_modules/oxlint/bin/oxlint';
const oxfmt = 'node_modules/oxfmt/bin/oxfmt';

/** In the order in which repairs build on one another. */
const CHECKS: readonly Check[] = [
  {
    name: 'types',
    check: ['node_modules/@typescript/native/bin/tsc', '-b'],
    remedy: 'correct the types',
  },
  {
    name: 'imports',
    check: ['scripts/check-imports.ts'],
    remedy: 'see .dependency-cruiser.mjs for who may import whom',
  },
  {
    name: 'unused',
    check: ['node_modules/knip/bin/knip.js', '--treat-config-hints-as-errors'],
    remedy: 'remove what nothing uses',
  },
  {
    name: 'reference',
    check: [...reference, '--check'],
    fix: reference,
    remedy: 'npm run fix',
  },
  {
    name: 'lint',
    check: [oxlint],
    fix: [oxlint, '--fix'],
    remedy: 'npm run fix repairs some',
  },
  {
    name: 'format',
    check: [oxfmt, '--check'],
    fix: [oxfmt],
    remedy: 'npm run fix',
  },
];

const { values: options } = parseArgs({ options: { fix: { type: 'boolean', default: false } } });
const results = options.fix ? await fixAll() : await checkAll();
const failed = results.filter(({ passed }) => !passed);
for (const { check } of failed) console.error(`coffer: error: ${check.name} failed: ${check.remedy}`);
process.exitCode = failed.length > 0 ? 1 : 0;

async function checkAll(): Promise<Result[]> {
  return await Promise.all(CHECKS.map(async (check) => report(await run(check, check.check))));
}

/** One after the other, since repairs write the same files. */
async function fixAll(): Promise<Result[]> {
  const results: Result[] = [];
  for (const check of CHECKS) {
    if (check.fix !== undefined) results.push(report(await run(check, check.fix)));
  }
  return results;
}

/** Output is held back until the end, so that checks that run side by side do not mix theirs. */
async function run(check: Check, args: readonly string[]): Promise<Result> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  const code = await promise;
  return { check, passed: code === 0, output, seconds: (performance.now() - started) / 1000 };
}

function report(result: Result): Result {
  const { check, passed, output, seconds } = result;
  console.log(`${passed ? '✓' : '✗'} ${check.name} (${seconds.toFixed(1)} s)`);
  if (!passed) console.log(output.trimEnd());
  return result;
}
