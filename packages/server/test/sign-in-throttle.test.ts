import { describe, expect, test, vi } from 'vitest';
import { ATTEMPT_LIMITS } from '../src/services/throttle.ts';
import type { Answer } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { PASSWORD, startTestServer, type TestOptions, type TestServer } from '../src/testing/server.ts';
import { countOutcomes, simultaneously } from '../src/testing/simultaneously.ts';

const WRONG = 'wrong-lantern-drift-99';
const SECOND = 1000;

const LIMITED: TestOptions = { attemptLimits: ATTEMPT_LIMITS };
const BEHIND_PROXY: TestOptions = { ...LIMITED, config: { trustedProxies: ['127.0.0.1'] } };

/** A clock that goes when it is told to. It starts now, because tokens are checked against the real time, too. */
class FakeClock {
  now = Date.now();
  readonly read = (): number => this.now;

  /** Waits for as long as the answer asks. */
  waitFor(answer: Answer): void {
    this.now += retryAfter(answer) * SECOND;
  }
}

describe.each(ENGINES)('failed sign-ins on %s', () => {
  test('are free five times; then each makes the wait twice as long, up to five minutes', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    await server.setUp();
    for (let tries = 0; tries < 5; tries += 1) await expectWrong(server, 'root');
    const waits: number[] = [];
    for (let tries = 0; tries < 11; tries += 1) {
      const answer = await expectThrottled(server, 'root');
      waits.push(retryAfter(answer));
      clock.waitFor(answer);
      await expectWrong(server, 'root');
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  test('make nobody wait longer because the clock was ahead, and is set back', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    await server.setUp();
    for (let tries = 0; tries < 5; tries += 1) await expectWrong(server, 'root');
    for (let tries = 0; tries < 3; tries += 1) {
      clock.waitFor(await expectThrottled(server, 'root'));
      await expectWrong(server, 'root');
    }
    const before = retryAfter(await expectThrottled(server, 'root'));
    clock.now -= 30 * 24 * 3600 * SECOND;
    const throttled = await expectThrottled(server, 'root');
    expect(retryAfter(throttled)).toBe(before);
    clock.waitFor(throttled);
    expect((await login(server, 'root', PASSWORD)).status).toBe(200);
  });

  test('make the right password wait, too, and let it in after', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    await server.setUp();
    for (let tries = 0; tries < 7; tries += 1) {
      const answer = await login(server, 'root', WRONG);
      if (answer.status === 429) clock.waitFor(answer);
    }
    const throttled = await login(server, 'root', PASSWORD);
    expect([throttled.status, throttled.body.code]).toEqual([429, 'too_many_attempts']);
    clock.waitFor(throttled);
    expect((await login(server, 'root', PASSWORD)).status).toBe(200);
  });

  test('of an address are not forgiven because someone with an account signs in from there', async () => {
    const clock = new FakeClock();
    const plenty = { free: 1000, waitSecondsMax: 1 };
    await using server = await startTestServer({
      attemptLimits: { pair: plenty, account: plenty, address: { free: 3, waitSecondsMax: 300 } },
      clock: clock.read,
    });
    const root = await server.setUp();
    const names = { username: 'newcomer', email: 'new@example.org', first_name: 'N', last_name: '' };
    await root.ok('user_create', { ...names, password: PASSWORD, role: 'VIEWER' });
    for (let tries = 0; tries < 8; tries += 1) {
      const wrong = await login(server, `someone-${tries}`, WRONG);
      if (wrong.status === 429) clock.waitFor(wrong);
    }
    clock.now += 300 * SECOND;
    expect((await login(server, 'newcomer', PASSWORD)).status).toBe(200);
    expect((await login(server, 'someone-else', WRONG)).status).toBe(429);
  });

  test('do not become more while they have to wait', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    await server.setUp();
    for (let tries = 0; tries < 5; tries += 1) await expectWrong(server, 'root');
    for (let tries = 0; tries < 50; tries += 1)
      expect(retryAfter(await expectThrottled(server, 'root'))).toBe(1);
    clock.now += SECOND;
    expect((await login(server, 'root', PASSWORD)).status).toBe(200);
  });

  test('are forgotten after a success', async () => {
    await using server = await startTestServer(LIMITED);
    await server.setUp();
    for (let rounds = 0; rounds < 3; rounds += 1) {
      for (let tries = 0; tries < 4; tries += 1) await expectWrong(server, 'root');
      expect((await login(server, 'root', PASSWORD)).status).toBe(200);
    }
  });

  test('are forgotten after an hour', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    await server.setUp();
    for (let tries = 0; tries < 5; tries += 1) await expectWrong(server, 'root');
    await expectThrottled(server, 'root');
    clock.now += 3600 * SECOND + 1;
    for (let tries = 0; tries < 5; tries += 1) await expectWrong(server, 'root');
    expect(retryAfter(await expectThrottled(server, 'root'))).toBe(1);
  });

  test('a hundred at once are compared no more often than one after another', async () => {
    // However long they take: no second passes.
    await using server = await startTestServer({ ...LIMITED, clock: new FakeClock().read });
    await server.setUp();
    const compare = vi.spyOn(server.app.context.passwords, 'matches');
    const answers = await simultaneously(100, async () => await login(server, 'root', WRONG));
    expect(countOutcomes(answers)).toEqual({ credentials_invalid: 5, too_many_attempts: 95 });
    expect(compare).toHaveBeenCalledTimes(5);
  });

  test('are answered alike, wait for wait, whether the account exists or not', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    await server.setUp();
    for (let tries = 0; tries < 12; tries += 1) {
      const [known, unknown] = [await login(server, 'root', WRONG), await login(server, 'nobody', WRONG)];
      expect(comparable(unknown)).toEqual(comparable(known));
      if (tries % 2 === 1 && known.status === 429) clock.waitFor(known);
    }
  });

  test('count for an account in whatever case it is written', async () => {
    await using server = await startTestServer(LIMITED);
    await server.setUp();
    for (const name of ['root', 'ROOT', 'Root', 'rOOt', 'roOT']) await expectWrong(server, name);
    await expectThrottled(server, 'rooT');
  });

  test('do not slow another account down at the same address, until that is at its own limit of thirty', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    await server.setUp();
    for (let tries = 0; tries < 5; tries += 1) await expectWrong(server, 'nobody-0');
    await expectThrottled(server, 'nobody-0');
    expect((await login(server, 'root', PASSWORD)).status).toBe(200);
    for (let tries = 5; tries < 30; tries += 1) await expectWrong(server, `nobody-${1 + (tries % 13)}`);
    const throttled = await login(server, 'someone-new', PASSWORD);
    expect([throttled.status, retryAfter(throttled)]).toEqual([429, 1]);
    // Who has signed in from there before does not suffer from the others.
    expect((await login(server, 'root', PASSWORD)).status).toBe(200);
  });

  test('are counted over a restart', async () => {
    await using first = await startTestServer(LIMITED);
    await first.setUp();
    for (let tries = 0; tries < 4; tries += 1) await expectWrong(first, 'root');
    await first.stop();
    const clock = new FakeClock();
    await using second = await startTestServer({ ...LIMITED, clock: clock.read, dataDir: first.dataDir });
    await expectWrong(second, 'root');
    await expectThrottled(second, 'root');
  });

  test('fill the audit log with what was compared, not with what had to wait', async () => {
    await using server = await startTestServer(LIMITED);
    const root = await server.setUp();
    for (let tries = 0; tries < 50; tries += 1) await login(server, 'root', WRONG);
    const { amount } = await root.ok('event_fetch', { type: 'user_login' });
    expect(amount).toBe(5);
  });

  test('leave no trace of what was typed as a name', async () => {
    await using server = await startTestServer(LIMITED);
    await server.setUp();
    await login(server, 'Sesame-Typed-As-A-Name', WRONG);
    const rows = await server.app.context.store.db.selectFrom('attempt').select('subject').execute();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows).toLowerCase()).not.toContain('sesame');
  });
});

