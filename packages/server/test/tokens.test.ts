import { randomBytes } from 'node:crypto';
import { isTokenSecret, makeTokenSecret, type Action } from '@coffer/core';
import { describe, expect, test, vi } from 'vitest';
import { Client } from '../src/testing/client.ts';
import { OtherConnection } from '../src/testing/database-faults.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestServer } from '../src/testing/server.ts';
import { CANARY, start } from './access-world.ts';

type Request = Record<string, unknown>;

const NOW = Date.parse('2026-11-23T09:30:00Z');
const MINUTE_MS = 60_000;

/** An ADMIN with a project of one entry for each key, in `default` and in `staging`. */
async function startProject(server: TestServer) {
  const { root, owner } = await start(server);
  const project_id = await server.project(owner);
  await owner.ok('environment_create', { project_id, id: 'staging', name: 'Staging' });
  for (const environment of ['default', 'staging']) {
    for (const key of ['STRIPE_KEY', 'STRIPE_SECRET', 'DATABASE_URL']) {
      await owner.ok('vault_create', { project_id, environment, key, value: `${CANARY} ${key}` });
    }
  }
  return { server, root, owner, project_id };
}

/** A program that has a token. */
async function tokenOf(maker: Client, request: Request): Promise<Client> {
  const { token, access_token } = await maker.ok('token_create', { name: 'CI', ...request });
  const program = new Client(maker.url, token);
  program.uid = access_token.id;
  return program;
}

const READ: Action[] = ['vault.list', 'vault.view'];

async function keysOf(program: Client, input: Request): Promise<string[]> {
  return (await program.ok('vault_fetch', input)).vaults.map(({ key }: { key: string }) => key);
}

describe.each(ENGINES)('the secret of a token on %s', () => {
  test('is shown once, has a checksum, and is kept only as a hash', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const made = await owner.ok('token_create', {
      kind: 'service',
      name: 'CI',
      project_id,
      permissions: READ,
    });
    expect(made.token).toMatch(/^cofs_/);
    expect(isTokenSecret(made.token)).toBe(true);
    const answers = [
      await owner.ok('token_fetch', { project_id }),
      await new Client(owner.url, made.token).ok('token_me'),
      await owner.ok('event_fetch', { limit: 100 }),
    ];
    for (const answer of answers) expect(JSON.stringify(answer)).not.toContain(made.token);
    expect(server.logLines.join('')).not.toContain(made.token);
    const rows = await server.app.context.store.db.selectFrom('access_token').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(made.token);
  });

  test('opens nothing when it is made up, changed or of another instance', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'service', project_id, permissions: READ });
    const { token = '' } = program;
    const swapped = token.replace(/^cofs/, 'cofp');
    for (const wrong of [makeTokenSecret('service', randomBytes), token.slice(0, -1), `${token}a`, swapped]) {
      expect(await new Client(owner.url, wrong).refused('token_me')).toBe('token_invalid');
    }
  });
});

