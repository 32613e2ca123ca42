import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { Client } from '../src/testing/client.ts';
import { ENGINES } from '../src/testing/engines.ts';
import { Issuer } from '../src/testing/issuer.ts';
import { simultaneously } from '../src/testing/simultaneously.ts';
import { startTestServer, type TestServer } from '../src/testing/server.ts';
import { start } from './access-world.ts';

const NOW = Date.parse('2026-11-23T09:30:00Z');
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const CLAIMS = { repository: 'acme/shop', ref: 'refs/heads/main', run: 7 };

type Claims = Record<string, unknown>;

class World implements AsyncDisposable {
  now = NOW;
  readonly issuer: Issuer;
  readonly server: TestServer;
  owner!: Client;
  project_id = '';
  trust_id = '';

  private constructor(issuer: Issuer, server: TestServer) {
    this.issuer = issuer;
    this.server = server;
  }

  static async start(trust: Claims = {}): Promise<World> {
    const issuer = await Issuer.start();
    const clock = { read: (): number => NOW };
    const server = await startTestServer({
      clock: () => clock.read(),
      config: { egressAllow: [issuer.url] },
    });
    const world = new World(issuer, server);
    clock.read = () => world.now;
    world.owner = (await start(server)).owner;
    world.project_id = await server.project(world.owner);
    await world.owner.ok('vault_create', { project_id: world.project_id, key: 'A', value: 'one' });
    world.trust_id = (await world.owner.ok('token_trust_create', world.request(trust))).trust.id;
    return world;
  }

  request(changes: Claims = {}): Claims {
    return {
      project_id: this.project_id,
      name: 'Deploy',
      issuer: this.issuer.url,
      audience: 'coffer',
      subject: 'repo:acme/shop:ref:refs/heads/main',
      claims: CLAIMS,
      permissions: ['vault.view'],
      ...changes,
    };
  }

  claims(changes: Claims = {}): Claims {
    const iat = Math.floor(this.now / 1000);
    return {
      iss: this.issuer.url,
      aud: 'coffer',
      sub: 'repo:acme/shop:ref:refs/heads/main',
      jti: `${iat}`,
      iat,
      exp: iat + 300,
      ...CLAIMS,
      ...changes,
    };
  }

  async exchange(identity_token: string): Promise<{ outcome: string; token?: string; reason?: string }> {
    const input = { trust_id: this.trust_id, identity_token };
    const { status, body } = await this.server.anonymous().call('token_exchange', input);
    return status === 200
      ? { outcome: 'ok', token: body.token }
      : { outcome: body.code, reason: body.detail };
  }

  async outcomeOf(changes: Claims, header: Record<string, string> = {}): Promise<string> {
    return (await this.exchange(await this.issuer.token(this.claims(changes), header))).outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.issuer[Symbol.asyncDispose]();
  }
}

