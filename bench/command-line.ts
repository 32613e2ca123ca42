import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '../packages/server/src/testing/process.ts';

/**
 * What the command line costs, beside a Node that does nothing: interleaved runs, because others may use the machine,
 * too. CPU, the best of them; and from start to end, the best and the median, with a server in a process of its own.
 *
 *     node --conditions=@coffer/source bench/command-line.ts
 */
const RUNS = 20;
const COFFER = fileURLToPath(new URL('../packages/cli/dist/coffer.mjs', import.meta.url));
const CASES = {
  'node -e 0': ['-e', '0'],
  'coffer --version': [COFFER, '--version'],
  'coffer help': [COFFER, '--help'],
  'coffer run -- true': [COFFER, 'run', '--', 'true'],
};
const PASSWORD = 'violet-anchor-pebble-41';
const PROJECT = { id: 'shop', name: 'Shop', api_path: '/shop' };

type Cost = { cpuMs: number; wallMs: number };

/** User and system time, and the time from start to end. Fails when the program does. */
function costOf(args: readonly string[], env: NodeJS.ProcessEnv): Cost {
  // The second line of `times` is what the children of the shell used.
  const script = 'TIMEFORMAT=%R; time "$0" "$@" > /dev/null || exit 1; times';
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, process.execPath, ...args], {
    encoding: 'utf8',
    env,
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  const [, ofChildren = ''] = stdout.trim().split('\n');
  const cpuMs = ofChildren
    .split(' ')
    .map((time) => /^(\d+)m([\d.]+)s$/.exec(time))
    .reduce((sum, parts) => sum + (Number(parts?.[1]) * 60 + Number(parts?.[2])) * 1000, 0);
  return { cpuMs, wallMs: Number(stderr.trim().split('\n').at(-1)) * 1000 };
}

/** A server with a project of twenty entries, and the environment of somebody who is signed in to it. */
async function setUp(server: ServerProcess, home: string): Promise<NodeJS.ProcessEnv> {
  const root = server.client();
  await root.signIn('user_login', { auth_data: 'ada', password: PASSWORD });
  await root.ok('project_create', PROJECT);
  for (let index = 0; index < 20; index += 1)
    await root.ok('vault_create', { project_id: PROJECT.id, key: `KEY_${index}`, value: 'x'.repeat(100) });
  const env = { PATH: process.env['PATH'], HOME: home, COFFER_PROJECT: PROJECT.id };
  mkdirSync(join(home, '.config'));
  execFileSync(process.execPath, [COFFER, 'login', server.url, '--token-stdin'], {
    env,
    input: root.token ?? '',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return env;
}

const home = mkdtempSync(join(tmpdir(), 'coffer-bench-'));
try {
  await using server = await ServerProcess.start({
    env: {
      COFFER_ROOT_USERNAME: 'ada',
      COFFER_ROOT_EMAIL: 'ada@example.org',
      COFFER_ROOT_PASSWORD: PASSWORD,
    },
  });
  const env = await setUp(server, home);
  const costs = new Map<string, Cost[]>(Object.keys(CASES).map((name) => [name, []]));
  for (let run = 0; run < RUNS; run += 1) {
    for (const [name, args] of Object.entries(CASES)) costs.get(name)?.push(costOf(args, env));
  }
  const rows = [...costs].map(([name, of]) => {
    const walls = of.map(({ wallMs }) => wallMs).toSorted((a, b) => a - b);
    return [
      name,
      {
        'CPU, ms': Math.round(Math.min(...of.map(({ cpuMs }) => cpuMs))),
        'start to end, ms': Math.round(walls[0] ?? 0),
        'median, ms': Math.round(walls[Math.floor(walls.length / 2)] ?? 0),
      },
    ];
  });
  console.table(Object.fromEntries(rows));
} finally {
  rmSync(home, { recursive: true, force: true });
}