describe.each(ENGINES)('a service token on %s', () => {
  test('acts under its own name, which is on record and in the history', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const permissions = ['vault.view', 'vault.update', 'vault.history'];
    const program = await tokenOf(owner, { kind: 'service', name: 'Deploy', project_id, permissions });
    const place = { project_id, key: 'STRIPE_KEY' };
    const { vault } = await program.ok('vault_update', { ...place, value: 'next' });
    expect(vault.updated_by).toEqual({ uid: program.uid, username: 'token:Deploy' });
    await program.ok('vault_fetch_one', place);
    const { events } = await owner.ok('event_fetch', { project_id, uid: program.uid });
    expect(events).toMatchObject([
      { type: 'vault_view', username: 'token:Deploy', details: { token: program.uid } },
      { type: 'vault_update', username: 'token:Deploy', details: { token: program.uid } },
    ]);
    expect(await program.refused('user_me')).toBe('token_not_permitted');
    expect((await program.ok('token_me')).access_token).toMatchObject({ id: program.uid, name: 'Deploy' });
  });

  test('that may only write is not told the comment that stands there', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    await owner.ok('vault_create', { project_id, key: 'KEY', value: 'one', comment: 'a remark' });
    const request = { kind: 'service', project_id };
    const writer = await tokenOf(owner, { ...request, permissions: ['vault.update', 'vault.restore'] });
    const place = { project_id, key: 'KEY' };
    expect((await writer.ok('vault_update', { ...place, value: 'two' })).vault.comment).toBe('');
    expect((await writer.ok('vault_version_restore', { ...place, version: 1 })).vault.comment).toBe('');
    const reader = await tokenOf(owner, { ...request, permissions: ['vault.update', 'vault.list'] });
    expect((await reader.ok('vault_update', { ...place, value: 'three' })).vault.comment).toBe('a remark');
  });

  test('sees one project and no other, for which it is as if there were none', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const other = await server.project(owner);
    const permissions = ['project.list', 'project.view', ...READ];
    const program = await tokenOf(owner, { kind: 'service', project_id, permissions });
    expect((await program.ok('project_fetch')).projects).toMatchObject([{ id: project_id }]);
    expect(await keysOf(program, { project_id })).toHaveLength(3);
    for (const id of ['project_fetch_one', 'vault_fetch'] as const)
      expect(await program.refused(id, { project_id: other })).toBe('project_not_found');
    const { project } = await program.ok('project_fetch_one', { project_id });
    expect(project.abilities).toEqual(permissions);
  });

  test('survives its maker, and ends with its project', async () => {
    await using server = await startTestServer();
    const { root, owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'service', project_id, permissions: READ });
    await root.ok('user_delete', { uid: owner.uid });
    expect(await keysOf(program, { project_id })).toHaveLength(3);
    await root.ok('project_delete', { project_id });
    expect(await program.refused('vault_fetch', { project_id })).toBe('token_invalid');
    await root.ok('project_create', { id: project_id, name: 'Another', api_path: '/another' });
    expect(await program.refused('vault_fetch', { project_id })).toBe('token_invalid');
  });

  test('reads in the log what concerns its project, since that was made', async () => {
    await using server = await startTestServer();
    const { root, project_id } = await startProject(server);
    await root.ok('project_delete', { project_id });
    await root.ok('project_create', { id: project_id, name: 'Another', api_path: '/another' });
    const program = await tokenOf(root, { kind: 'service', project_id, permissions: ['event.list_project'] });
    const { events } = await program.ok('event_fetch', { project_id, limit: 100 });
    expect(events.map(({ type }: { type: string }) => type)).toEqual(['token_create', 'project_create']);
    expect(await program.refused('event_fetch')).toBe('token_not_permitted');
  });
});

