import { describe, expect, test } from 'vitest';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { countOutcomes, simultaneously } from '../src/testing/simultaneously.ts';
import { startVault } from './start-vault.ts';

const ENVIRONMENTS_MAX = 100;

describe.each(ENGINES)('environments on %s', () => {
  test('are one at the start, called default, which nobody has to name (R7)', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    const { environments, amount } = await root.ok('environment_fetch', project);
    expect(amount).toBe(1);
    expect(environments).toMatchObject([{ id: 'default' }]);
    const { vault } = await root.ok('vault_create', { ...project, key: 'KEY', value: 'x' });
    expect(vault.environment).toBe('default');
    const named = { ...project, environment: 'default' };
    expect((await root.ok('vault_fetch_one', { ...named, key: 'KEY' })).vault.value).toBe('x');
    expect((await root.ok('vault_fetch', named)).amount).toBe(1);
  });

  test('stay out of the way when there are more: a call that names none still means default', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    await root.ok('environment_create', { ...project, id: 'a-first', name: 'Sorted before default' });
    await root.ok('vault_create', { ...project, key: 'KEY', value: 'x' });
    expect((await root.ok('vault_fetch_one', { ...project, key: 'KEY' })).vault.environment).toBe('default');
    expect((await root.ok('vault_fetch', { ...project, environment: 'a-first' })).amount).toBe(0);
  });

  test('are listed oldest first, with all that was said of them', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    for (const id of ['zeta', 'alpha']) {
      const { environment } = await root.ok('environment_create', { ...project, id, name: `Ünit ${id}` });
      expect(environment).toMatchObject({ id, name: `Ünit ${id}` });
    }
    const { environments, amount } = await root.ok('environment_fetch', project);
    expect(amount).toBe(3);
    expect(environments.map(({ id }: { id: string }) => id).toSorted()).toEqual(['alpha', 'default', 'zeta']);
  });

  test('hold one key apart: each has its own values, versions and history', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    await root.ok('environment_create', { ...project, id: 'staging', name: 'Staging' });
    const live = { ...project, key: 'KEY' };
    const staging = { ...project, environment: 'staging', key: 'KEY' };
    await root.ok('vault_create', { ...live, value: 'live', comment: 'of live' });
    await root.ok('vault_create', { ...staging, value: 'staging' });
    await root.ok('vault_update', { ...staging, value: 'staging 2' });

    expect((await root.ok('vault_fetch_one', live)).vault).toMatchObject({
      value: 'live',
      version: 1,
      comment: 'of live',
    });
    expect((await root.ok('vault_fetch_one', staging)).vault).toMatchObject({
      value: 'staging 2',
      version: 2,
      comment: '',
    });
    expect(await root.refused('vault_fetch_one', { ...live, version: 2 })).toBe('version_not_found');
    expect((await root.ok('vault_version_fetch', staging)).amount).toBe(2);

    await root.ok('vault_delete', staging);
    expect(await root.refused('vault_fetch_one', staging)).toBe('entry_not_found');
    expect((await root.ok('vault_fetch_one', live)).vault.value).toBe('live');
  });

  test('of two projects with the same id are two', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    const other = { project_id: await server.project(root) };
    await root.ok('environment_create', { ...project, id: 'staging', name: 'Staging' });
    expect(await root.refused('vault_fetch', { ...other, environment: 'staging' })).toBe(
      'environment_not_found',
    );
    await root.ok('environment_create', { ...other, id: 'staging', name: 'Staging' });
    await root.ok('vault_create', { ...project, environment: 'staging', key: 'KEY', value: 'x' });
    expect((await root.ok('vault_fetch', { ...other, environment: 'staging' })).amount).toBe(0);
  });

  test('that do not exist are refused by every vault call, and by none of them made', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    await root.ok('vault_create', { ...project, key: 'KEY', value: 'x' });
    const entry = { ...project, environment: 'missing', key: 'KEY' };
    expect(await root.refused('vault_create', { ...entry, value: 'x' })).toBe('environment_not_found');
    expect(await root.refused('vault_update', { ...entry, value: 'x' })).toBe('environment_not_found');
    expect(await root.refused('vault_version_restore', { ...entry, version: 1 })).toBe(
      'environment_not_found',
    );
    for (const id of ['vault_fetch_one', 'vault_version_fetch', 'vault_delete'] as const) {
      expect(await root.refused(id, entry)).toBe('environment_not_found');
    }
    expect(await root.refused('vault_fetch', { ...project, environment: 'missing' })).toBe(
      'environment_not_found',
    );
    expect((await root.ok('environment_fetch', project)).amount).toBe(1);
  });

  test('that hold entries cannot be deleted; emptied they can, and leave nothing behind', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    await root.ok('environment_create', { ...project, id: 'staging', name: 'Staging' });
    const entry = { ...project, environment: 'staging', key: 'KEY' };
    await root.ok('vault_create', { ...entry, value: 'x' });
    const refusal = await root.call('environment_delete', { ...project, id: 'staging' });
    expect(refusal.status).toBe(409);
    expect(refusal.body.code).toBe('environment_not_empty');
    expect((await root.ok('vault_fetch_one', entry)).vault.value).toBe('x');

    await root.ok('vault_delete', entry);
    await root.ok('environment_delete', { ...project, id: 'staging' });
    expect(await root.refused('vault_create', { ...entry, value: 'x' })).toBe('environment_not_found');
    expect(await root.refused('environment_delete', { ...project, id: 'staging' })).toBe(
      'environment_not_found',
    );
    await root.ok('environment_create', { ...project, id: 'staging', name: 'Staging again' });
    expect((await root.ok('vault_fetch', { ...project, environment: 'staging' })).amount).toBe(0);
  });

  test('can all go but default, which stays even when it is empty', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    const refusal = await root.call('environment_delete', { ...project, id: 'default' });
    expect(refusal.status).toBe(409);
    expect(refusal.body.code).toBe('environment_permanent');
    expect((await root.ok('environment_fetch', project)).amount).toBe(1);
  });

  test('have ids that are taken once', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    for (const id of ['default', 'staging']) {
      if (id !== 'default') await root.ok('environment_create', { ...project, id, name: 'First' });
      expect(await root.refused('environment_create', { ...project, id, name: 'Second' })).toBe(
        'environment_exists',
      );
    }
  });

  test.each([
    ['id', '', 'must have 1 to 50 characters'],
    ['id', 'a'.repeat(51), 'must have 1 to 50 characters'],
    ['id', 'Staging', 'must contain only lower-case letters a-z, digits, underscores and hyphens'],
    ['id', '1st', 'must start with a letter a-z'],
    ['id', 'staging\n', 'must contain only lower-case letters a-z, digits, underscores and hyphens'],
    ['id', undefined, 'is required'],
    ['name', undefined, 'is required'],
    ['name', 'two\nlines', 'must not contain control characters'],
  ])('have an %s that may not be %j', async (field, value, rule) => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    const { status, body } = await root.call('environment_create', {
      ...project,
      id: 'staging',
      name: 'Staging',
      [field]: value,
    });
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path: field, message: rule }]);
  });

  test(`are at most ${ENVIRONMENTS_MAX}, also when several are added at the same time`, async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    // With default they are two short of the limit.
    await simultaneously(
      ENVIRONMENTS_MAX - 3,
      async (index) =>
        await root.ok('environment_create', { ...project, id: `e${index}`, name: 'One of many' }),
    );
    const answers = await simultaneously(
      10,
      async (index) =>
        await root.call('environment_create', { ...project, id: `late${index}`, name: 'Late' }),
    );
    expect(countOutcomes(answers)).toEqual({ success: 2, environment_limit: 8 });
    expect((await root.ok('environment_fetch', project)).amount).toBe(ENVIRONMENTS_MAX);
    await root.ok('environment_delete', { ...project, id: 'e0' });
    await root.ok('environment_create', { ...project, id: 'another', name: 'There is room again' });
  });

  test('are never deleted from under an entry that is created at the same time', async () => {
    await using server = await startTestServer();
    const { root, place: project } = await startVault(server);
    await simultaneously(20, async (index) => {
      const id = `e${index}`;
      await root.ok('environment_create', { ...project, id, name: 'Contested' });
      const [created, deleted] = await Promise.all([
        root.call('vault_create', { ...project, environment: id, key: 'KEY', value: 'x' }),
        root.call('environment_delete', { ...project, id }),
      ]);
      const outcome = `${created.body.code ?? 'created'}, ${deleted.body.code ?? 'deleted'}`;
      expect(['created, environment_not_empty', 'environment_not_found, deleted']).toContain(outcome);
    });
  });
});
