import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AuditEntry } from '@coffer/core';
import { verifyVault } from '../../packages/server/src/services/vault-verification.ts';
import type { Store } from '../../packages/server/src/store/database.ts';
import type { Answer, Client } from '../../packages/server/src/testing/client.ts';

export const PROJECT = { project_id: 'shop' };

/** What an entry is; undefined: there is none. */
export type State = { value: string; version: number } | undefined;

/** What a journal has checked so far, for whoever wants to know that it was something. */
export type Checked = {
  writes: number;
  reads: number;
  /** Changes of which nobody knew whether they were made. */
  unknown: number;
  /** Versions that several wanted to make. */
  contended: number;
  records: number;
  /** The longest that a request took to be answered, with anything. */
  longestMs: number;
};

/** What was true at some moment of a stretch of time: see `Journal.remember`. */
export type Memory = {
  /** What an entry was at its begin, and all that it may have become since. */
  states: Map<string, State[]>;
  /** Of requests that were answered before its begin. */
  requestIds: readonly string[];
  /** Values of contended entries, by key and version, that were answered before its begin. */
  wins: ReadonlyMap<string, string>;
};

/** Entries that are nobody's own: whoever knows their version may update them. */
export const CONTENDED = ['RACE_0', 'RACE_1'] as const;

/**
 * What was answered, kept outside of the servers: it must be there whatever happens to them. What was begun and not
 * answered, or answered with 503, is done or not done, and nothing between.
 */
export class Journal {
  /** As the last answer has it. */
  readonly entries = new Map<string, State>();
  /** What entries would be if that was done of which nobody knows. */
  readonly unknown = new Map<string, State>();
  answered = 0;
  readonly checked: Checked = { writes: 0, reads: 0, unknown: 0, contended: 0, records: 0, longestMs: 0 };
  /** How many values each answered read gave out, and what each answered change was, by request id. */
  readonly #reads = new Map<string, number>();
  readonly #writes = new Map<string, string>();
  /** Who made which version of a contended entry. */
  readonly #wins = new Map<string, string>();
  #memory: Memory | undefined;
  #settled = 0;
  #log = { size: 0, digest: digestOf([]) };

  /** On an instance that has only just been set up. */
  static async begin(client: Client): Promise<Journal> {
    await client.ok('project_create', { id: PROJECT.project_id, name: 'Shop', api_path: '/shop' });
    for (const key of CONTENDED) await client.ok('vault_create', { ...PROJECT, key, value: 'nobody' });
    return new Journal();
  }

