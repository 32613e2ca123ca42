import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { randomBytes } from 'node:crypto';
import type { startApp } from '../packages/server/src/app.ts';
import type { readConfig } from '../packages/server/src/config/config.ts';
import type { createLogger } from '../packages/server/src/logger.ts';
import type { Caller } from '../packages/server/src/services/actor.ts';
import type { draft } from '../packages/server/src/services/audit-log.ts';
import type { Context } from '../packages/server/src/services/context.ts';
import { Client } from '../packages/server/src/testing/client.ts';
import { formatId, type EntryId, type EntryKey, type EnvironmentId, type ProjectId } from '@coffer/core';
import { keyOf } from './generator.ts';

/** A built Coffer, filled with entries and run as an administrator would run it. */

export const PROJECT = 'bench';
/** What is created while measuring goes elsewhere, so that the number of entries stays what it is said to be. */
export const PROJECT_OF_NEW = 'bench_new';
const USERNAME = 'bench';
const PASSWORD = 'violet-anchor-pebble-41';
const PER_TRANSACTION = 5000;
/** Below the number of parameters that a statement may have. */
const PER_STATEMENT = 500;
const VALUE = 'x'.repeat(200);

/** Settings of the instance: where its database is. */
export type Settings = Readonly<Record<string, string>>;

/** The environment of the server: settings of whoever runs the benchmark stay out. */
function environmentOf(settings: Settings): Record<string, string> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('COFFER_')),
  );
  return {
    ...inherited,
    COFFER_PORT: '0',
    COFFER_ROOT_USERNAME: USERNAME,
    COFFER_ROOT_EMAIL: 'bench@example.org',
    COFFER_ROOT_PASSWORD: PASSWORD,
    ...settings,
  };
}

/** Makes an instance with one project that has so many entries, each with its record in the log as if it were created over HTTP. */
export async function fill(build: string, settings: Settings, entries: number): Promise<void> {
  const load = async (file: string): Promise<unknown> =>
    await import(pathToFileURL(join(build, 'packages/server/src', file)).href);
  const server = {
    ...((await load('app.ts')) as { startApp: typeof startApp }),
    ...((await load('config/config.ts')) as { readConfig: typeof readConfig }),
    ...((await load('logger.ts')) as { createLogger: typeof createLogger }),
    ...((await load('services/audit-log.ts')) as { draft: typeof draft }),
  };
  const own = Object.entries(environmentOf(settings)).filter(([name]) => name.startsWith('COFFER_'));
  const app = await server.startApp({
    config: server.readConfig(Object.fromEntries(own)),
    log: server.createLogger('warn', process.stderr),
  });
  try {
    const client = new Client(app.url);
    await client.signIn('user_login', { auth_data: USERNAME, password: PASSWORD });
    await client.ok('project_create', { id: PROJECT, name: 'Bench', api_path: '/bench' });
    await client.ok('project_create', { id: PROJECT_OF_NEW, name: 'New', api_path: '/new' });
    for (let first = 0; first < entries; first += PER_TRANSACTION) {
      const count = Math.min(PER_TRANSACTION, entries - first);
      await insertEntries(app.context, server.draft, { uid: client.uid, first, count });
    }
  } finally {
    await app.stop();
  }
}

async function insertEntries(
  { store, audit, cipher, clock }: Context,
  makeDraft: typeof draft,
  { uid, first, count }: { uid: string; first: number; count: number },
): Promise<void> {
  const createdAt = clock();
  const author = { created_by_uid: uid, created_by_username: USERNAME };
  const place = { projectId: PROJECT as ProjectId, environment: 'default' as EnvironmentId };
  const origin = { ip: '127.0.0.1', requestId: 'req_bench', userAgent: '' };
  const plain = { value: Buffer.from(VALUE), comment: Buffer.alloc(0) };
  await store.transaction(async (tx) => {
    for (let begin = first; begin < first + count; begin += PER_STATEMENT) {
      const rows = [];
      for (let index = begin; index < Math.min(begin + PER_STATEMENT, first + count); index += 1) {
        const id: EntryId = formatId('ent', randomBytes(16));
        const sealed = await cipher.seal(tx, { ...place, entryId: id, version: 1 }, plain);
        rows.push({ id, key: keyOf(index) as EntryKey, sealed });
      }
      await tx
        .insertInto('entry')
        .values(
          rows.map(({ id, key }) => ({
            id,
            project_id: place.projectId,
            environment: place.environment,
            key,
            version: 1,
            created_at: createdAt,
            ...author,
          })),
        )
        .execute();
      const ids = await tx
        .insertInto('ciphertext')
        .values(
          rows.map(({ sealed }) => ({
            value_sealed: sealed.valueSealed,
            comment_sealed: sealed.commentSealed,
          })),
        )
        .returning('id')
        .execute();
      const inOrder = ids.map(({ id }) => id).toSorted((a, b) => a - b);
      await tx
        .insertInto('entry_version')
        .values(
          rows.map(({ id, sealed }, index) => ({
            entry_id: id,
            version: 1,
            data_key_id: sealed.dataKeyId,
            ciphertext_id: inOrder[index] ?? 0,
            created_at: createdAt,
            ...author,
          })),
        )
        .execute();
      const actor = { uid, username: USERNAME } as Caller['actor'];
      await audit.append(
        tx,
        ...rows.map(({ key }) =>
          makeDraft(origin, actor, {
            type: 'vault_create',
            project: PROJECT,
            environment: 'default',
            object: key,
            details: { version: 1 },
          }),
        ),
      );
    }
  });
}

/** A running server and what it took to get there. */
export type Running = {
  child: ChildProcess;
  pid: number;
  url: string;
  /** From the start of the process to its first answer. */
  firstAnswerMs: number;
};

const READY = /^Coffer \S+ is ready at (\S+)$/m;

/** The log goes nowhere, but is written. Resolves after the first answer. */
export async function start(build: string, settings: Settings): Promise<Running> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(build, 'packages/server/dist/main.js')], {
    env: environmentOf(settings),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const failed = once(child, 'exit').then(() => undefined);
  let said = '';
  const url = await Promise.race([
    failed,
    new Promise<string>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const [, found] = READY.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
    }),
  ]);
  if (url === undefined || child.pid === undefined) throw new Error(`the server did not start: ${said}`);
  await (await fetch(`${url}/health`)).arrayBuffer();
  return { child, pid: child.pid, url, firstAnswerMs: performance.now() - startedAt };
}

/** Tokens live for minutes: sign in before each round. */
export async function signIn(url: string): Promise<Client> {
  const client = new Client(url);
  await client.signIn('user_login', { auth_data: USERNAME, password: PASSWORD });
  return client;
}

export async function stop({ child }: Pick<Running, 'child'>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