describe.each(ENGINES)('an identity token on %s', () => {
  test('is exchanged for a service token that does what the trust grants, and ends', async () => {
    await using world = await World.start({ ttl_seconds: 120 });
    const { owner, project_id } = world;
    const { token } = await world.exchange(await world.issuer.token(world.claims()));
    const program = new Client(owner.url, token);
    expect((await program.ok('vault_fetch_one', { project_id, key: 'A' })).vault.value).toBe('one');
    expect(await program.refused('vault_fetch', { project_id })).toBe('token_not_permitted');
    const { access_token } = await program.ok('token_me');
    expect(access_token).toMatchObject({ kind: 'service', name: 'Deploy', project_id });
    expect(Date.parse(access_token.valid_to)).toBe(NOW + 120 * SECOND_MS);
    world.now = NOW + 120 * SECOND_MS;
    expect(await program.refused('token_me')).toBe('token_expired');
    // It clutters no list.
    expect((await owner.ok('token_fetch', { project_id })).amount).toBe(0);
  });

  test('and its exchange is on record with issuer and subject', async () => {
    await using world = await World.start();
    const { token } = await world.exchange(await world.issuer.token(world.claims()));
    const { id } = (await new Client(world.owner.url, token).ok('token_me')).access_token;
    await world.outcomeOf({ sub: 'somebody else' });
    const { events } = await world.owner.ok('event_fetch', { type: 'token_exchange' });
    expect(events).toMatchObject([
      { outcome: 'denied', uid: null, object: world.trust_id, details: { subject: 'somebody else' } },
      {
        outcome: 'success',
        uid: id,
        username: 'token:Deploy',
        object: world.trust_id,
        details: { token: id, issuer: world.issuer.url, subject: 'repo:acme/shop:ref:refs/heads/main' },
      },
    ]);
  });

  test.each<[string, Claims, string]>([
    ['another issuer', { iss: 'https://issuer.example.org' }, 'another issuer'],
    ['another audience', { aud: 'other' }, 'another audience'],
    ['no audience', { aud: undefined }, 'aud'],
    ['another subject', { sub: 'repo:acme/shop:ref:refs/heads/other' }, 'another subject'],
    ['a subject that begins alike', { sub: 'repo:acme/shop:ref:refs/heads/main2' }, 'another subject'],
    ['a subject without a meaning', { sub: '\ud800' }, 'sub'],
    ['a subject that is an object', { sub: { a: 1 } }, 'sub'],
    ['an expiry that is no time', { exp: 1e20 }, 'too long'],
    ['a lifetime of years', { exp: NOW / 1000 + 500 * 24 * 3600 }, 'too long'],
    ['a list of subjects', { sub: ['repo:acme/shop:ref:refs/heads/main'] }, 'sub'],
    ['another claim', { repository: 'acme/other' }, 'repository'],
    ['a claim of another type', { run: '7' }, 'run'],
    ['a missing claim', { ref: undefined }, 'ref'],
    ['no expiry', { exp: undefined }, 'exp'],
    ['an expiry in the past', { exp: NOW / 1000 - 61 }, 'expired'],
    ['a start in the future', { nbf: NOW / 1000 + 61 }, 'not valid yet'],
    ['an issue in the future', { iat: NOW / 1000 + 61 }, 'future'],
  ])('is refused with %s', async (_, changes, reason) => {
    await using world = await World.start();
    const refused = await world.exchange(await world.issuer.token(world.claims(changes)));
    expect(refused.outcome).toBe('identity_refused');
    expect(refused.reason).toContain(reason);
    expect(await world.outcomeOf({})).toBe('ok');
  });

  test('is accepted within a minute of clock skew', async () => {
    await using world = await World.start();
    expect(await world.outcomeOf({ jti: '1', exp: NOW / 1000 - 59 })).toBe('ok');
    expect(await world.outcomeOf({ jti: '3', exp: NOW / 1000 + 0.5 })).toBe('ok');
    expect(await world.outcomeOf({ jti: '2', nbf: NOW / 1000 + 59, iat: NOW / 1000 + 59 })).toBe('ok');
  });

  test('is refused when it is signed by no key of the issuer, or by nobody', async () => {
    await using world = await World.start();
    await using other = await Issuer.start();
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { kid = '' } = world.issuer.publicJwk ?? {};
    const secret = new TextEncoder().encode(JSON.stringify(world.issuer.publicJwk));
    const symmetric = new SignJWT(world.claims()).setProtectedHeader({ alg: 'HS256', kid });
    const good = await world.issuer.token(world.claims());
    const forged = {
      'of another issuer': await other.token(world.claims()),
      'of another issuer under this name of a key': await other.token(world.claims(), { kid }),
      'without signature': `${part({ alg: 'none' })}.${part(world.claims())}.`,
      'with the public key as a secret': await symmetric.sign(secret),
      'with other claims': `${good.split('.')[0]}.${part(world.claims({ jti: 'x' }))}.${good.split('.')[2]}`,
      'with its end cut off': good.slice(0, -4),
      'no token': 'x',
      'the token of a session': world.owner.token ?? '',
    };
    for (const [how, token] of Object.entries(forged))
      expect([how, (await world.exchange(token)).outcome]).toEqual([how, 'identity_refused']);
    expect((await world.exchange(good)).outcome).toBe('ok');
  });

  test('is exchanged once, also by two at the same moment; where the trust says so as often as it is valid', async () => {
    await using world = await World.start();
    const token = await world.issuer.token(world.claims());
    const both = await Promise.all([world.exchange(token), world.exchange(token)]);
    expect(both.map(({ outcome }) => outcome).toSorted()).toEqual(['identity_refused', 'ok']);
    expect(await world.exchange(token)).toMatchObject({ outcome: 'identity_refused' });
    world.now = NOW + 4 * MINUTE_MS;
    expect(await world.exchange(token)).toMatchObject({ outcome: 'identity_refused' });

    await using lasting = await World.start({ single_use: false });
    const again = await lasting.issuer.token(lasting.claims());
    expect(await lasting.exchange(again)).toMatchObject({ outcome: 'ok' });
    expect(await lasting.exchange(again)).toMatchObject({ outcome: 'ok' });
  });

  test('opens nothing for a trust that is deleted, nor do the tokens that it gave', async () => {
    await using world = await World.start();
    const { token } = await world.exchange(await world.issuer.token(world.claims()));
    await world.owner.ok('token_trust_delete', { id: world.trust_id });
    expect(await new Client(world.owner.url, token).refused('token_me')).toBe('token_invalid');
    expect(await world.outcomeOf({ jti: 'next' })).toBe('identity_refused');
  });
});

