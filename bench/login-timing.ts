import { PASSWORD_COST } from '../packages/server/src/services/passwords.ts';
import { startTestServer, type TestServer } from '../packages/server/src/testing/server.ts';

/**
 * Whether the time of a refused sign-in tells if the user exists (R19). Passwords cost what they cost in service, tries
 * are not limited; tries at an unknown user and with a wrong password come in random order, one after another. The
 * Mann-Whitney test says how likely it is that times which differ as little as these come from one distribution: a p
 * below 0.01, again and again, would be a leak.
 *
 *     node --conditions=@coffer/source bench/login-timing.ts [tries of each kind]
 */
const TRIES = Number(process.argv[2] ?? 60);
const WARM_UP = 10;

const KINDS = {
  'unknown user': 'nobody@example.org',
  'wrong password': 'root@example.org',
} as const;
type Kind = keyof typeof KINDS;

await using server = await startTestServer({ passwordCost: PASSWORD_COST });
await server.setUp();
for (let tries = 0; tries < WARM_UP; tries += 1) await measure(server, 'unknown user');

const order = shuffle(Array.from({ length: TRIES }, (): Kind[] => ['unknown user', 'wrong password']).flat());
const times: Record<Kind, number[]> = { 'unknown user': [], 'wrong password': [] };
for (const kind of order) times[kind].push(await measure(server, kind));

const unknown = times['unknown user'].toSorted((a, b) => a - b);
const wrong = times['wrong password'].toSorted((a, b) => a - b);
console.table(
  Object.fromEntries(
    Object.entries({ 'unknown user': unknown, 'wrong password': wrong }).map(([kind, sorted]) => [
      kind,
      {
        tries: sorted.length,
        'p10 ms': quantile(sorted, 0.1),
        'median ms': quantile(sorted, 0.5),
        'p90 ms': quantile(sorted, 0.9),
      },
    ]),
  ),
);
const { effect, p } = mannWhitney(unknown, wrong);
const difference = quantile(unknown, 0.5) - quantile(wrong, 0.5);
console.log(
  `medians differ by ${difference.toFixed(2)} ms; an unknown user takes longer with probability ${effect.toFixed(3)}; p = ${p.toFixed(3)}`,
);

async function measure({ app }: TestServer, kind: Kind): Promise<number> {
  const body = JSON.stringify({ auth_data: KINDS[kind], password: 'wrong-lantern-drift-99' });
  const begin = performance.now();
  const answer = await fetch(`${app.url}/user/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  await answer.arrayBuffer();
  if (answer.status !== 401) throw new Error(`answered with ${answer.status}`);
  return performance.now() - begin;
}

function quantile(sorted: readonly number[], share: number): number {
  return Number((sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(2));
}

/** Two-sided, by the normal approximation. `effect` is the share of pairs in which the first is the larger one. */
function mannWhitney(first: readonly number[], second: readonly number[]): { effect: number; p: number } {
  let u = 0;
  for (const a of first) for (const b of second) u += a > b ? 1 : a === b ? 0.5 : 0;
  const pairs = first.length * second.length;
  const deviation = Math.sqrt((pairs * (first.length + second.length + 1)) / 12);
  const z = (Math.abs(u - pairs / 2) - 0.5) / deviation;
  return { effect: u / pairs, p: Math.min(1, 2 * normalTail(Math.max(0, z))) };
}

/** The chance of a standard normal above z ≥ 0: Abramowitz and Stegun, 26.2.17. */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const sum = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429].reduceRight(
    (rest, coefficient) => t * (coefficient + rest),
    0,
  );
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

function shuffle<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
