import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fill, signIn, start, stop, type Running } from './coffer.ts';
import { ENGINES, type Database, type EngineName } from './engines.ts';
import { keyOf, type Load, type LoadResult } from './generator.ts';
import { cpuOf, cpuOfTree, machineTimes, memoryOf, noiseBetween, type Noise } from './machine.ts';
import { OPERATIONS, requestOf, type Operation } from './operations.ts';

export type Plan = {
  operations: readonly string[];
  engines: readonly EngineName[];
  entries: readonly number[];
  connections: readonly number[];
  rounds: number;
  /** Of each measurement. */
  milliseconds: number;
  /** How often each build is started to measure how long that takes. */
  starts: number;
  logLevel: string;
  builds: readonly { name: string; directory: string }[];
};

/** One measurement: what a subject did under one load. */
export type Sample = {
  subject: string;
  entries: number | undefined;
  operation: string;
  connections: number;
  round: number;
  perSecond: number;
  answers: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  slowest: number;
  /** Microseconds of CPU time of the servers, and of the database server beside them. */
  cpuPerRequest: number;
  databaseCpuPerRequest: number;
} & Noise;

export type Start = { subject: string; firstAnswerMs: number; idleMib: number | undefined };

export type Results = {
  samples: Sample[];
  starts: Start[];
  /** Resident memory of one server after all of it, and the most that it had. */
  loaded: { subject: string; entries: number; residentMib: number; peakMib: number }[];
};

/** Something that is measured. */
type Subject = {
  name: string;
  entries: number | undefined;
  pids: readonly number[];
  databasePid: number | undefined;
  servers: readonly string[];
  /** The keys used so far in its database, which several may share: each is created once. */
  used: { keys: number };
};

type CofferSubject = Subject & { entries: number; running: readonly Running[]; database: Database };

/** The compilers of the engine need so many requests to be done; a machine that is busy gets longer for it. */
const WARM_UP = { answers: 4000, milliseconds: 1000, connections: 16, timesMax: 5 };
const MEMORY_SETTLES_MS = 1500;
const FIRST_NEW_KEY = 100_000_000;

/** Rounds of everything: within each, what is compared runs within seconds. */
export async function measure(plan: Plan): Promise<Results> {
  const generator = child('generator.ts');
  const bare = await baseline('node:http');
  const framework = await baseline('fastify');
  const coffers: CofferSubject[] = [];
  try {
    const starts: Start[] = [];
    for (const engine of plan.engines) {
      for (const entries of plan.entries) {
        for (const build of plan.builds) {
          coffers.push(...(await prepare(plan, { engine, entries, build }, starts)));
        }
      }
    }
    const samples: Sample[] = [];
    const operations = OPERATIONS.filter(({ name }) => plan.operations.includes(name));
    for (const operation of operations) {
      for (const subject of [bare, framework, ...coffers]) {
        await warmUp(generator, subject, operation);
      }
    }
    for (let round = 1; round <= plan.rounds; round += 1) {
      progress(`round ${round} of ${plan.rounds}`);
      for (const operation of operations) {
        const payload = await answerOf(coffers, operation);
        await Promise.all([bare, framework].map(async (each) => await each.setPayload(payload)));
        for (const connections of plan.connections) {
          for (const subject of [bare, framework, ...coffers]) {
            const under = { connections, milliseconds: plan.milliseconds };
            samples.push({ round, ...(await load(generator, subject, operation, under)) });
          }
        }
      }
    }
    return {
      samples,
      starts,
      loaded: coffers.flatMap(({ name, entries, pids }) =>
        pids.map((pid) => ({ subject: name, entries, ...memoryOf(pid) })),
      ),
    };
  } finally {
    for (const process of [generator, bare.process, framework.process]) process.kill();
    for (const { running } of coffers) await Promise.all(running.map(stop));
    for (const { database } of coffers) await database.remove();
  }
}

/** Fills a database, measures how its server starts, and leaves the servers running: one, and so many as the engine allows. */
async function prepare(
  plan: Plan,
  { engine, entries, build }: { engine: EngineName; entries: number; build: Plan['builds'][number] },
  starts: Start[],
): Promise<CofferSubject[]> {
  const { nodes, ...chosen } = ENGINES[engine];
  const name = plan.builds.length === 1 ? engine : `${engine} (${build.name})`;
  progress(`${name}: ${entries} entries`);
  const database = await chosen.create();
  const settings = { ...database.settings, COFFER_LOG_LEVEL: plan.logLevel };
  await fill(build.directory, settings, entries);
  if (entries === plan.entries[0]) {
    for (let count = 0; count < plan.starts; count += 1) {
      starts.push({ subject: 'node -e 0', firstAnswerMs: await startNode(), idleMib: undefined });
      const running = await start(build.directory, settings);
      await sleep(MEMORY_SETTLES_MS);
      starts.push({ ...running, subject: name, idleMib: memoryOf(running.pid).residentMib });
      await stop(running);
    }
  }
  const subjects: CofferSubject[] = [];
  const running: Running[] = [];
  const used = { keys: 0 };
  for (const count of nodes) {
    while (running.length < count) running.push(await start(build.directory, settings));
    subjects.push({
      name: nodes.length === 1 ? name : `${name}, ${count} ${count === 1 ? 'node' : 'nodes'}`,
      entries,
      running: [...running],
      pids: running.map(({ pid }) => pid),
      databasePid: database.serverPid,
      servers: running.map(({ url }) => new URL(url).host),
      database,
      used,
    });
  }
  return subjects;
}