describe.each(ENGINES)('a refused identity token on %s', () => {
  test('is on record once, however often it is sent, if its issuer signed it', async () => {
    await using world = await World.start();
    const good = await world.issuer.token(world.claims());
    const other = await world.issuer.token(world.claims({ aud: 'other', sub: 'somebody' }));
    for (const token of [good, good, good, other, other, 'x.y.z', `${other}x`]) await world.exchange(token);
    const { events } = await world.owner.ok('event_fetch', { type: 'token_exchange' });
    expect(events).toMatchObject([
      { outcome: 'denied', details: { reason: 'it is for another audience', subject: 'somebody' } },
      { outcome: 'denied', details: { reason: 'it was exchanged before' } },
      { outcome: 'success' },
    ]);
  });

  test('slows down who sends more of them', async () => {
    await using issuer = await Issuer.start();
    const limits = { free: 3, waitSecondsMax: 60 };
    await using server = await startTestServer({
      config: { egressAllow: [issuer.url] },
      attemptLimits: { pair: limits, address: limits, account: limits },
    });
    const root = await server.setUp();
    const project_id = await server.project(root);
    const trusted = { issuer: issuer.url, audience: 'coffer', subject: 's', permissions: ['vault.view'] };
    const { trust } = await root.ok('token_trust_create', { project_id, name: 'T', ...trusted });
    const outcomes = [];
    for (const _ of [1, 2, 3, 4])
      outcomes.push(
        await server.anonymous().refused('token_exchange', { trust_id: trust.id, identity_token: 'x' }),
      );
    expect(outcomes).toEqual([...Array.from({ length: 3 }, () => 'identity_refused'), 'too_many_attempts']);
  });

  test('does not slow down who sends them while the issuer is down', async () => {
    const limits = { free: 1, waitSecondsMax: 60 };
    await using server = await startTestServer({
      attemptLimits: { pair: limits, address: limits, account: limits },
    });
    const root = await server.setUp();
    const project_id = await server.project(root);
    const trusted = {
      issuer: 'http://127.0.0.1:1',
      audience: 'a',
      subject: 's',
      permissions: ['vault.view'],
    };
    const { trust } = await root.ok('token_trust_create', { project_id, name: 'T', ...trusted });
    for (const _ of [1, 2, 3]) {
      const request = { trust_id: trust.id, identity_token: 'x.y.z' };
      expect(await server.anonymous().refused('token_exchange', request)).toBe('issuer_unavailable');
    }
  });

  test('is told so, when the key of its issuer is none that one can check with', async () => {
    await using world = await World.start();
    const [header = '', payload = ''] = (await world.issuer.token(world.claims())).split('.');
    for (const key of [
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
    ]) {
      const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
      const alg = key.kty === 'RSA' ? 'RS256' : 'ES256';
      const keys = [{ ...key, kid, alg, use: 'sig' }];
      world.issuer.answers.set('/keys', { status: 200, body: JSON.stringify({ keys }) });
      world.now += 11 * MINUTE_MS;
      const head = Buffer.from(JSON.stringify({ alg, kid })).toString('base64url');
      const outcome = await world.exchange(`${head}.${payload}.${'A'.repeat(86)}`);
      expect(outcome).toMatchObject({ outcome: 'identity_refused' });
    }
  });
});

