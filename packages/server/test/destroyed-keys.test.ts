import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { runAdminHere } from '../src/testing/admin.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { ENGINE, ENGINES } from '../src/testing/engines.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';

const ROTATE = ['rotate', 'root-key'];

/** As `destroyDataKey` leaves a key, as far as each statement goes. */
const MARKS = {
  'its wrapped bytes are there': sql`update data_key set root_key_id = ${Buffer.alloc(16)}`,
  'it still seals': sql`update data_key set root_key_id = ${Buffer.alloc(16)}, wrapped = ${Buffer.alloc(77)}`,
  'something is sealed under it': sql`update data_key set root_key_id = ${Buffer.alloc(16)}, wrapped = ${Buffer.alloc(77)}, state = 'retired', replaced_at = 1`,
};

async function rotateToTheEnd({ dataDir }: TestServer) {
  const first = await runAdminHere(ROTATE, { dataDir });
  return ENGINE === 'postgres' ? await runAdminHere([...ROTATE, '--distributed'], { dataDir }) : first;
}

describe.each(ENGINES)('a data key that names no root key of the database, on %s', () => {
  test('is not taken for one of a rotation: the start says that the database was altered', async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    {
      await using server = await startTestServer({ dataDir });
      const root = await server.setUp();
      await root.ok('vault_create', { project_id: await server.project(root), key: 'A', value: 'x' });
      await server.app.context.store.db
        .updateTable('data_key')
        .set({ root_key_id: Buffer.alloc(16, 7) })
        .execute();
    }
    const line = 'the database was altered: 1 data keys name a root key that it does not have';
    await expect(startTestServer({ dataDir })).rejects.toThrow(line);
    expect(await runAdminHere(ROTATE, { dataDir })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(line),
    });
  });
});

describe.each(ENGINES)('a data key that was marked as destroyed, and was not, on %s', () => {
  test.each(Object.entries(MARKS))('where %s: the old root key stays, and it is named', async (_, mark) => {
    await using server = await startTestServer();
    const { dataDir } = server;
    const root = await server.setUp();
    await root.ok('vault_create', { project_id: await server.project(root), key: 'A', value: 'x' });
    const { db } = server.app.context.store;
    const { id, root_key_id } = await db.selectFrom('data_key').selectAll().executeTakeFirstOrThrow();
    await mark.execute(db);
    const { code, stderr } = await rotateToTheEnd(server);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`do not open: ${id}\n`) });
    expect(stderr).not.toContain('Done');
    expect(readFileSync(join(dataDir, 'root.key'), 'utf8').trim().split('\n')).toHaveLength(2);
    const verified = await runAdminHere(['audit', 'verify', '--json'], { dataDir });
    expect(verified.code).toBe(1);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      difference: 'missing',
      project_id: 'project_1',
      environment: 'default',
      key: 'A',
      version: 1,
      message: expect.stringContaining(id),
    });
    if (_ !== 'its wrapped bytes are there') return;
    // Nothing was lost: put right, the rotation comes to its end.
    await db.updateTable('data_key').set({ root_key_id }).execute();
    expect(await runAdminHere(ROTATE, { dataDir })).toMatchObject({ code: 0 });
    expect(await runAdminHere(['audit', 'verify'], { dataDir })).toMatchObject({ code: 0 });
  });

  test('with nothing under it is named as well', async () => {
    await using server = await startTestServer();
    const { dataDir } = server;
    const root = await server.setUp();
    const project_id = await server.project(root);
    await root.ok('vault_create', { project_id, key: 'A', value: 'x' });
    await root.ok('vault_delete', { project_id, key: 'A' });
    const { db } = server.app.context.store;
    const { id } = await db.selectFrom('data_key').select('id').executeTakeFirstOrThrow();
    await MARKS['its wrapped bytes are there'].execute(db);
    expect(await rotateToTheEnd(server)).toMatchObject({ code: 1, stderr: expect.stringContaining(id) });
    expect(await runAdminHere(['audit', 'verify'], { dataDir })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(id),
    });
  });
});
