import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProjectId, UserId } from '@coffer/core';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore, type Store } from './database.ts';
import { findMembership } from './projects.ts';
import { openSqlite } from './sqlite.ts';

const SHOP = 'shop' as ProjectId;
const ADA = 'usr_0' as UserId;
const THERE = { projectExists: true, isMember: false };
const NOT_THERE = { projectExists: false, isMember: false };

const INSERT = `insert into project (id, name, description, api_path, search, first_event, created_at)
  values ('shop', 'Shop', '', '/shop', 'SHOP', 0, 0)`;

describe('a prepared statement (SQLite)', () => {
  let directory: string;
  let store: Store;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coffer-store-'));
    store = await openStore(openSqlite(directory));
  });

  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  async function insertShop(db: Pick<Store, 'db'>['db']): Promise<void> {
    await db
      .insertInto('project')
      .values({
        id: SHOP,
        name: 'Shop',
        description: '',
        api_path: '/shop',
        search: 'SHOP',
        first_event: 0,
        created_at: 0,
      })
      .execute();
  }

  test("reads what its own transaction wrote, and what another's wrote only once that is committed", async () => {
    const written = Promise.withResolvers<void>();
    const looked = Promise.withResolvers<void>();
    const change = store.transaction(async (tx) => {
      await insertShop(tx);
      expect(await findMembership(tx, SHOP, ADA)).toEqual(THERE);
      written.resolve();
      await looked.promise;
    });
    await written.promise;
    let seen: unknown;
    const outside = findMembership(store.db, SHOP, ADA).then((found) => (seen = found));
    await new Promise(setImmediate);
    expect(seen).toBeUndefined();
    looked.resolve();
    await change;
    expect(await outside).toEqual(THERE);
  });

  test('never sees what was rolled back', async () => {
    const written = Promise.withResolvers<void>();
    const change = store.transaction(async (tx) => {
      await insertShop(tx);
      written.resolve();
      await new Promise(setImmediate);
      throw new Error('no');
    });
    await written.promise;
    const outside = findMembership(store.db, SHOP, ADA);
    await expect(change).rejects.toThrow('no');
    expect(await outside).toEqual(NOT_THERE);
  });

  test('sees in the next turn of the event loop what another program committed', async () => {
    const other = new Database(join(directory, 'coffer.db'));
    expect(await findMembership(store.db, SHOP, ADA)).toEqual(NOT_THERE);
    other.exec(INSERT);
    other.close();
    await new Promise(setImmediate);
    expect(await findMembership(store.db, SHOP, ADA)).toEqual(THERE);
  });

  test('sees at once what this program committed, in the same turn', async () => {
    expect(await findMembership(store.db, SHOP, ADA)).toEqual(NOT_THERE);
    await store.transaction(insertShop);
    expect(await findMembership(store.db, SHOP, ADA)).toEqual(THERE);
  });

  test('does not hold the store open, nor keep the write-ahead log from being emptied', async () => {
    await store.transaction(insertShop);
    expect(await findMembership(store.db, SHOP, ADA)).toEqual(THERE);
    expect(await store.purge()).toBe(true);
    await findMembership(store.db, SHOP, ADA);
    await store.close();
  });

  test('is not planned anew for other values: no condition and no limit is a bare parameter', () => {
    const { sql } = store.db
      .selectFrom('session')
      .innerJoin('user', 'user.uid', 'session.uid')
      .select('session.id')
      .where('session.id', '=', 'ses')
      .where('user.search', 'like', '%a%')
      .limit(10)
      .offset(20)
      .compile();
    expect(sql.match(/\?/g)).toHaveLength(4);
    expect(sql.match(/coalesce\(\?, null\)/g)).toHaveLength(4);
  });
});
