import { AppError, Redacted } from '@coffer/core';
import type { Clock } from '../clock.ts';
import { deriveInstanceKeys, findRootKeyOf } from '../keys/root-key.ts';
import type { RootKeys } from '../root-keys.ts';
import { appendToLog, draft } from '../services/audit-log.ts';
import { StartError } from '../start-error.ts';
import { removeAllTokens } from '../store/access-tokens.ts';
import type { StoreDialect } from '../store/dialect.ts';
import { fillStore, type Filling } from '../store/fill.ts';
import { findInstance } from '../store/instance.ts';
import { listRootKeys } from '../store/root-keys.ts';
import { SAVED_TABLES, type Rows, type SavedTable, type Value } from '../store/table-rows.ts';
import type { Opener } from './age.ts';
import { readBackupLines } from './backup-lines.ts';
import {
  checkSeal,
  damaged,
  decodeRow,
  parseHeader,
  parseManifest,
  parseTableLine,
  Tally,
  type BackupHeader,
  type Manifest,
} from './format.ts';

export type RestoreOrder = {
  path: string;
  opener: Opener;
  /** An empty database; called when nothing in the file or of the keys stands against it. */
  openDialect: () => Promise<StoreDialect>;
  clock: Clock;
  /** From the settings or the data directory. Undefined: there is none. */
  rootKeys: RootKeys | undefined;
  /** Only then, and where there is no other, the root key in the file is used: whoever made the file chose it. */
  included?: IncludedRootKey;
  /** Ends all access tokens: some may have been revoked after the backup. */
  endTokens: boolean;
  /** What this machine last saw of an instance, which gives way: goes on record. */
  seen?: Readonly<Record<string, string | number>>;
  signal?: AbortSignal;
};

/** What becomes of a root key that is in the file. */
export type IncludedRootKey = {
  /** Called before anything is read under it; fails to refuse it. */
  accept: (rootKey: Redacted<Buffer>, header: BackupHeader) => void;
  /** Called when all was checked, before anything can need it. */
  keep: (rootKey: Redacted<Buffer>) => void;
};

export type Restored = {
  header: BackupHeader;
  manifest: Manifest;
  rootKey: Redacted<Buffer>;
  /** Access tokens; undefined: none were to be ended. */
  tokensEnded: number | undefined;
};

/**
 * Makes an empty database what the backup holds: all of it, once all was checked, or nothing. Sessions do not come
 * back. Fails with a StartError that says what is wrong with the file, the key or the database.
 */
export async function restore(order: RestoreOrder): Promise<Restored> {
  const lines = new LineReader(readBackupLines(order.path, order.opener));
  try {
    const header = parseHeader(await lines.next());
    const rootKey = chooseRootKey(order, header);
    const { backupKey } = deriveInstanceKeys(rootKey, header.instance);
    return await fillStore(await order.openDialect(), async (filling) => {
      await filling.createTables(header.migrations);
      const manifest = await loadRows(lines, filling, { backupKey, signal: order.signal });
      await filling.complete();
      await checkInstance(filling, header);
      const tokensEnded = await begin(filling, order, header);
      if (order.rootKeys === undefined) order.included?.keep(rootKey);
      return { header, manifest, rootKey, tokensEnded };
    });
  } finally {
    await lines.close();
  }
}

/** One line at a time, and all of them counted. */
class LineReader {
  readonly tally = new Tally();
  readonly #lines: AsyncGenerator<string>;

  constructor(lines: AsyncGenerator<string>) {
    this.#lines = lines;
  }

  /** Fails with a StartError when there is none. The text is what the tally counts; the caller adds it. */
  async read(): Promise<{ text: string; content: unknown }> {
    const next = await this.#lines.next();
    if (next.done === true) throw damaged('its end is missing');
    try {
      return { text: next.value, content: JSON.parse(next.value) };
    } catch (cause) {
      throw damaged('a line is not JSON', cause);
    }
  }

  async next(): Promise<unknown> {
    const { text, content } = await this.read();
    this.tally.add(text);
    return content;
  }

