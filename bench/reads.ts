import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { ServerProcess } from '../packages/server/src/testing/process.ts';

/**
 * How many audited reads of one value a server answers, beside a bare `node:http` server with an answer of the same
 * size: interleaved rounds in one run, because only their ratio means something on a shared machine.
 *
 *     node --conditions=@coffer/source bench/reads.ts [rounds]
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const CONNECTIONS = 64;
const ROUND_MS = 2000;

const startedAt = performance.now();
await using coffer = await ServerProcess.start({ env: { COFFER_LOG_LEVEL: 'silent' } });
const startMs = performance.now() - startedAt;
const idleMib = residentMib(coffer.child.pid);
const { path, token, body } = await prepare();
const bare = await startBare(body);

const figures: { coffer: number; bare: number }[] = [];
try {
  await load(coffer.url, path, token, 500);
  for (let round = 0; round < ROUNDS; round += 1) {
    figures.push({
      bare: await load(bare.url, path, token, ROUND_MS),
      coffer: await load(coffer.url, path, token, ROUND_MS),
    });
  }
} finally {
  bare.child.kill();
}

console.table(
  figures.map((figure) => ({ ...figure, ratio: Number((figure.coffer / figure.bare).toFixed(3)) })),
);
const ratios = figures.map((figure) => figure.coffer / figure.bare).toSorted((a, b) => a - b);
console.log(
  `median ratio ${ratios[Math.floor(ratios.length / 2)]?.toFixed(3)}, ${CONNECTIONS} connections, reads per second above`,
);
console.log(
  `start to ready ${startMs.toFixed(0)} ms (from sources), memory idle ${idleMib} MiB, after the load ${residentMib(coffer.child.pid)} MiB`,
);

async function prepare(): Promise<{ path: string; token: string; body: string }> {
  const client = coffer.client();
  await client.signIn('setup', {
    setup_token: coffer.setupToken,
    username: 'bench',
    email: 'bench@example.org',
    first_name: 'B',
    last_name: '',
    password: 'violet-anchor-pebble-41',
  });
  await client.ok('project_create', { id: 'bench', name: 'Bench', api_path: '/bench' });
  await client.ok('vault_create', { project_id: 'bench', key: 'API_KEY', value: 'x'.repeat(200) });
  const { text } = await client.call('vault_fetch_one', { project_id: 'bench', key: 'API_KEY' });
  return { path: '/vault/fetch/one?project_id=bench&key=API_KEY', token: client.token ?? '', body: text };
}

async function startBare(answer: string) {
  const program = `require('node:http').createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(${JSON.stringify(answer)});
  }).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port); })`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: line.toString().trim() };
}

/** Requests per second over keep-alive connections, each with one request under way. */
async function load(url: string, target: string, token: string, milliseconds: number): Promise<number> {
  const { hostname, port, host } = new URL(url);
  const request = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const end = performance.now() + milliseconds;
  const counts = await Promise.all(
    Array.from(
      { length: CONNECTIONS },
      async () => await hammer({ hostname, port: Number(port), request, end }),
    ),
  );
  return Math.round(counts.reduce((sum, count) => sum + count, 0) / (milliseconds / 1000));
}

async function hammer(at: { hostname: string; port: number; request: string; end: number }): Promise<number> {
  const socket = connect(at.port, at.hostname);
  let answers = 0;
  let pending = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    const head = pending.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0);
    if (pending.length < head + 4 + length) return;
    if (!pending.startsWith('HTTP/1.1 200')) throw new Error(pending.slice(0, 300));
    pending = '';
    answers += 1;
    if (performance.now() < at.end) socket.write(at.request);
    else socket.end();
  });
  socket.write(at.request);
  await once(socket, 'close');
  return answers;
}

function residentMib(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