async function warmUp(generator: ChildProcess, subject: Subject, operation: Operation): Promise<void> {
  let answers = 0;
  for (let times = 0; answers < WARM_UP.answers && times < WARM_UP.timesMax; times += 1) {
    answers += (await load(generator, subject, operation, WARM_UP)).answers;
  }
}

async function load(
  generator: ChildProcess,
  subject: Subject,
  operation: Operation,
  { connections, milliseconds }: { connections: number; milliseconds: number },
): Promise<Omit<Sample, 'round'>> {
  const token = await tokenFor(subject);
  const cpu = (): number => subject.pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
  const databaseCpu = (): number => (subject.databasePid === undefined ? 0 : cpuOfTree(subject.databasePid));
  const before = { machine: machineTimes(), cpu: cpu(), databaseCpu: databaseCpu() };
  const result = await ask(generator, {
    servers: subject.servers,
    connections,
    milliseconds,
    request: requestOf(operation, keyOf(0).length, token),
    keys:
      operation.keys === 'next'
        ? { first: FIRST_NEW_KEY + subject.used.keys, count: 1, order: 'next' }
        : { first: 0, count: subject.entries ?? 1, order: 'random' },
  });
  if (operation.keys === 'next') subject.used.keys += result.used;
  const cpuMs = cpu() - before.cpu;
  const databaseMs = databaseCpu() - before.databaseCpu;
  const noise = noiseBetween(before.machine, machineTimes(), cpuMs + databaseMs + result.cpuMs);
  return {
    subject: subject.name,
    entries: subject.entries,
    operation: operation.name,
    connections,
    answers: result.answers,
    perSecond: (result.answers / result.elapsedMs) * 1000,
    p50: result.p50,
    p99: result.p99,
    slowest: result.slowest,
    cpuPerRequest: (cpuMs * 1000) / result.answers,
    databaseCpuPerRequest: (databaseMs * 1000) / result.answers,
    ...noise,
  };
}

async function tokenFor(subject: Subject): Promise<string> {
  const [server] = subject.servers;
  // As long as a real one: reading the header is a part of what is compared.
  if (subject.entries === undefined) return 'x'.repeat(300);
  return (await signIn(`http://${server}`)).token ?? '';
}

/** What Coffer answers, for the others to answer the same. */
async function answerOf(coffers: readonly CofferSubject[], operation: Operation): Promise<string> {
  const [subject] = coffers;
  if (subject === undefined) throw new Error('nothing to measure');
  const key = keyOf(operation.keys === 'next' ? FIRST_NEW_KEY + subject.used.keys : 0);
  if (operation.keys === 'next') subject.used.keys += 1;
  const { method, path, body } = operation;
  const response = await fetch(`http://${subject.servers[0]}${path.replaceAll('{key}', key)}`, {
    method,
    headers: {
      authorization: `Bearer ${await tokenFor(subject)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body).replaceAll('{key}', key) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

type Baseline = Subject & { process: ChildProcess; setPayload(payload: string): Promise<void> };

async function baseline(name: 'node:http' | 'fastify'): Promise<Baseline> {
  const process = child('baseline.ts', name);
  const port = (await messageOf(process)) as number;
  return {
    name,
    entries: undefined,
    pids: [process.pid ?? 0],
    databasePid: undefined,
    servers: [`127.0.0.1:${port}`],
    used: { keys: 0 },
    process,
    setPayload: async (payload) => {
      process.send(payload);
      await messageOf(process);
    },
  };
}

function child(file: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args);
}

async function ask(generator: ChildProcess, request: Load): Promise<LoadResult> {
  generator.send(request);
  return (await messageOf(generator)) as LoadResult;
}

/** The next message of a child. Fails when it ends instead. */
async function messageOf(from: ChildProcess): Promise<unknown> {
  const settled = new AbortController();
  const on = async (event: string): Promise<unknown[]> =>
    (await once(from, event, { signal: settled.signal })) as unknown[];
  const ended = on('exit').then(() => undefined);
  const answered = on('message');
  for (const each of [ended, answered]) each.catch(() => undefined);
  try {
    const message = await Promise.race([ended, answered]);
    if (message === undefined) throw new Error('a process of the benchmark ended early: see above');
    return message[0];
  } finally {
    settled.abort();
  }
}

/** How long Node alone takes to start and end: no server can be there sooner. */
async function startNode(): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - startedAt;
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

function progress(text: string): void {
  console.error(text);
}