describe.each(ENGINES)('what one trust gives out on %s', () => {
  test('is at most 500 tokens at a time', async () => {
    await using world = await World.start({ single_use: false, ttl_seconds: 60 });
    const token = await world.issuer.token(world.claims());
    for (let given = 0; given < 500; given += 50) {
      const exchanges = await simultaneously(50, async () => await world.exchange(token));
      expect(exchanges.every(({ outcome }) => outcome === 'ok')).toBe(true);
    }
    expect((await world.exchange(token)).outcome).toBe('token_limit');
    world.now = NOW + MINUTE_MS;
    expect((await world.exchange(token)).outcome).toBe('ok');
  });
});

describe.each(ENGINES)('the keys of an issuer on %s', () => {
  test('are kept, fetched once for all who come at the same moment', async () => {
    await using world = await World.start();
    const tokens = await Promise.all(
      ['1', '2', '3'].map(async (jti) => await world.issuer.token(world.claims({ jti }))),
    );
    await Promise.all(tokens.map(async (token) => await world.exchange(token)));
    await world.outcomeOf({ jti: '4' });
    expect(world.issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    world.now = NOW + 10 * MINUTE_MS;
    await world.outcomeOf({});
    expect(world.issuer.asked).toHaveLength(4);
  });

  test('are looked for anew when one is not known, but not more than twice a minute', async () => {
    await using world = await World.start();
    expect(await world.outcomeOf({ jti: '1' })).toBe('ok');
    const old = await world.issuer.token(world.claims({ jti: 'old' }));
    await world.issuer.rotate('RS256');
    world.now = NOW + 29 * SECOND_MS;
    expect(await world.outcomeOf({ jti: '2' })).toBe('identity_refused');
    expect(world.issuer.asked).toHaveLength(2);
    world.now = NOW + 30 * SECOND_MS;
    expect(await world.outcomeOf({ jti: '3' })).toBe('ok');
    expect(world.issuer.asked).toHaveLength(4);
    // The key that is gone opens nothing more.
    expect((await world.exchange(old)).outcome).toBe('identity_refused');
  });

  test.each<[string, (issuer: Issuer) => void]>([
    ['it is down', (issuer) => issuer.answers.set('/keys', { status: 503, body: '' })],
    [
      'it sends us elsewhere',
      (issuer) => issuer.answers.set('/keys', { status: 302, body: '', headers: { location: '/other' } }),
    ],
    [
      'its discovery document is of another',
      (issuer) =>
        issuer.answers.set('/.well-known/openid-configuration', {
          status: 200,
          body: JSON.stringify({ issuer: 'https://issuer.example.org', jwks_uri: `${issuer.url}/keys` }),
        }),
    ],
    [
      'its keys are at an address that may not be called',
      (issuer) =>
        issuer.answers.set('/.well-known/openid-configuration', {
          status: 200,
          body: JSON.stringify({ issuer: issuer.url, jwks_uri: 'http://127.0.0.1:1/keys' }),
        }),
    ],
    ['its answer is no JSON', (issuer) => issuer.answers.set('/keys', { status: 200, body: '<html>' })],
    [
      'its answer has no end',
      (issuer) => issuer.answers.set('/keys', { status: 200, body: ' '.repeat(300_000) }),
    ],
  ])('cannot be had when %s: 503, and five seconds later a try may succeed', async (_, disturb) => {
    await using world = await World.start();
    disturb(world.issuer);
    expect(await world.outcomeOf({})).toBe('issuer_unavailable');
    world.issuer.answers.clear();
    expect(await world.outcomeOf({})).toBe('issuer_unavailable');
    world.now = NOW + 5 * SECOND_MS;
    expect(await world.outcomeOf({})).toBe('ok');
  });

  test('stay when strangers name keys that there are not while the issuer is down, and it is seldom asked', async () => {
    await using world = await World.start();
    expect(await world.outcomeOf({ jti: '1' })).toBe('ok');
    world.issuer.answers.set('/keys', { status: 503, body: '' });
    const good = await world.issuer.token(world.claims({ jti: '2' }));
    const bogus = await world.issuer.token(world.claims({ jti: 'x' }), { kid: 'bogus' });
    world.now = NOW + MINUTE_MS;
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => (await world.exchange(bogus)).outcome),
    );
    expect(all).not.toContain('ok');
    expect(world.issuer.asked).toHaveLength(4);
    expect((await world.exchange(good)).outcome).toBe('ok');
    expect(world.issuer.asked).toHaveLength(4);
  });

  test('are not looked for at an address that the operator allows for another', async () => {
    await using other = await Issuer.start();
    await using issuer = await Issuer.start();
    await using server = await startTestServer({ config: { egressAllow: [issuer.url, other.url] } });
    const root = await server.setUp();
    const project_id = await server.project(root);
    const trusted = { issuer: issuer.url, audience: 'coffer', subject: 's', permissions: ['vault.view'] };
    const { trust } = await root.ok('token_trust_create', { project_id, name: 'T', ...trusted });
    issuer.answers.set('/.well-known/openid-configuration', {
      status: 200,
      body: JSON.stringify({ issuer: issuer.url, jwks_uri: `${other.url}/keys` }),
    });
    const request = { trust_id: trust.id, identity_token: await issuer.token({ sub: 's' }) };
    expect(await root.refused('token_exchange', request)).toBe('issuer_unavailable');
    expect(other.asked).toEqual([]);
  });

  test('that were had before serve while the issuer is down, until they are too old', async () => {
    await using world = await World.start();
    expect(await world.outcomeOf({ jti: '1' })).toBe('ok');
    world.issuer.answers.set('/keys', { status: 503, body: '' });
    world.now = NOW + 9 * MINUTE_MS;
    expect(await world.outcomeOf({ jti: '2' })).toBe('ok');
    world.now = NOW + 10 * MINUTE_MS;
    expect(await world.outcomeOf({ jti: '3' })).toBe('issuer_unavailable');
  });
});

