import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../store/database.ts';
import { openSqlite, SQLITE_FILE } from '../store/sqlite.ts';
import { makeDataDir } from './data-dir.ts';

/** Vitest runs this around all tests on SQLite: the tables are made once. */
export async function setup(): Promise<() => void> {
  const directory = makeDataDir();
  const store = await openStore(openSqlite(directory));
  await store.close();
  process.env['TEST_SQLITE_TEMPLATE'] = join(directory, SQLITE_FILE);
  return () => rmSync(directory, { recursive: true, force: true });
}
