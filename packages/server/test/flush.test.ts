import {
  fdatasync,
  fstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { appendToLog, draft } from '../src/services/audit-log.ts';
import { getAuditHead } from '../src/store/audit.ts';
import { openStore } from '../src/store/database.ts';
import { fillStore } from '../src/store/fill.ts';
import { SqliteFlusher } from '../src/store/sqlite-flusher.ts';
import { openSqlite, SQLITE_FILE } from '../src/store/sqlite.ts';
import { runAdminHere } from '../src/testing/admin.ts';
import type { Client } from '../src/testing/client.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';

/** What the operating system is asked to put on disk, and when it says that it has. */
type Flush = (file: number, done: (error: NodeJS.ErrnoException | null) => void) => void;

vi.mock('node:fs', async (original) => {
  const actual = await original<Record<string, unknown>>();
  return { ...actual, fdatasync: vi.fn<Flush>(actual['fdatasync'] as Flush) };
});

const flush = vi.mocked(fdatasync) as unknown as ReturnType<typeof vi.fn<Flush>>;
const realFlush = flush.getMockImplementation() as Flush;

beforeEach(() => void flush.mockReset().mockImplementation(realFlush));

/** From now on nothing is on disk until it is let through. */
function hold(): { letThrough: () => void; failing: (error: Error) => void; readonly held: number } {
  let waiting: Parameters<Flush>[] = [];
  flush.mockImplementation((...call) => void waiting.push(call));
  const answer = (error: Error | null): void => {
    const calls = waiting;
    waiting = [];
    for (const [, done] of calls) done(error);
  };
  return {
    letThrough: () => answer(null),
    failing: (error) => answer(error),
    get held() {
      return waiting.length;
    },
  };
}

const PROJECT = { project_id: 'shop' };
const KEY = { ...PROJECT, key: 'A' };

async function fill(server: TestServer): Promise<Client> {
  const root = await server.setUp();
  await root.ok('project_create', { id: 'shop', name: 'Shop', api_path: '/shop' });
  await root.ok('vault_create', { ...KEY, value: 'one' });
  return root;
}

/** Whether it is answered, once it has had the time that the others took. */
function watched<T>(answer: Promise<T>): { readonly isAnswered: boolean; answer: Promise<T> } {
  const seen = { isAnswered: false, answer };
  const isNow = (): void => void (seen.isAnswered = true);
  answer.then(isNow, isNow);
  return seen;
}

describe('the flusher (SQLite)', () => {
  function flusherOf(directory: string): SqliteFlusher {
    const path = join(directory, 'log');
    writeFileSync(path, '');
    return new SqliteFlusher(path);
  }

  test('who asks later waits for a flush that begins later, together with others who do', async () => {
    using directory = temporaryDirectory();
    const flusher = flusherOf(directory.path);
    const disk = hold();
    const first = flusher.flush();
    await expect.poll(() => disk.held).toBe(1);
    const second = flusher.flush();
    await expect.poll(() => disk.held).toBe(2);
    // The system tells of a failure once for each file that is open.
    const files = flush.mock.calls.map(([file]) => file);
    expect(new Set(files).size).toBe(2);
    // No more than two at once; and those that are under way may have missed what these have committed.
    const later = [1, 2, 3].map(() => watched(flusher.flush()));
    await sleep(10);
    expect(flush).toHaveBeenCalledTimes(2);
    disk.letThrough();
    await Promise.all([first, second]);
    await expect.poll(() => disk.held).toBe(1);
    expect(later.map(({ isAnswered }) => isAnswered)).toEqual([false, false, false]);
    disk.letThrough();
    await Promise.all(later.map(async ({ answer }) => await answer));
    expect(flush).toHaveBeenCalledTimes(3);
    await flusher.close();
  });

  test('a flush that failed was the last', async () => {
    using directory = temporaryDirectory();
    const flusher = flusherOf(directory.path);
    const disk = hold();
    const first = flusher.flush();
    await expect.poll(() => disk.held).toBe(1);
    const lost = [first, flusher.flush()];
    await expect.poll(() => disk.held).toBe(2);
    lost.push(flusher.flush());
    disk.failing(Object.assign(new Error('EIO'), { code: 'EIO' }));
    for (const answer of lost) await expect(answer).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(flusher.flush()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(() => flusher.check()).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
    expect(flush).toHaveBeenCalledTimes(2);
    await flusher.close();
  });

  test('needs nothing more of the system once it has begun', async () => {
    using directory = temporaryDirectory();
    const flusher = flusherOf(directory.path);
    await flusher.flush();
    // Then none could be opened any more.
    rmSync(join(directory.path, 'log'));
    const disk = hold();
    const first = flusher.flush();
    await expect.poll(() => disk.held).toBe(1);
    const second = flusher.flush();
    await expect.poll(() => disk.held).toBe(2);
    disk.letThrough();
    await Promise.all([first, second]);
    await flusher.close();
  });

  test('closing waits for what is under way', async () => {
    using directory = temporaryDirectory();
    const flusher = flusherOf(directory.path);
    const disk = hold();
    const last = flusher.flush();
    await expect.poll(() => disk.held).toBe(1);
    const closed = watched(flusher.close());
    await sleep(10);
    expect(closed.isAnswered).toBe(false);
    disk.letThrough();
    await last;
    await closed.answer;
  });
});

describe('nothing is answered before it is on disk (SQLite)', () => {
  const CALLS = [
    ['a read', 'vault_fetch_one', KEY],
    ['a change', 'vault_update', { ...KEY, value: 'two' }],
    ['a refusal', 'vault_fetch_one', { ...PROJECT, key: 'NOT_THERE' }],
    // It has no record of its own, and shows what was committed.
    ['a look at oneself', 'user_me', {}],
    ['a list of projects', 'project_fetch', {}],
    // These are on record only when they are refused.
    ['a look at a project', 'project_fetch_one', PROJECT],
    ['a list of users', 'user_fetch', {}],
    ['a list of routes', 'route_fetch', PROJECT],
  ] as const;

  test.for(CALLS)('%s', async ([, id, input]) => {
    await using server = await startTestServer();
    const root = await fill(server);
    await server.app.context.savedHead.stop();
    const disk = hold();
    const call = watched(root.call(id, input));
    await expect.poll(() => disk.held).toBe(1);
    // The process is not held up, and this needs no disk.
    for (let times = 0; times < 20; times += 1) expect((await root.call('health')).status).toBe(200);
    expect(call.isAnswered).toBe(false);
    const ended = setInterval(disk.letThrough, 1);
    await call.answer;
    clearInterval(ended);
    flush.mockImplementation(realFlush);
  });

  test('a snapshot, which becomes a backup or a report', async () => {
    await using server = await startTestServer();
    await fill(server);
    await server.app.context.savedHead.stop();
    const disk = hold();
    const look = watched(server.app.context.store.snapshot(async () => 'looked'));
    await expect.poll(() => disk.held).toBe(1);
    expect(look.isAnswered).toBe(false);
    disk.letThrough();
    await look.answer;
    flush.mockImplementation(realFlush);
  });

  test('the head that `audit accept` saves, where another process writes meanwhile', async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    await (await startTestServer({ dataDir })).stop();
    const headFile = join(dataDir, 'audit-head');
    writeFileSync(headFile, 'damaged');
    const other = await openStore(openSqlite(dataDir));
    const size = async (): Promise<number> => (await getAuditHead(other.db)).frontier.size;
    const before = await size();
    const record = draft({ ip: '', requestId: 'other', userAgent: '' }, undefined, { type: 'user_logout' });
    // Behind the flush of what `accept` committed comes another commit.
    let isPassed = false;
    flush.mockImplementation((file, done) => {
      void (async () => {
        if (!isPassed && (await size()) > before) {
          isPassed = true;
          await other.transaction(async (tx) => await appendToLog(tx, Date.now, [record]));
        }
        realFlush(file, done);
      })();
    });
    expect(await runAdminHere(['audit', 'accept'], { dataDir })).toMatchObject({ code: 0 });
    expect(await size()).toBe(before + 2);
    expect(JSON.parse(readFileSync(headFile, 'utf8'))).toMatchObject({ size: before + 1 });
    await other.close();
  });

  test('what is restored', async () => {
    using directory = temporaryDirectory();
    const disk = hold();
    const filled = watched(fillStore(openSqlite(directory.path), async () => 'filled'));
    await expect.poll(() => disk.held).toBe(1);
    expect(filled.isAnswered).toBe(false);
    disk.failing(new Error('EIO'));
    await expect(filled.answer).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('where the database file is a link, it is its own log that is put on disk', async () => {
    using directory = temporaryDirectory();
    const [dataDir, elsewhere] = [join(directory.path, 'data'), join(directory.path, 'elsewhere')];
    await (await startTestServer({ dataDir })).stop();
    mkdirSync(elsewhere);
    renameSync(join(dataDir, SQLITE_FILE), join(elsewhere, 'moved.db'));
    symlinkSync(join(elsewhere, 'moved.db'), join(dataDir, SQLITE_FILE));
    // Left there by the one that was moved.
    writeFileSync(join(dataDir, `${SQLITE_FILE}-wal`), '');
    await using server = await startTestServer({ dataDir });
    await fill(server);
    const flushed = new Set(flush.mock.calls.slice(-2).map(([file]) => fstatSync(file).ino));
    expect(flushed).toEqual(new Set([statSync(join(elsewhere, 'moved.db-wal')).ino]));
  });

  test('after a loss of power all is there that was answered', async () => {
    await using server = await startTestServer();
    const root = await fill(server);
    const files = [SQLITE_FILE, `${SQLITE_FILE}-wal`];
    /** What is on disk for certain: what was in the files when the last flush that is done began. */
    let onDisk: Buffer[] = [];
    flush.mockImplementation((file, done) => {
      const begun = files.map((name) => readFileSync(join(server.dataDir, name)));
      setTimeout(() => {
        realFlush(file, (error) => {
          onDisk = begun;
          done(error);
        });
      }, 2);
    });
    const requestIds: string[] = [];
    const cuts: { onDisk: Buffer[]; answered: number }[] = [];
    await Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        for (let step = 0; step < 15; step += 1) {
          const answer =
            step % 3 === 0
              ? await root.call('vault_create', { ...PROJECT, key: `K_${worker}_${step}`, value: 'x' })
              : await root.call('vault_fetch_one', KEY);
          expect(answer.status).toBeLessThan(300);
          requestIds.push(answer.headers.get('x-request-id') ?? '');
          cuts.push({ onDisk, answered: requestIds.length });
        }
      }),
    );
    expect(requestIds).toHaveLength(120);
    using directory = temporaryDirectory();
    for (const cut of cuts) {
      files.forEach((name, index) =>
        writeFileSync(join(directory.path, name), cut.onDisk[index] ?? Buffer.alloc(0)),
      );
      const database = new Database(join(directory.path, SQLITE_FILE));
      const bodies = database.prepare('select body from audit_entry').pluck().all() as string[];
      database.close();
      const recorded = new Set(bodies.map((body) => (JSON.parse(body) as { request_id: string }).request_id));
      expect(requestIds.slice(0, cut.answered).filter((id) => !recorded.has(id))).toEqual([]);
    }
  });

  test('a disk that fails: no value, no change is confirmed, and a new start has what it kept', async () => {
    using directory = temporaryDirectory();
    {
      await using server = await startTestServer({ dataDir: directory.path });
      const root = await fill(server);
      await server.app.context.savedHead.stop();
      const disk = hold();
      const failing = setInterval(() => disk.failing(new Error('EIO')), 1);
      expect((await root.call('vault_update', { ...KEY, value: 'two' })).status).toBe(503);
      clearInterval(failing);
      flush.mockImplementation(realFlush);
      const ready = await root.call('ready');
      expect(ready.status).toBe(503);
      expect(ready.body.detail).toMatch(/the disk failed to keep what was written/);
      for (const [, id, input] of CALLS) {
        const { status, body } = await root.call(id, input);
        expect(status).toBe(503);
        expect(JSON.stringify(body)).not.toMatch(/"(one|two)"/);
      }
      expect((await root.call('health')).status).toBe(200);
      // Its log cannot be looked at any more either.
      await server.stop();
    }
    await using again = await startTestServer({ dataDir: directory.path });
    const root = again.anonymous();
    await root.signIn('user_login', { auth_data: 'root', password: 'violet-anchor-pebble-41' });
    const { vault } = await root.ok('vault_fetch_one', KEY);
    expect(['one', 'two']).toContain(vault.value);
  });
});
