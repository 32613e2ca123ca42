import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Client } from '../../packages/server/src/testing/client.ts';
import type { Random } from '../../packages/server/test/fuzz/random.ts';
import { CONTENDED, PROJECT, type Journal, type State } from './journal.ts';

const KEYS = 4;

export type Work = {
  client: Client;
  /** Its entries begin with it. */
  name: string;
  random: Random;
  journal: Journal;
  isOver: () => boolean;
};

/** `unavailable`: 503. `gone`: the server went away before it answered. */
type Outcome = 'answered' | 'unavailable' | 'gone';

/**
 * Creates, updates, reads and deletes entries of its own, and competes for those that are nobody's, until it is over or
 * its server is gone. Everything goes into the journal.
 */
export async function work({ client, name, random, journal, isOver }: Work): Promise<'over' | 'gone'> {
  /** An entry of which nobody knows what it is now is left alone until the journal is checked. */
  const generations = Array.from({ length: KEYS }, () => 0);
  const seen = new Map<string, number>();
  for (let steps = 0; !isOver(); steps += 1) {
    const outcome = await step(steps);
    if (outcome === 'gone') return 'gone';
    if (outcome === 'answered') journal.answered += 1;
    // As a program would that was told to come again.
    else await delay(20 + random.below(30));
  }
  return 'over';

  async function step(steps: number): Promise<Outcome> {
    const slot = random.below(KEYS);
    while (journal.unknown.has(keyOf(slot))) generations[slot] = (generations[slot] ?? 0) + 1;
    const key = keyOf(slot);
    const kind = random.next();
    const known = journal.entries.get(key);
    const value = `${key} ${steps} ${'x'.repeat(Math.floor(random.next() ** 4 * 20_000))}`;
    if (kind < 0.15) return await compete(CONTENDED[slot % CONTENDED.length] ?? '', `${name} ${steps}`);
    if (known === undefined) return await change('vault_create', key, { value, version: 1 });
    if (kind < 0.45) return await change('vault_update', key, { value, version: known.version + 1 });
    if (kind < 0.55) return await change('vault_delete', key, undefined);
    return kind < 0.65 ? await readAll() : await readOne(key, known);
  }

  function keyOf(slot: number): string {
    return `${name}_K${slot}_G${generations[slot]}`;
  }

  async function change(
    id: 'vault_create' | 'vault_update' | 'vault_delete',
    key: string,
    after: State,
  ): Promise<Outcome> {
    journal.attempts(key, after);
    const content = after === undefined ? {} : { value: after.value };
    const answer = await attempt(id, { ...PROJECT, key, ...content });
    if (typeof answer === 'string') return answer;
    refuse(answer, id);
    journal.unknown.delete(key);
    journal.entries.set(key, after);
    journal.changed(answer, id);
    return 'answered';
  }

  async function readOne(key: string, known: NonNullable<State>): Promise<Outcome> {
    const answer = await attempt('vault_fetch_one', { ...PROJECT, key });
    if (typeof answer === 'string') return answer;
    refuse(answer, 'vault_fetch_one');
    const { value, version } = answer.body.vault;
    assert.deepEqual({ value, version }, known, `${key} is not what was saved last`);
    journal.read(answer, 1);
    return 'answered';
  }

  async function readAll(): Promise<Outcome> {
    const input = { ...PROJECT, values: true, limit: 100, filter: `${name}_` };
    const answer = await attempt('vault_fetch', input);
    if (typeof answer === 'string') return answer;
    refuse(answer, 'vault_fetch');
    const { vaults } = answer.body;
    for (const { key, value, version } of vaults)
      if (!journal.unknown.has(key)) assert.deepEqual({ value, version }, journal.entries.get(key), key);
    if (vaults.length > 0) journal.read(answer, vaults.length);
    return 'answered';
  }

  /** Updates what it saw last, if nobody else has since; else it looks again. */
  async function compete(key: string, value: string): Promise<Outcome> {
    const version = seen.get(key);
    if (version === undefined) {
      const answer = await attempt('vault_fetch_one', { ...PROJECT, key });
      if (typeof answer === 'string') return answer;
      refuse(answer, 'vault_fetch_one');
      seen.set(key, answer.body.vault.version);
      journal.read(answer, 1);
      return 'answered';
    }
    seen.delete(key);
    const answer = await attempt('vault_update', { ...PROJECT, key, value, if_version: version });
    if (typeof answer === 'string') return answer;
    if (answer.body.code === 'version_conflict') return 'answered';
    refuse(answer, 'vault_update');
    assert.equal(answer.body.vault.version, version + 1, `${key} skipped a version`);
    journal.won(key, version + 1, value);
    journal.changed(answer, 'vault_update');
    seen.set(key, version + 1);
    return 'answered';
  }

  async function attempt(
    id: Parameters<Client['call']>[0],
    input: Record<string, unknown>,
  ): Promise<Answer | 'unavailable' | 'gone'> {
    const begun = performance.now();
    try {
      const answer = await client.call(id, input);
      if (answer.status !== 503) return answer;
      assert.match(answer.body.code, /^(?:store|audit)_unavailable$/);
      assert.notEqual(answer.body.detail, '');
      return 'unavailable';
    } catch (error) {
      // What `fetch` and reading a body fail with when the connection breaks.
      if (error instanceof TypeError) return 'gone';
      throw error;
    } finally {
      journal.took(performance.now() - begun);
    }
  }
}

function refuse(answer: Answer, id: string): void {
  assert.ok(answer.status < 400, `${id} was refused: ${answer.text}`);
}