  async isAtEnd(): Promise<boolean> {
    return (await this.#lines.next()).done === true;
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }
}

function chooseRootKey({ rootKeys: given, included }: RestoreOrder, header: BackupHeader): Redacted<Buffer> {
  const check = Buffer.from(header.root_key_check, 'base64');
  if (given !== undefined) {
    const rootKey = findRootKeyOf(given, header.instance, check);
    if (rootKey !== undefined) return rootKey;
    throw new StartError(
      'the root key is another one than that of this backup; give the key of the time when it was made',
    );
  }
  if (header.root_key === undefined) {
    throw new StartError(
      'the backup does not hold the root key: put root.key into the data directory, or set COFFER_ROOT_KEY',
    );
  }
  if (included === undefined) {
    throw new StartError(
      `there is no root key here, and that in the backup, which says that it is of ${header.instance}, says nothing of who made it: anyone can make such a file. Put root.key into the data directory, or set COFFER_ROOT_KEY; or, where you know that the file is your own, use --use-included-root-key`,
    );
  }
  const own = findRootKeyOf([new Redacted(Buffer.from(header.root_key, 'base64'))], header.instance, check);
  if (own === undefined)
    throw new StartError('the root key in the backup is not the one that it was made under');
  included.accept(own, header);
  return own;
}

const ROWS_AT_ONCE = 100;
const CHARACTERS_AT_ONCE = 8 * 1024 * 1024;

/** Up to the end of the backup: every table as the manifest says, and the seal. */
async function loadRows(
  lines: LineReader,
  filling: Filling,
  { backupKey, signal }: { backupKey: Buffer; signal: AbortSignal | undefined },
): Promise<Manifest> {
  const { tally } = lines;
  let table: { name: SavedTable; columns: readonly string[] } | undefined;
  let rows: Value[][] = [];
  let characters = 0;
  const flush = async (): Promise<void> => {
    if (table !== undefined && rows.length > 0)
      await insert(filling, table.name, { columns: table.columns, rows });
    rows = [];
    characters = 0;
  };
  for (;;) {
    const { text, content } = await lines.read();
    if (Array.isArray(content)) {
      if (table?.columns.length !== content.length) throw damaged('a row does not fit its table');
      tally.addRow(text);
      rows.push(decodeRow(content));
      characters += text.length;
      if (rows.length < ROWS_AT_ONCE && characters < CHARACTERS_AT_ONCE) continue;
      await flush();
      signal?.throwIfAborted();
      continue;
    }
    await flush();
    tally.add(text);
    const manifest = parseManifest(content);
    if (manifest !== undefined) return await finish(lines, manifest, backupKey);
    const { table: name, columns } = parseTableLine(content);
    const known = SAVED_TABLES.find((saved) => saved === name);
    if (known === undefined) throw damaged('it has a table that is not known');
    if (!tally.begin(known)) throw damaged(`the table ${known} comes twice`);
    table = { name: known, columns };
  }
}

/** A row that its table does not take is the fault of the file: the tables are ours. */
async function insert(filling: Filling, table: SavedTable, rows: Rows): Promise<void> {
  try {
    await filling.insert(table, rows);
  } catch (error) {
    if (error instanceof AppError || error instanceof StartError) throw error;
    throw damaged(`the table ${table} does not take one of its rows`, error);
  }
}

async function finish(lines: LineReader, manifest: Manifest, backupKey: Buffer): Promise<Manifest> {
  const { tally } = lines;
  tally.end();
  for (const table of new Set([...Object.keys(manifest), ...Object.keys(tally.manifest)])) {
    const expected = manifest[table];
    const found = tally.manifest[table];
    if (found === undefined ? expected?.rows !== 0 : expected?.sha256 !== found.sha256)
      throw damaged(`the table ${table} is not as its manifest says`);
  }
  const seal = tally.seal(backupKey);
  checkSeal(seal, (await lines.read()).content);
  if (!(await lines.isAtEnd())) throw damaged('something follows its end');
  return manifest;
}

/** After the migrations: a backup of before them keeps the check in another table. */
async function checkInstance({ tx }: Filling, header: BackupHeader): Promise<void> {
  const instance = await findInstance(tx);
  const current = (await listRootKeys(tx)).find(({ state }) => state === 'current');
  const check = Buffer.from(current?.keyCheck ?? []).toString('base64');
  if (instance?.id !== header.instance || check !== header.root_key_check)
    throw damaged('its header is of another instance than its contents');
}

/** The instance begins anew: what has happened to it is the first that is on record. Answers with the ended tokens. */
async function begin(
  { tx }: Filling,
  { clock, endTokens, seen }: RestoreOrder,
  header: BackupHeader,
): Promise<number | undefined> {
  const tokensEnded = endTokens ? await removeAllTokens(tx) : undefined;
  const origin = { ip: '', requestId: 'restore', userAgent: '' };
  await appendToLog(tx, clock, [
    draft(origin, undefined, {
      type: 'instance_restore',
      object: header.instance,
      details: {
        made_at: header.created_at,
        engine: header.engine,
        records: header.audit.size,
        tokens_ended: endTokens,
        ...seen,
      },
    }),
  ]);
  return tokensEnded;
}
