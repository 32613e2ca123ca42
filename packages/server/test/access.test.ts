import { ENDPOINTS } from '@coffer/contract';
import type { AuditEventType } from '@coffer/core';
import { describe, expect, test } from 'vitest';
import type { Answer, Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { startTestServer } from '../src/testing/server.ts';
import { takeSnapshot } from '../src/testing/snapshot.ts';
import { CALLERS, MATRIX, PUBLIC_ENDPOINTS, PUBLIC_PAGES, type Outcome } from './access-matrix.ts';
import {
  CANARY,
  endpointOf,
  enter,
  INPUTS,
  NO_PROJECT,
  outcomeOf,
  start,
  type World,
} from './access-world.ts';
import { readState, restoreState } from './database-state.ts';

const ROWS = Object.entries(MATRIX);
const PROJECT_ROWS = ROWS.filter(([, { outsider }]) => outsider.includes('project_not_found'));

/** Everything that the caller could tell two answers apart by. */
function perceived({ status, headers, text, body }: Answer): unknown {
  const own = new Set(['x-request-id', 'date']);
  return {
    status,
    headers: [...headers].filter(([name]) => !own.has(name)),
    text: text.replace(body.request_id, 'req'),
  };
}

/** What is on record of a user's requests, by the id of the request. */
async function recordsOf(root: Client, { uid }: Client): Promise<(answer: Answer) => unknown> {
  const records = new Map<string, unknown>();
  for (let offset = 0, amount = 1; offset < amount; offset += 100) {
    const page = await root.ok('event_fetch', { uid, limit: 100, offset });
    for (const event of page.events) records.set(event.request_id, event);
    amount = page.amount;
  }
  return ({ headers }) => records.get(headers.get('x-request-id') ?? '');
}

/** A valid input for each of the rows. */
async function inputsOf(rows: typeof ROWS, world: World): Promise<Map<string, Record<string, unknown>>> {
  const inputs = rows.map(async ([row]) => [row, (await INPUTS[row]?.(world)) ?? {}] as const);
  return new Map(await Promise.all(inputs));
}

describe('the matrix of access', () => {
  test('has a row for every endpoint, and an input for every row', () => {
    expect([...new Set(ROWS.map(([row]) => endpointOf(row)))].toSorted()).toEqual(
      Object.keys(ENDPOINTS).toSorted(),
    );
    expect(Object.keys(INPUTS).toSorted()).toEqual(Object.keys(MATRIX).toSorted());
  });
});

describe.each(ENGINES)('without a token on %s', () => {
  test('every endpoint but the public ones answers 401, whatever is sent, and does nothing', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    const anonymous = server.anonymous();
    const inputs = await inputsOf(ROWS, world);
    const isOpen = ([row]: (typeof ROWS)[number]): boolean => PUBLIC_ENDPOINTS.includes(endpointOf(row));
    const before = await takeSnapshot(server.app.context.store);
    for (const [row] of ROWS.filter((each) => !isOpen(each))) {
      const id = endpointOf(row);
      const { method, path } = ENDPOINTS[id];
      const input = inputs.get(row);
      const answer = await anonymous.call(id, input);
      expect([row, answer.status, answer.body.code]).toEqual([row, 401, 'unauthenticated']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      // One answer for all: nothing tells whether there is such a project, nor whether the body would do.
      const garbage = { body: '{', headers: { 'content-type': 'text/plain' } };
      for (const other of [
        await anonymous.call(id, { ...input, project_id: NO_PROJECT }),
        await anonymous.send(method, path, { input: { nonsense: true } }),
        await anonymous.send(method, path, method === 'GET' ? {} : garbage),
      ]) {
        expect([row, perceived(other)]).toEqual([row, perceived(answer)]);
      }
    }
    expect(await takeSnapshot(server.app.context.store)).toEqual(before);
    for (const [row] of ROWS.filter(isOpen)) {
      const { status } = await anonymous.call(endpointOf(row), inputs.get(row));
      expect([row, status]).not.toEqual([row, 401]);
    }
  });

  test('the pages that describe the API are there for anyone', async () => {
    await using server = await startTestServer();
    for (const path of PUBLIC_PAGES) expect((await server.anonymous().send('GET', path)).status).toBe(200);
  });

  test('a token that this server did not issue opens nothing, and none of the public endpoints minds it', async () => {
    await using server = await startTestServer();
    const world = await enter(await start(server), 'ADMIN', true);
    for (const token of ['x', `${world.caller.token}x`, 'a.b.c']) {
      const stranger = server.anonymous();
      stranger.token = token;
      for (const [row] of ROWS) {
        const id = endpointOf(row);
        const isPublic = PUBLIC_ENDPOINTS.includes(id);
        const { status, body } = await stranger.call(id, isPublic ? await INPUTS[row]?.(world) : {});
        expect([row, status === 401 ? body.code : 'open']).toEqual([
          row,
          isPublic ? 'open' : 'token_invalid',
        ]);
      }
    }
  });
});

const CASES = (['member', 'outsider'] as const).flatMap((part) =>
  CALLERS.map((role) => [role, part] as const),
);

describe.each(ENGINES)('by role and membership on %s', () => {
  test.each(CASES)(
    '%s as %s: each call does what the matrix says; a refused one changes nothing and is on record',
    async (role, part) => {
      await using server = await startTestServer();
      const everyone = await start(server);
      const world = await enter(everyone, role, part === 'member');
      const expected = Object.fromEntries(
        ROWS.map(([row, columns]) => [row, columns[part][CALLERS.indexOf(role)]]),
      );
      const outcomes = await outcomesOfRefusals(
        ROWS.filter(([row]) => expected[row] !== 'ok'),
        world,
      );
      const untouched = await readState(server);
      for (const [row] of ROWS.filter(([each]) => expected[each] === 'ok')) {
        const id = endpointOf(row);
        outcomes[row] = outcomeOf(await world.caller.call(id, await INPUTS[row]?.(world)));
        // Whatever a success changes, each call finds the project and the caller as they were.
        if (ENDPOINTS[id].method !== 'GET') await restoreState(server, untouched);
      }
      expect(outcomes).toEqual(expected);
    },
  );

  /** What came of each call, all made at once; what must hold after every refusal is checked here. */
  async function outcomesOfRefusals(rows: typeof ROWS, world: World): Promise<Record<string, Outcome>> {
    const { server, root, caller, project_id } = world;
    const inputs = await inputsOf(rows, world);
    const before = await takeSnapshot(server.app.context.store);
    const answers = await Promise.all(
      rows.map(async ([row]) => await caller.call(endpointOf(row), inputs.get(row))),
    );
    expect(await takeSnapshot(server.app.context.store)).toEqual(before);
    const recordOf = await recordsOf(root, caller);
    const outcomes = rows.map(([row, { refusalIs }], index): [string, Outcome] => {
      const answer = answers[index] as Answer;
      const outcome = outcomeOf(answer);
      if (outcome === 'ok') return [row, outcome];
      expect([row, answer.text]).not.toEqual([row, expect.stringContaining(CANARY)]);
      if (refusalIs === undefined) return [row, outcome];
      const isDenied = ['forbidden', 'membership_required', 'project_not_found', 'grant_exceeded'].includes(
        outcome,
      );
      const input = inputs.get(row) ?? {};
      expect(recordOf(answer)).toMatchObject({
        type: refusalIs,
        outcome: isDenied ? 'denied' : 'error',
        uid: caller.uid,
        username: caller.username,
        project_id: 'project_id' in input ? project_id : null,
        object: input['key'] ?? input['uid'] ?? input['id'] ?? null,
        details: { code: outcome },
      });
      return [row, outcome];
    });
    return Object.fromEntries(outcomes);
  }
});

describe.each(ENGINES)("another project's member on %s", () => {
  test.each(['ADMIN', 'AUTHOR', 'VIEWER'] as const)(
    'who is %s learns nothing from any call: each answers as for a project that does not exist (R14)',
    async (role) => {
      await using server = await startTestServer();
      const world = await enter(await start(server), role, false);
      const inputs = await inputsOf(PROJECT_ROWS, world);
      const before = await takeSnapshot(server.app.context.store);
      const missed: [AuditEventType | undefined, Answer][] = [];
      for (const [row, { outsider, refusalIs }] of PROJECT_ROWS) {
        const input = inputs.get(row) ?? {};
        const hidden = await world.caller.call(endpointOf(row), input);
        const missing = await world.caller.call(endpointOf(row), { ...input, project_id: NO_PROJECT });
        expect([row, outcomeOf(hidden)]).toEqual([row, outsider[CALLERS.indexOf(role)]]);
        expect([row, perceived(hidden)]).toEqual([row, perceived(missing)]);
        missed.push([refusalIs, missing]);
      }
      expect(await takeSnapshot(server.app.context.store)).toEqual(before);
      const recordOf = await recordsOf(world.root, world.caller);
      for (const [type, answer] of missed)
        expect(recordOf(answer)).toMatchObject({ type, outcome: 'denied', project_id: NO_PROJECT });
    },
  );

  test.each(CALLERS)('and a member who is %s are told alike that no project is no project', async (role) => {
    await using server = await startTestServer();
    const world = await enter(await start(server), role, true);
    for (const [row] of PROJECT_ROWS) {
      // ROOT reads the whole log, also of projects that are no more.
      if (row === 'event_fetch of the project' && role === 'ROOT') continue;
      const input = (await INPUTS[row]?.(world)) ?? {};
      const code = await world.caller.refused(endpointOf(row), { ...input, project_id: NO_PROJECT });
      // The log of events looks at the role first: AUTHOR and VIEWER learn nothing of any project.
      const isRoleFirst = row.startsWith('event_fetch') && (role === 'AUTHOR' || role === 'VIEWER');
      expect([row, code]).toEqual([row, isRoleFirst ? 'forbidden' : 'project_not_found']);
    }
  });

  test('does not find it in the list of projects, whatever they filter for (R17)', async () => {
    await using server = await startTestServer();
    const everyone = await start(server);
    for (const role of CALLERS) {
      const { caller, project_id } = await enter(everyone, role, false);
      const all = await caller.ok('project_fetch', { limit: 100 });
      const own = await caller.ok('project_fetch', { filter: everyone.elsewhere });
      const other = await caller.ok('project_fetch', { filter: project_id });
      const found = all.projects.map(({ id }: { id: string }) => id);
      if (role === 'ROOT') expect(found).toEqual(expect.arrayContaining([project_id, everyone.elsewhere]));
      else expect(found).toEqual([everyone.elsewhere]);
      expect(all.amount).toBe(found.length);
      expect(own.amount).toBeGreaterThan(0);
      expect(other.amount).toBe(role === 'ROOT' ? 1 : 0);
    }
  });

  test('who is ADMIN reads in the log what concerns their own projects alone (R35)', async () => {
    await using server = await startTestServer();
    const everyone = await start(server);
    const { caller, root, project_id } = await enter(everyone, 'ADMIN', false);
    await caller.refused('vault_fetch_one', { project_id, key: 'KEY' });
    const { events, amount } = await caller.ok('event_fetch', { limit: 100 });
    expect(amount).toBeGreaterThan(0);
    expect(amount).toBe(events.length);
    expect([...new Set(events.map((event: { project_id: string | null }) => event.project_id))]).toEqual([
      everyone.elsewhere,
    ]);
    // The attempt on the other project is for those who manage that one.
    const theirs = await everyone.owner.ok('event_fetch', { project_id, type: 'vault_view' });
    expect(theirs.events).toMatchObject([{ uid: caller.uid, outcome: 'denied' }]);
    expect((await root.ok('event_fetch', { limit: 100 })).amount).toBeGreaterThan(amount);
  });
});