describe.each(ENGINES)('limits of a token on %s', () => {
  test('environments: others are refused, whether they exist or not, and not listed', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const permissions = [...READ, 'environment.list'];
    const program = await tokenOf(owner, {
      kind: 'service',
      project_id,
      permissions,
      environments: ['staging'],
    });
    expect(await keysOf(program, { project_id, environment: 'staging' })).toHaveLength(3);
    for (const environment of ['default', 'missing'])
      expect(await program.refused('vault_fetch', { project_id, environment })).toBe('token_not_permitted');
    expect((await program.ok('environment_fetch', { project_id })).environments).toMatchObject([
      { id: 'staging' },
    ]);
  });

  test.each([
    { keys: ['STRIPE_*'], seen: ['STRIPE_KEY', 'STRIPE_SECRET'] },
    { keys: ['*_URL', 'STRIPE_KEY'], seen: ['DATABASE_URL', 'STRIPE_KEY'] },
    { keys: ['S*_*T'], seen: ['STRIPE_SECRET'] },
    // An underscore is no wildcard.
    { keys: ['STRIPE_KE_'], seen: [] },
    { keys: ['*'], seen: ['DATABASE_URL', 'STRIPE_KEY', 'STRIPE_SECRET'] },
  ])('keys $keys: only these are listed, counted, read and written', async ({ keys, seen }) => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const permissions = [...READ, 'vault.update', 'vault.import', 'vault.create', 'vault.delete'];
    const program = await tokenOf(owner, { kind: 'service', project_id, permissions, keys });
    const listed = await program.ok('vault_fetch', { project_id, values: true });
    expect(listed.vaults.map(({ key }: { key: string }) => key)).toEqual(seen);
    expect(listed.amount).toBe(seen.length);
    for (const key of ['DATABASE_URL', 'STRIPE_KEY', 'STRIPE_SECRET', 'OTHER_MISSING']) {
      const { status, body } = await program.call('vault_fetch_one', { project_id, key });
      const covered = seen.includes(key) || (keys.includes('*') && key === 'OTHER_MISSING');
      expect([key, status === 200 ? 'ok' : body.code]).toEqual([
        key,
        covered ? (key === 'OTHER_MISSING' ? 'entry_not_found' : 'ok') : 'token_not_permitted',
      ]);
    }
    if (keys.includes('*')) return;
    const entries = [...seen, 'OTHER'].map((key) => ({ key, value: 'imported' }));
    expect(await program.refused('vault_import', { project_id, entries })).toBe('token_not_permitted');
    expect(await program.refused('vault_create', { project_id, key: 'OTHER', value: 'x' })).toBe(
      'token_not_permitted',
    );
    expect(await program.refused('vault_delete', { project_id, key: 'OTHER' })).toBe('token_not_permitted');
  });

  test('time: not before, not after, and the refusal of a known token is on record, every ten minutes', async () => {
    let now = NOW;
    await using server = await startTestServer({ clock: () => now });
    const { root, owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, {
      kind: 'service',
      project_id,
      permissions: READ,
      valid_from: new Date(NOW + MINUTE_MS).toISOString(),
      valid_to: new Date(NOW + 2 * MINUTE_MS).toISOString(),
    });
    const outcomes = [];
    for (const at of [MINUTE_MS - 1, MINUTE_MS, 2 * MINUTE_MS - 1, 2 * MINUTE_MS, 11 * MINUTE_MS]) {
      now = NOW + at;
      const { status, body } = await program.call('vault_fetch', { project_id });
      outcomes.push(status === 200 ? 'ok' : body.code);
    }
    expect(outcomes).toEqual(['token_not_yet_valid', 'ok', 'ok', 'token_expired', 'token_expired']);
    const { events } = await root.ok('event_fetch', { type: 'token_refused' });
    expect(events).toMatchObject([
      { outcome: 'denied', uid: program.uid, object: program.uid, details: { code: 'token_expired' } },
      { outcome: 'denied', uid: program.uid, details: { code: 'token_not_yet_valid' } },
    ]);
  });

  test('without valid_to it is valid for 90 days, with null for ever', async () => {
    await using server = await startTestServer({ clock: () => NOW });
    const { owner, project_id } = await startProject(server);
    const made = { kind: 'service', name: 'CI', project_id, permissions: READ };
    expect((await owner.ok('token_create', made)).access_token.valid_to).toBe('2027-02-21T09:30:00.000Z');
    expect((await owner.ok('token_create', { ...made, valid_to: null })).access_token.valid_to).toBeNull();
  });

  test('addresses: of the client as the trusted proxy tells it, and of nobody who only says so', async () => {
    await using behindProxy = await startTestServer({ config: { trustedProxies: ['127.0.0.1'] } });
    const { root, owner, project_id } = await startProject(behindProxy);
    const program = await tokenOf(owner, {
      kind: 'service',
      project_id,
      permissions: READ,
      addresses: ['10.1.0.0/16', '2001:db8::/32', '192.0.2.7'],
    });
    const outcomes: Record<string, string> = {};
    for (const ip of [
      '10.1.255.3',
      '10.2.0.1',
      '192.0.2.7',
      '192.0.2.8',
      '2001:db8:1::1',
      '::ffff:10.1.2.3',
      '::1',
    ]) {
      const { status, body } = await program.call('vault_fetch', { project_id }, { 'x-forwarded-for': ip });
      outcomes[ip] = status === 200 ? 'ok' : body.code;
    }
    expect(outcomes).toEqual({
      '10.1.255.3': 'ok',
      '10.2.0.1': 'token_address_refused',
      '192.0.2.7': 'ok',
      '192.0.2.8': 'token_address_refused',
      '2001:db8:1::1': 'ok',
      '::ffff:10.1.2.3': 'ok',
      '::1': 'token_address_refused',
    });
    const { events } = await root.ok('event_fetch', { type: 'token_refused' });
    expect(events).toMatchObject([{ ip: '10.2.0.1' }]);

    await using direct = await startTestServer();
    const elsewhere = await startProject(direct);
    const local = await tokenOf(elsewhere.owner, {
      kind: 'service',
      project_id: elsewhere.project_id,
      permissions: READ,
      addresses: ['10.1.0.0/16'],
    });
    const forged = await local.call('token_me', {}, { 'x-forwarded-for': '10.1.0.1' });
    expect(forged.body.code).toBe('token_address_refused');
  });

  test('are checked when it is made: what cannot be given or limited is named', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const refuse = async (request: Request): Promise<string[]> => {
      const { body } = await owner.call('token_create', { name: 'CI', ...request });
      return body.errors.map(({ path }: { path: string }) => path);
    };
    const service = { kind: 'service', project_id, permissions: READ };
    const wrong: [Request, string[]][] = [
      [{ kind: 'service', permissions: READ }, ['project_id']],
      [
        { ...service, permissions: ['vault.view', 'session.use', 'user.create', 'token.update'] },
        ['permissions.1', 'permissions.2', 'permissions.3'],
      ],
      [{ ...service, permissions: ['member.add'] }, ['permissions.0']],
      [{ kind: 'personal', project_id, permissions: ['user.list'] }, ['permissions.0']],
      [
        {
          ...service,
          environments: ['default'],
          permissions: ['token.create', 'vault.view', 'event.list_project'],
        },
        ['permissions.0', 'permissions.2'],
      ],
      [{ ...service, environments: ['default', 'missing'] }, ['environments.1']],
      [{ ...service, keys: ['lower'] }, ['keys.0']],
      [{ ...service, addresses: ['10.0.0.0/33'] }, ['addresses.0']],
      [{ ...service, addresses: ['::ffff:10.0.0.0/8'] }, ['addresses.0']],
      [{ ...service, keys: ['A*B*C*D*'] }, ['keys.0']],
      [{ ...service, permissions: [] }, ['permissions']],
      [{ ...service, valid_to: '2020-01-01T00:00:00Z' }, ['valid_to']],
    ];
    for (const [request, paths] of wrong) expect([request, await refuse(request)]).toEqual([request, paths]);
  });
});

