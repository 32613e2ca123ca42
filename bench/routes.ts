import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as startRequest, type IncomingMessage } from 'node:http';
import { cpus } from 'node:os';
import { ServerProcess } from '../packages/server/src/testing/process.ts';

/**
 * What a route costs, beside a bare `node:http` proxy that passes the same call to the same API: interleaved rounds in
 * one run, because only their ratio means something on a shared machine. And how long the first byte of an event stream
 * is on its way. All on loopback; the client, the API, the proxy and the server are processes of their own.
 *
 *     node --conditions=@coffer/source bench/routes.ts [rounds]
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const ROUND_MS = 2000;
const WARM_UP_MS = 1000;
const STREAMS = 200;
const FIRST_BYTE_MS_MAX = 50;
const STREAM_PAUSE_MS = 20;
const SECRET = 'a-key-that-nobody-sees-in-any-answer';

/** Answers with 1 KB; `/events` with a head at once, and a while later with an event that tells when it was written. */
const API = `require('node:http').createServer((request, response) => {
  request.resume();
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    setTimeout(() => response.end('data: ' + (performance.timeOrigin + performance.now()) + '\\n\\n'), ${STREAM_PAUSE_MS});
    return;
  }
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ text: 'x'.repeat(1000) }));
  });
}).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port); })`;

const proxyTo = (url: string): string => `const http = require('node:http');
const agent = new http.Agent({ keepAlive: true });
http.createServer((request, response) => {
  const headers = { ...request.headers, authorization: 'Bearer ${SECRET}' };
  const outgoing = http.request('${url}' + request.url, { method: request.method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  request.pipe(outgoing);
}).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port); })`;

type Called = { url: string; method: string; headers: Record<string, string>; body?: string };
type Figures = { perSecond: number; medianMs: number; p99Ms: number };

const processes: ChildProcess[] = [];
try {
  const api = await startProgram(API);
  const proxy = await startProgram(proxyTo(api));
  await using coffer = await ServerProcess.start({
    env: { COFFER_LOG_LEVEL: 'silent', COFFER_EGRESS_ALLOW: api },
  });
  const authorization = `Bearer ${await prepare(coffer, api)}`;
  const post = {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"amount":4200}',
  };
  const route = { ...post, url: `${coffer.url}/x/bench/charges` };
  const bare = { ...post, url: `${proxy}/v1/charges` };
  for (const called of [bare, route]) await load(called, 32, WARM_UP_MS);
  for (const connections of [1, 32]) await compare(bare, route, connections);
  await timeStreams({ url: `${coffer.url}/x/bench/events`, method: 'GET', headers: { authorization } });
} finally {
  for (const child of processes) child.kill();
}

/** A project with a value and two routes; answers with the token of who may call them. */
async function prepare(coffer: ServerProcess, api: string): Promise<string> {
  const client = coffer.client();
  await client.signIn('setup', {
    setup_token: coffer.setupToken,
    username: 'bench',
    email: 'bench@example.org',
    first_name: 'B',
    last_name: '',
    password: 'violet-anchor-pebble-41',
  });
  const project = { project_id: 'bench' };
  await client.ok('project_create', { id: 'bench', name: 'Bench', api_path: '/bench' });
  await client.ok('vault_create', { ...project, key: 'API_KEY', value: SECRET });
  await client.ok('vault_allow_origins', { ...project, key: 'API_KEY', allowed_origins: [api] });
  const auth = { type: 'bearer', token: '${{ vault.API_KEY }}' };
  const charge = { origin: api, method: 'POST', path: '/v1/charges', auth };
  await client.ok('route_create', {
    ...project,
    id: 'charge',
    method: 'POST',
    path: '/charges',
    inputs: [{ name: 'amount', in: 'body', type: 'integer' }],
    request: { ...charge, body: { type: 'json', value: { amount: '${{ input.amount }}' } } },
  });
  const events = { origin: api, method: 'GET', path: '/events', auth };
  await client.ok('route_create', {
    ...project,
    id: 'events',
    method: 'GET',
    path: '/events',
    request: events,
  });
  const { token } = await client.ok('token_create', {
    ...project,
    kind: 'service',
    name: 'bench',
    permissions: ['route.invoke'],
  });
  return token;
}

async function compare(bare: Called, route: Called, connections: number): Promise<void> {
  const rounds: { bare: Figures; route: Figures }[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push({
      bare: await load(bare, connections, ROUND_MS),
      route: await load(route, connections, ROUND_MS),
    });
  console.log(`\n${connections} connection${connections === 1 ? '' : 's'}, each with one call under way`);
  console.table(
    rounds.map((figures) => ({
      'proxy, calls/s': figures.bare.perSecond,
      'route, calls/s': figures.route.perSecond,
      ratio: rounded(figures.route.perSecond / figures.bare.perSecond, 3),
      'proxy, median ms': figures.bare.medianMs,
      'route, median ms': figures.route.medianMs,
      'proxy, p99 ms': figures.bare.p99Ms,
      'route, p99 ms': figures.route.p99Ms,
    })),
  );
  const ratios = rounds.map((figures) => figures.route.perSecond / figures.bare.perSecond);
  console.log(`median ratio ${quantile(ratios, 0.5).toFixed(3)}`);
}

/** Calls over keep-alive connections, one behind the other on each. */
async function load(called: Called, connections: number, milliseconds: number): Promise<Figures> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const startedAt = performance.now();
        const answer = await call(called, agent);
        for await (const _ of answer);
        times.push(performance.now() - startedAt);
      }
    }),
  );
  agent.destroy();
  return {
    perSecond: Math.round(times.length / (milliseconds / 1000)),
    medianMs: rounded(quantile(times, 0.5), 2),
    p99Ms: rounded(quantile(times, 0.99), 2),
  };
}

/** From when the API wrote the first event to when its caller has it: one machine, one clock. */
async function timeStreams(called: Called): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  for (let stream = 0; stream < STREAMS; stream += 1) {
    let text = '';
    let arrivedAt = 0;
    for await (const chunk of await call(called, agent)) {
      arrivedAt ||= performance.timeOrigin + performance.now();
      text += String(chunk);
    }
    times.push(arrivedAt - Number(/^data: (\S+)/.exec(text)?.[1]));
  }
  agent.destroy();
  const [median, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
  console.log(
    `\nfirst byte of an event stream after the API wrote it, ${STREAMS} streams: median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
  );
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`);
  if (!(p99 < FIRST_BYTE_MS_MAX)) throw new Error(`that is more than ${FIRST_BYTE_MS_MAX} ms`);
}

async function call({ url, method, headers, body }: Called, agent: Agent): Promise<IncomingMessage> {
  const outgoing = startRequest(url, { method, headers, agent });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  if (answer.statusCode === 200) return answer;
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  throw new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
}

async function startProgram(program: string): Promise<string> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return line.toString().trim();
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function rounded(number: number, digits: number): number {
  return Number(number.toFixed(digits));
}
