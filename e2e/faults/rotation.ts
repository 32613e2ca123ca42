import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../packages/server/test/fuzz/random.ts';
import { isRunning, type Instance } from './instance.ts';

/** Running it again is resuming it. */
export type Rotation = {
  words: readonly string[];
  /** To go on with one that has begun. */
  wordsAgain: readonly string[];
  /** As `--status --json` has it once nothing is left to be done. */
  done: Readonly<Record<string, unknown>>;
  /** Whether the first run of several ends where servers have to be given something. */
  stopsAtFirst: (instance: Instance) => boolean;
};

export const ROOT_KEY: Rotation = {
  words: ['rotate', 'root-key'],
  // The servers share the file that it is in: they have the new one as soon as it is made.
  wordsAgain: ['rotate', 'root-key', '--distributed'],
  done: { step: 'idle', data_keys_to_rewrap: 0 },
  stopsAtFirst: ({ engine }) => engine === 'postgres',
};

export const DATA_KEYS: Rotation = {
  words: ['rotate', 'data-key'],
  wordsAgain: ['rotate', 'data-key'],
  done: { since: null, data_keys_to_destroy: 0, versions_to_reseal: 0 },
  stopsAtFirst: () => false,
};

const PROJECTS = 40;

type Scene = { instance: Instance; random: Random };

/**
 * Rotates keys while others work, and kills the command at whatever it is doing, half of the times together with a
 * server. Answers with what brings the rotation to its end, with all values as they were.
 */
export async function rotateAndKill(
  rotation: Rotation,
  { instance, random }: Scene,
): Promise<() => Promise<void>> {
  const projects = await makeProjects({ instance, random });
  let { child, run } = instance.admin(rotation.words);
  if (rotation.stopsAtFirst(instance) && random.next() < 0.7) {
    await run;
    ({ child, run } = instance.admin(rotation.wordsAgain));
  }
  // By its first words it is at work.
  await Promise.race([run, ...(child.stderr === null ? [] : [once(child.stderr, 'data')])]);
  await delay(random.below(250));
  if (random.next() < 0.5) {
    const server = random.pick(instance.servers.filter(isRunning));
    assert.equal(await server.kill('SIGKILL'), 'SIGKILL');
  }
  child.kill('SIGKILL');
  await run;
  return async () => {
    await finish(rotation, instance);
    const root = await instance.client();
    for (const id of projects) {
      const { vault } = await root.ok('vault_fetch_one', { project_id: id, key: 'A' });
      assert.equal(vault.value, `value of ${id}`);
    }
  };
}

/** Each has a data key of its own, so that it takes a while. */
async function makeProjects({ instance, random }: Scene): Promise<string[]> {
  const name = `p${random.below(2 ** 32)}`;
  const projects = Array.from({ length: PROJECTS }, (_, index) => `${name}_${index}`);
  const root = await instance.client();
  for (const id of projects) {
    await root.ok('project_create', { id, name: id, api_path: `/${id}` });
    await root.ok('vault_create', { project_id: id, key: 'A', value: `value of ${id}` });
  }
  return projects;
}

async function finish({ words, wordsAgain, done }: Rotation, instance: Instance): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const { stdout } = await instance.admin([...words, '--status', '--json']).run;
    const status = JSON.parse(stdout) as Record<string, unknown>;
    return Object.entries(done).every(([name, value]) => status[name] === value);
  };
  if (!(await isDone())) {
    const { code, stderr } = await instance.admin(wordsAgain).run;
    assert.equal(code, 0, `the rotation does not come to its end: ${stderr}`);
  }
  assert.ok(await isDone(), 'the rotation says that it is done, and is not');
  assert.equal(readFileSync(instance.rootKeyPath, 'utf8').trim().split('\n').length, 1);
  // A JWT outlives one rotation of the root key, not two.
  instance.forgetToken();
}