describe.each(ENGINES)('a personal token on %s', () => {
  test('acts as its user in every project of theirs, and is on record beside them', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'personal', permissions: ['project.list', 'vault.view'] });
    expect((await program.ok('user_me')).user.uid).toBe(owner.uid);
    expect((await program.ok('project_fetch')).amount).toBe(2);
    await program.ok('vault_fetch_one', { project_id, key: 'STRIPE_KEY' });
    const { events } = await owner.ok('event_fetch', { type: 'vault_view' });
    expect(events).toMatchObject([
      { uid: owner.uid, username: owner.username, details: { token: program.uid } },
    ]);
    expect(await program.refused('vault_fetch', { project_id })).toBe('token_not_permitted');
  });

  test('loses at once what its user loses: role, membership, account', async () => {
    await using server = await startTestServer();
    const { root, owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'personal', permissions: READ, valid_to: null });
    await program.ok('vault_fetch', { project_id });
    await root.ok('user_update', { uid: owner.uid, role: 'AUTHOR' });
    expect(await program.refused('vault_fetch', { project_id })).toBe('forbidden');
    await root.ok('user_update', { uid: owner.uid, role: 'ADMIN' });
    await program.ok('vault_fetch', { project_id });
    await root.ok('project_member_remove', { project_id, uid: owner.uid, force: true });
    expect(await program.refused('vault_fetch', { project_id })).toBe('project_not_found');
    await root.ok('user_delete', { uid: owner.uid });
    expect(await program.refused('vault_fetch', { project_id })).toBe('token_invalid');
  });

  test('ends when someone sets the password of its user anew', async () => {
    await using server = await startTestServer();
    const { root, owner } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'personal', permissions: READ });
    await root.ok('user_password_reset', { uid: owner.uid, new_password: 'harbour-quilt-ember-19' });
    expect(await program.refused('token_me')).toBe('token_invalid');
  });

  test('cannot change its account or session, nor make or change a personal token', async () => {
    await using server = await startTestServer();
    const { owner } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'personal', permissions: READ });
    const mine = { kind: 'personal', name: 'More', permissions: ['vault.view'] };
    const outcomes = [
      await program.refused('user_password', {
        current_password: PASSWORD,
        new_password: 'harbour-quilt-ember-19',
      }),
      await program.refused('user_update', { uid: owner.uid, email: 'else@example.org' }),
      await program.refused('user_refresh'),
      await program.refused('user_logout'),
      await program.refused('user_session_fetch'),
      await program.refused('token_create', mine),
      await program.refused('token_fetch'),
      await program.refused('token_update', { id: program.uid, permissions: ['vault.view', 'vault.delete'] }),
    ];
    expect(new Set(outcomes)).toEqual(new Set(['token_not_permitted']));
  });
});

