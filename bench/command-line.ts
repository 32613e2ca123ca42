import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * What starting the command line costs, beside a Node that does nothing: CPU, the best of interleaved runs, because
 * others may use the machine, too.
 *
 *     node --conditions=@coffer/source bench/command-line.ts
 */
const RUNS = 20;
const COFFER = fileURLToPath(new URL('../packages/cli/dist/coffer.mjs', import.meta.url));
const CASES = {
  'node -e 0': ['-e', '0'],
  'coffer --version': [COFFER, '--version'],
  'coffer help': [COFFER, '--help'],
};

/** In milliseconds, of user and system. */
function cpuMs(args: readonly string[]): number {
  // The second line of `times` is what the children of the shell used.
  const { stdout } = spawnSync('bash', ['-c', '"$0" "$@" > /dev/null; times', process.execPath, ...args], {
    encoding: 'utf8',
  });
  const [, ofChildren = ''] = stdout.trim().split('\n');
  return ofChildren
    .split(' ')
    .map((time) => /^(\d+)m([\d.]+)s$/.exec(time))
    .reduce((sum, parts) => sum + (Number(parts?.[1]) * 60 + Number(parts?.[2])) * 1000, 0);
}

const best = new Map<string, number>();
for (let run = 0; run < RUNS; run += 1) {
  for (const [name, args] of Object.entries(CASES))
    best.set(name, Math.min(best.get(name) ?? Infinity, cpuMs(args)));
}
console.table(Object.fromEntries([...best].map(([name, ms]) => [name, { 'CPU, ms': Math.round(ms) }])));