describe.each(ENGINES)('failed sign-ins from many addresses on %s', () => {
  test('do not keep the owner out where they have signed in before, nor elsewhere for long', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...BEHIND_PROXY, clock: clock.read });
    await server.setUp();
    expect((await login(server, 'root', PASSWORD, '203.0.113.1')).status).toBe(200);
    for (let host = 0; host < 50; host += 1) await expectWrong(server, 'root', `198.51.100.${host}`);
    // The account is at its limit now, for addresses that it does not know.
    for (let host = 50; host < 60; host += 1) await expectThrottled(server, 'root', `198.51.100.${host}`);

    expect((await login(server, 'root', PASSWORD, '203.0.113.1')).status).toBe(200);
    expect((await login(server, 'root@example.org', PASSWORD, '203.0.113.1')).status).toBe(200);
    const elsewhere = await login(server, 'root', PASSWORD, '192.0.2.1');
    expect(elsewhere.status).toBe(429);
    clock.waitFor(elsewhere);
    expect((await login(server, 'root', PASSWORD, '192.0.2.1')).status).toBe(200);
  });

  test('keep an unknown address waiting a minute at most', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...BEHIND_PROXY, clock: clock.read });
    await server.setUp();
    const waits = new Set<number>();
    for (let host = 0; host < 100; host += 1) {
      const answer = await login(server, 'root', WRONG, `198.51.100.${host}`);
      if (answer.status === 429) {
        waits.add(retryAfter(answer));
        clock.waitFor(answer);
      }
    }
    expect([...waits]).toEqual([1, 2, 4, 8, 16, 32, 60]);
  });

  test('are slowed down at an address that the account knows, too, when they come from there', async () => {
    await using server = await startTestServer(BEHIND_PROXY);
    await server.setUp();
    expect((await login(server, 'root', PASSWORD, '203.0.113.1')).status).toBe(200);
    for (let tries = 0; tries < 5; tries += 1) await expectWrong(server, 'root', '203.0.113.1');
    await expectThrottled(server, 'root', '203.0.113.1');
    expect((await login(server, 'root', PASSWORD, '203.0.113.2')).status).toBe(200);
  });

  test('are from one address when they come from one /64 of IPv6', async () => {
    await using server = await startTestServer(BEHIND_PROXY);
    await server.setUp();
    const addresses = [
      '2001:db8::1',
      '2001:db8:0:0:1::',
      '2001:DB8::FFFF',
      '2001:db8:0:0:a:b:c:d',
      '2001:0db8::2',
    ];
    for (const address of addresses) await expectWrong(server, 'root', address);
    await expectThrottled(server, 'root', '2001:db8::3');
    await expectWrong(server, 'root', '2001:db8:0:1::1');
  });

  test('are from the address of the connection when there is no proxy to believe', async () => {
    await using server = await startTestServer(LIMITED);
    const root = await server.setUp();
    for (let host = 0; host < 5; host += 1) await expectWrong(server, 'root', `198.51.100.${host}`);
    await expectThrottled(server, 'root', '198.51.100.5');
    const { events } = await root.ok('event_fetch', { type: 'user_login' });
    expect(new Set(events.map(({ ip }: { ip: string }) => ip))).toEqual(new Set(['127.0.0.1']));
  });

  test('are from the address that the proxy saw, not from one that was sent to it', async () => {
    await using server = await startTestServer(BEHIND_PROXY);
    const root = await server.setUp();
    for (let host = 0; host < 5; host += 1)
      await expectWrong(server, 'root', `192.0.2.${host}, 198.51.100.1`);
    await expectThrottled(server, 'root', '192.0.2.5, 198.51.100.1');
    const { events } = await root.ok('event_fetch', { type: 'user_login' });
    expect(new Set(events.map(({ ip }: { ip: string }) => ip))).toEqual(new Set(['198.51.100.1']));
  });
});