describe.each(ENGINES)('a token that makes tokens on %s', () => {
  test('gives nothing that it does not have', async () => {
    await using server = await startTestServer({ clock: () => NOW });
    const { owner, project_id } = await startProject(server);
    const other = await server.project(owner);
    const maker = await tokenOf(owner, {
      kind: 'service',
      project_id,
      permissions: ['token.create', 'vault.view'],
      addresses: ['127.0.0.0/8', '10.0.0.0/8'],
      valid_to: new Date(NOW + 60 * MINUTE_MS).toISOString(),
    });
    const child = {
      kind: 'service',
      name: 'Child',
      project_id,
      permissions: ['vault.view'],
      addresses: ['127.0.0.1'],
      valid_to: new Date(NOW + 30 * MINUTE_MS).toISOString(),
    };
    await maker.ok('token_create', { ...child, keys: ['STRIPE_*'], environments: ['staging'] });
    const more = [
      { permissions: ['vault.view', 'vault.list'] },
      { addresses: undefined },
      { addresses: ['0.0.0.0/0'] },
      { addresses: ['126.0.0.0/7'] },
      { valid_to: undefined },
      { valid_to: null },
      { valid_to: new Date(NOW + 61 * MINUTE_MS).toISOString() },
    ];
    for (const excess of more)
      expect([excess, await maker.refused('token_create', { ...child, ...excess })]).toEqual([
        excess,
        'grant_exceeded',
      ]);
    expect(await maker.refused('token_create', { ...child, project_id: other })).toBe('project_not_found');
    expect(await maker.refused('token_create', { ...child, kind: 'personal' })).toBe('token_not_permitted');
  });

  test('takes them along when it is revoked or changed', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const request = {
      kind: 'service',
      project_id,
      permissions: ['token.create', 'vault.view'],
      valid_to: null,
    };
    const maker = await tokenOf(owner, request);
    const child = await tokenOf(maker, request);
    const grandchild = await tokenOf(child, { ...request, permissions: ['vault.view'] });
    await grandchild.ok('vault_fetch_one', { project_id, key: 'STRIPE_KEY' });
    await owner.ok('token_update', { id: child.uid, permissions: ['vault.view'] });
    expect(await grandchild.refused('token_me')).toBe('token_invalid');
    await child.ok('token_me');
    await owner.ok('token_revoke', { id: maker.uid });
    expect(await child.refused('token_me')).toBe('token_invalid');
  });

  test('may revoke itself, and no other without the permission', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const request = { kind: 'service', project_id, permissions: READ };
    const [one, other] = [await tokenOf(owner, request), await tokenOf(owner, request)];
    expect(await one.refused('token_revoke', { id: other.uid })).toBe('token_not_permitted');
    await one.ok('token_revoke', { id: one.uid });
    expect(await one.refused('token_me')).toBe('token_invalid');
    await other.ok('token_me');
  });
});

describe.each(ENGINES)('the end and the use of a token on %s', () => {
  test('revoked, it is refused at once', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'service', project_id, permissions: READ });
    await program.ok('vault_fetch', { project_id });
    await owner.ok('token_revoke', { id: program.uid });
    expect(await program.refused('vault_fetch', { project_id })).toBe('token_invalid');
    expect(await owner.refused('token_revoke', { id: program.uid })).toBe('token_not_found');
    expect((await owner.ok('token_fetch', { project_id })).amount).toBe(0);
  });

  test('its last use is written down to within ten minutes', async () => {
    let now = NOW;
    await using server = await startTestServer({ clock: () => now });
    const { owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'service', project_id, permissions: READ });
    const used = [];
    for (const minutes of [0, 9, 10]) {
      now = NOW + minutes * MINUTE_MS;
      await program.ok('vault_fetch', { project_id });
      used.push((await program.ok('token_me')).access_token.last_used_at);
    }
    const first = new Date(NOW).toISOString();
    expect(used).toEqual([first, first, new Date(NOW + 10 * MINUTE_MS).toISOString()]);
  });

  test('changing it changes what the next request may do; its secret stays', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, {
      kind: 'service',
      project_id,
      permissions: READ,
      keys: ['STRIPE_*'],
    });
    await owner.ok('token_update', { id: program.uid, permissions: ['vault.list'], keys: null });
    expect(await keysOf(program, { project_id })).toHaveLength(3);
    expect(await program.refused('vault_fetch_one', { project_id, key: 'STRIPE_KEY' })).toBe(
      'token_not_permitted',
    );
  });

  test('a person has at most 200, and so has a project', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const mine = { kind: 'personal', name: 'Mine', permissions: ['vault.view'] };
    const theirs = { kind: 'service', name: 'CI', project_id, permissions: ['vault.view'] };
    for (let index = 0; index < 200; index += 1) {
      await owner.ok('token_create', mine);
      await owner.ok('token_create', theirs);
    }
    expect(await owner.refused('token_create', mine)).toBe('token_limit');
    expect(await owner.refused('token_create', theirs)).toBe('token_limit');
    expect((await owner.ok('token_fetch')).amount).toBe(200);
    expect((await owner.ok('token_fetch', { project_id })).amount).toBe(200);
  });
});

