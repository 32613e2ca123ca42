import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINE, ENGINES } from '../packages/server/src/testing/engines.ts';
import { PostgresCluster } from '../packages/server/src/testing/postgres.ts';
import { endure, FAULTS } from './faults/faults.ts';

/** Set it to repeat a run. */
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000_007);

/** With the settings that it has from the start: what it says is saved has to be. */
let cluster: PostgresCluster | undefined;

beforeAll(async () => {
  if (ENGINE === 'postgres') cluster = await PostgresCluster.start();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

describe.each(ENGINES)(`under load on %s (R39, CRASH_SEED=${SEED})`, (engine) => {
  test.each(FAULTS.filter((fault) => fault.engine === engine).map((fault) => [fault.name, fault] as const))(
    '%s: no answered change is lost or half done, no answered read lacks its record, and it goes on',
    { timeout: 150_000 },
    async (_, fault) => {
      const checked = await endure(fault, { cluster, seed: SEED, rounds: fault.rounds, seconds: 1 });
      // Else it was no load.
      expect(checked.writes).toBeGreaterThan(fault.rounds);
      expect(checked.reads).toBeGreaterThan(fault.rounds);
      expect(checked.records).toBeGreaterThan(checked.writes + checked.reads);
    },
  );
});