describe.each(ENGINES)('a trust on %s', () => {
  test('is made, listed and ended by those who manage the project, and gives no more than they have', async () => {
    await using world = await World.start();
    const { owner, server, project_id } = world;
    const listed = await owner.ok('token_trust_fetch', { project_id });
    expect(listed).toMatchObject({
      amount: 1,
      trusts: [{ id: world.trust_id, claims: CLAIMS, single_use: true }],
    });
    const root = server.anonymous();
    await root.signIn('user_login', { auth_data: 'root', password: 'violet-anchor-pebble-41' });
    // ROOT manages the project but does not open its vault.
    expect(await root.refused('token_trust_create', world.request())).toBe('grant_exceeded');
    const viewer = await server.user(root, 'VIEWER');
    await owner.ok('project_member_add', { project_id, uid: viewer.uid });
    for (const [who, code] of [
      [viewer, 'forbidden'],
      [await server.user(root, 'ADMIN'), 'project_not_found'],
    ] as const) {
      expect(await who.refused('token_trust_create', world.request())).toBe(code);
      expect(await who.refused('token_trust_fetch', { project_id })).toBe(code);
      const gone = code === 'project_not_found' ? 'trust_not_found' : code;
      expect(await who.refused('token_trust_delete', { id: world.trust_id })).toBe(gone);
    }
    const made = await owner.ok('token_create', {
      kind: 'service',
      name: 'T',
      project_id,
      permissions: ['token.create', 'vault.view'],
    });
    expect(await new Client(owner.url, made.token).refused('token_trust_create', world.request())).toBe(
      'token_not_permitted',
    );
  });

  test.each<[string, Claims]>([
    ['issuer', { issuer: 'http://issuer.example.org' }],
    ['issuer', { issuer: 'https://127.0.0.1' }],
    ['issuer', { issuer: 'https://[::1]' }],
    ['issuer', { issuer: 'https://issuer.example.org:8443' }],
    ['issuer', { issuer: 'https://user:pass@issuer.example.org' }],
    ['issuer', { issuer: 'https://issuer.example.org/?x' }],
    ['issuer', { issuer: 'ftp://issuer.example.org' }],
    ['subject', { subject: '' }],
    ['audience', { audience: undefined }],
    ['claims', { claims: { sub: 'x' } }],
    ['claims', { claims: JSON.parse('{"__proto__": "x"}') }],
    ['claims.(unnamed)', { claims: { '\ud800': 'x' } }],
    ['claims.nested', { claims: { nested: { a: 1 } } }],
    ['ttl_seconds', { ttl_seconds: 3601 }],
    ['permissions.0', { permissions: ['member.add'] }],
  ])('is refused for its %s: %j', async (path, changes) => {
    await using world = await World.start();
    const { body } = await world.owner.call('token_trust_create', world.request(changes));
    expect(body.errors?.map((error: { path: string }) => error.path)).toEqual([path]);
  });
});