  /** Something is about to be done, and nobody knows yet whether it will be. */
  attempts(key: string, after: State): void {
    this.unknown.set(key, after);
    if (this.#memory === undefined) return;
    const { states } = this.#memory;
    const before = states.get(key) ?? [this.entries.get(key)];
    states.set(key, [...before, after]);
  }

  /** What is copied from the instance while `work` runs is of a moment between its begin and its end. */
  async remember(work: () => Promise<void>): Promise<Memory> {
    const keys = new Set([...this.entries.keys(), ...this.unknown.keys()]);
    const statesOf = (key: string): State[] =>
      this.unknown.has(key) ? [this.entries.get(key), this.unknown.get(key)] : [this.entries.get(key)];
    const memory: Memory = {
      states: new Map([...keys].map((key) => [key, statesOf(key)])),
      requestIds: [...this.#reads.keys(), ...this.#writes.keys()],
      wins: new Map(this.#wins),
    };
    this.#memory = memory;
    try {
      await work();
    } finally {
      this.#memory = undefined;
    }
    return memory;
  }

  read(answer: Answer, values: number): void {
    this.#reads.set(requestIdOf(answer), values);
    this.checked.reads += 1;
  }

  changed(answer: Answer, type: string): void {
    this.#writes.set(requestIdOf(answer), type);
    this.checked.writes += 1;
  }

  took(ms: number): void {
    this.checked.longestMs = Math.max(this.checked.longestMs, Math.ceil(ms));
  }

  /** Of those who saw the same version one may win. */
  won(key: string, version: number, value: string): void {
    const place = `${key} ${version}`;
    assert.equal(this.#wins.get(place), undefined, `version ${version} of ${key} was given to two`);
    this.#wins.set(place, value);
  }

  /** Holds an instance on which nobody else works against the journal. From then on, what was not known is as it is. */
  async check(client: Client, store: Store): Promise<void> {
    // Changes come one after the other: what was under way before this one is done, or never will be.
    this.#settled += 1;
    const marker = { key: `SETTLED_${this.#settled}`, value: 'settled' };
    this.changed(await succeed(client, 'vault_create', { ...PROJECT, ...marker }), 'vault_create');
    this.entries.set(marker.key, { value: marker.value, version: 1 });
    const found = await this.#readAll(client);
    this.#checkEntries(found);
    await this.#checkWins(client);
    await this.#checkLog(store, found);
    this.checked.unknown += this.unknown.size;
    for (const key of [...this.entries.keys(), ...this.unknown.keys()]) this.entries.set(key, found.get(key));
    this.unknown.clear();
  }

  async #readAll(client: Client): Promise<Map<string, NonNullable<State>>> {
    const found = new Map<string, NonNullable<State>>();
    for (let offset = 0; ; offset += 100) {
      const answer = await succeed(client, 'vault_fetch', { ...PROJECT, values: true, limit: 100, offset });
      const vaults = answer.body.vaults as { key: string; value: string; version: number }[];
      if (vaults.length > 0) this.read(answer, vaults.length);
      for (const { key, value, version } of vaults) found.set(key, { value, version });
      if (vaults.length < 100) return found;
    }
  }

  #checkEntries(found: Map<string, NonNullable<State>>): void {
    for (const key of new Set([...found.keys(), ...this.entries.keys(), ...this.unknown.keys()])) {
      if ((CONTENDED as readonly string[]).includes(key)) continue;
      const before = this.entries.get(key);
      const possible = this.unknown.has(key) ? [before, this.unknown.get(key)] : [before];
      const is = found.get(key);
      assert.ok(
        possible.some((state) => isSame(state, is)),
        `${key} is ${show(is)}, and should be ${possible.map(show).join(' or ')}`,
      );
    }
  }

  /** Each version of a contended entry has the value of the one who was told that they made it. */
  async #checkWins(client: Client): Promise<void> {
    for (const [place, value] of this.#wins) {
      const [key, version] = place.split(' ');
      const answer = await succeed(client, 'vault_fetch_one', { ...PROJECT, key, version });
      this.read(answer, 1);
      assert.equal(answer.body.vault.value, value, `version ${version} of ${key} is not what was answered`);
      this.checked.contended += 1;
    }
    this.#wins.clear();
  }

  /**
   * The log is whole and names each ciphertext, begins with what it was at the last check, has a record for every value that was given out and every
   * change that was answered, and tells of the changes that the entries have seen, no more and no less.
   */
  async #checkLog({ db }: Store, found: Map<string, NonNullable<State>>): Promise<void> {
    const { size } = await verifyVault(db);
    const rows = await db.selectFrom('audit_entry').select('body').orderBy('idx').execute();
    const bodies = rows.map(({ body }) => body);
    assert.equal(bodies.length, size);
    assert.ok(size > this.#log.size, 'the log did not grow');
    assert.equal(
      digestOf(bodies.slice(0, this.#log.size)),
      this.#log.digest,
      'what was on record has changed',
    );
    this.#log = { size, digest: digestOf(bodies) };
    this.checked.records = size;

    const records = new Map<string, string[]>();
    const versions = new Map<string, number>();
    for (const body of bodies) {
      const { request_id: id, type, outcome, object, project_id: project } = JSON.parse(body) as AuditEntry;
      if (outcome !== 'success') continue;
      records.set(id ?? '', [...(records.get(id ?? '') ?? []), type]);
      if (project !== PROJECT.project_id) continue;
      if (type === 'vault_create' || type === 'vault_update')
        versions.set(object ?? '', (versions.get(object ?? '') ?? 0) + 1);
      if (type === 'vault_delete') versions.delete(object ?? '');
    }
    const ofEntries = new Map([...found].map(([key, { version }]) => [key, version]));
    assert.deepEqual(sorted(versions), sorted(ofEntries), 'the log tells of other changes than were made');
    assert.deepEqual(sorted(await versionsOf(db)), sorted(ofEntries), 'versions are missing');
    for (const [id, values] of this.#reads) {
      const expected = Array.from({ length: values }, () => 'vault_view');
      assert.deepEqual(records.get(id) ?? [], expected, `the records of the read ${id}`);
    }
    for (const [id, type] of this.#writes)
      assert.deepEqual(records.get(id) ?? [], [type], `the record of the change ${id}`);
    this.#reads.clear();
    this.#writes.clear();
  }
}

async function versionsOf(db: Store['db']): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('entry')
    .innerJoin('entry_version', 'entry_version.entry_id', 'entry.id')
    .select(({ fn }) => ['entry.key', fn.countAll<number>().as('amount')])
    .where('entry.project_id', '=', PROJECT.project_id)
    .groupBy('entry.key')
    .execute();
  return new Map(rows.map(({ key, amount }) => [key, amount]));
}

/** For whoever holds something else against it. */
export function isSame(one: State, other: State): boolean {
  return one?.value === other?.value && one?.version === other?.version;
}

export function show(state: State): string {
  return state === undefined ? 'not there' : `version ${state.version}, "${state.value.slice(0, 40)}"`;
}

async function succeed(
  client: Client,
  id: Parameters<Client['call']>[0],
  input: Record<string, unknown>,
): Promise<Answer> {
  const answer = await client.call(id, input);
  assert.ok(answer.status < 400, `${id} was refused though nothing is wrong: ${answer.text}`);
  return answer;
}

function requestIdOf(answer: Answer): string {
  const id = answer.headers.get('x-request-id');
  assert.ok(id !== null, 'an answer without the id of its request');
  return id;
}

function sorted(versions: Map<string, number>): [string, number][] {
  return [...versions].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function digestOf(bodies: readonly string[]): string {
  const hash = createHash('sha256');
  for (const body of bodies) hash.update(body);
  return hash.digest('hex');
}