describe.each(ENGINES)('a change that waits for another on %s', () => {
  /** Another node commits between the moment a call is recognised and the moment its own transaction begins. */
  async function meanwhile(
    server: TestServer,
    call: () => Promise<string>,
    statement: string,
  ): Promise<string> {
    await using other = await OtherConnection.writing(server);
    const transaction = vi.spyOn(server.app.context.store, 'transaction');
    const outcome = call();
    await vi.waitFor(() => expect(transaction).toHaveBeenCalled());
    vi.restoreAllMocks();
    await other.rows(statement);
    await other.rows('commit');
    return await outcome;
  }

  const MINE: Request = { kind: 'service', name: 'Late', permissions: ['vault.view'], valid_to: null };

  test('is refused when the first took the role away that it needs', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const demote = `update "user" set role = 'AUTHOR' where uid = '${owner.uid}'`;
    const create = async (): Promise<string> => await owner.refused('token_create', { ...MINE, project_id });
    expect(await meanwhile(server, create, demote)).toBe('forbidden');
  });

  test('is refused when the first ended the session, or revoked the token', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const request = { kind: 'service', project_id, permissions: ['vault.delete', 'vault.view'] };
    const program = await tokenOf(owner, request);
    await program.ok('token_me');
    const remove = async (): Promise<string> =>
      await program.refused('vault_delete', { project_id, key: 'STRIPE_KEY' });
    expect(await meanwhile(server, remove, 'delete from access_token')).toBe('token_invalid');
    const create = async (): Promise<string> => await owner.refused('token_create', { ...MINE, project_id });
    expect(await meanwhile(server, create, `delete from session where uid = '${owner.uid}'`)).toBe(
      'session_ended',
    );
  });

  test('does no more than the token grants after the first', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    const program = await tokenOf(owner, { kind: 'service', project_id, permissions: ['vault.delete'] });
    await program.ok('token_me');
    const remove = async (): Promise<string> =>
      await program.refused('vault_delete', { project_id, key: 'STRIPE_KEY' });
    const narrow = `update access_token set keys = '["OTHER"]'`;
    expect(await meanwhile(server, remove, narrow)).toBe('token_not_permitted');
  });
});

describe.each(ENGINES)('an environment that is deleted on %s', () => {
  test('leaves no token and no trust that would be for another of its id', async () => {
    await using server = await startTestServer();
    const { owner, project_id } = await startProject(server);
    await owner.ok('environment_create', { project_id, id: 'review', name: 'Review' });
    const request = { kind: 'service', project_id, permissions: READ };
    const only = await tokenOf(owner, { ...request, environments: ['review'] });
    const also = await tokenOf(owner, { ...request, environments: ['review', 'staging'] });
    await owner.ok('environment_delete', { project_id, id: 'review' });
    await owner.ok('environment_create', { project_id, id: 'review', name: 'Another' });
    expect(await only.refused('token_me')).toBe('token_invalid');
    expect((await also.ok('token_me')).access_token.environments).toEqual(['staging']);
    const { events } = await owner.ok('event_fetch', { type: 'environment_delete' });
    expect(events).toMatchObject([{ details: { tokens_revoked: 1 } }]);
  });
});