describe.each(ENGINES)('other secrets that are tried on %s', () => {
  test('the set-up token is slowed down, and works after the wait', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    const input = {
      username: 'root',
      email: 'root@example.org',
      first_name: 'Rosa',
      last_name: 'Root',
      password: PASSWORD,
    };
    const tryToken = async (token: string | undefined): Promise<Answer> =>
      await server.anonymous().call('setup', { setup_token: token, ...input });
    const right = server.app.setupToken?.expose();
    const outcomes = countOutcomes(await simultaneously(40, async () => await tryToken('guess')));
    expect(outcomes).toEqual({ setup_token_invalid: 5, too_many_attempts: 35 });
    const throttled = await tryToken(right);
    expect([throttled.status, retryAfter(throttled)]).toEqual([429, 1]);
    clock.waitFor(throttled);
    expect((await tryToken(right)).status).toBe(201);
  });

  test('the current password is slowed down for who holds a session', async () => {
    const clock = new FakeClock();
    await using server = await startTestServer({ ...LIMITED, clock: clock.read });
    const root = await server.setUp();
    const change = async (current: string): Promise<Answer> =>
      await root.call('user_password', {
        current_password: current,
        new_password: 'another-violet-pebble-14',
      });
    const outcomes = countOutcomes(await simultaneously(40, async () => await change(WRONG)));
    expect(outcomes).toEqual({ password_incorrect: 5, too_many_attempts: 35 });
    const throttled = await change(PASSWORD);
    expect([throttled.status, retryAfter(throttled)]).toEqual([429, 1]);
    clock.waitFor(throttled);
    expect((await change(PASSWORD)).status).toBe(200);
  });
});

async function login(
  server: TestServer,
  name: string,
  password: string,
  forwardedFor?: string,
): Promise<Answer> {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return await server.anonymous().call('user_login', { auth_data: name, password }, headers);
}

async function expectWrong(server: TestServer, name: string, forwardedFor?: string): Promise<void> {
  const { status, body } = await login(server, name, WRONG, forwardedFor);
  expect([status, body.code]).toEqual([401, 'credentials_invalid']);
}

async function expectThrottled(server: TestServer, name: string, forwardedFor?: string): Promise<Answer> {
  const answer = await login(server, name, WRONG, forwardedFor);
  expect([answer.status, answer.body.code]).toEqual([429, 'too_many_attempts']);
  expect(answer.body.detail).toContain(` ${retryAfter(answer)} seconds`);
  return answer;
}

/** Whole seconds, at least one. */
function retryAfter({ headers }: Answer): number {
  const text = headers.get('retry-after') ?? '';
  expect(text).toMatch(/^[1-9]\d*$/);
  return Number(text);
}

/** All of an answer but the time and the id of the request. */
function comparable({ status, body, headers }: Answer): unknown {
  const { request_id: _, ...rest } = body;
  const ignored = new Set(['date', 'x-request-id']);
  return { status, rest, headers: [...headers].filter(([name]) => !ignored.has(name)) };
}
