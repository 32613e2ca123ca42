import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HAS_PSEUDO_TERMINALS } from './pseudo-terminal.ts';
import { Person, setScene, startEcho, type Scene } from './support.ts';

const SECRET = 'hunter2-hunter2-hunter2/+';

/** An outside API. */
async function startApi(answer: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function sceneFor(origin: string): Promise<Scene> {
  const scene = await setScene({ config: { egressAllow: [origin] } });
  await scene.person.here.ok(['set', 'API_KEY'], { input: SECRET });
  await scene.person.here.ok(['allow', 'API_KEY', origin]);
  return scene;
}

function charge(origin: string): Record<string, unknown> {
  return {
    id: 'charge',
    method: 'POST',
    path: '/charges/:account',
    inputs: [
      { name: 'account', in: 'path' },
      { name: 'dry_run', in: 'query', type: 'boolean', required: false },
      { name: 'idempotency_key', in: 'header', required: false },
      { name: 'amount', in: 'body', type: 'integer' },
      { name: 'note', in: 'body', required: false },
      { name: 'tags', in: 'body', type: 'json', required: false },
    ],
    request: {
      origin,
      method: 'POST',
      path: '/v1/accounts/${{ input.account }}/charges',
      query: [{ name: 'dry', value: '${{ input.dry_run }}' }],
      headers: [{ name: 'Idempotency-Key', value: '${{ input.idempotency_key }}' }],
      auth: { type: 'bearer', token: '${{ vault.API_KEY }}' },
      body: {
        type: 'json',
        value: { amount: '${{ input.amount }}', note: '${{ input.note }}', tags: '${{ input.tags }}' },
      },
    },
  };
}

async function apply(person: Person, definition: object, ...options: string[]) {
  return await person.here.run(['routes', 'apply', '-', ...options], { input: JSON.stringify(definition) });
}

test('a route sends the value, and who calls it has none of it', async () => {
  using other = new Person();
  await using echo = await startEcho(other);
  await using scene = await sceneFor(echo.url);
  const { person } = scene;
  const applied = await apply(person, charge(echo.url));
  expect(applied).toMatchObject({ code: 0, out: '' });
  expect(applied.err).toContain('charge is at version 1');
  const inputs = ['account=a b', 'dry_run=true', 'idempotency_key=k1', 'amount=4200', 'tags=["x"]'];
  const called = await person.run(['routes', 'call', 'charge', ...inputs]);
  expect(called.code).toBe(0);
  expect(called.out).toMatch(/^POST \/v1\/accounts\/a%20b\/charges\?dry=true HTTP\/1\.1\n/);
  expect(called.out).toContain('Idempotency-Key: k1\n');
  expect(called.out).toContain('Authorization: Bearer [redacted]\n');
  expect(called.out).toContain('\n\n{"amount":4200,"tags":["x"]}\n');
  expect(called.err).toBe(`200 from ${echo.url}\n`);
  expect(called.out).not.toContain('hunter2');
  await echo.see(`Authorization: Bearer ${SECRET}\n`);

  const file = join(person.cwd, 'inputs.json');
  writeFileSync(file, JSON.stringify({ account: 'x', amount: 1, note: 'a=b' }));
  const fromFile = await person.ok(['routes', 'call', 'charge', '--inputs', file]);
  expect(fromFile).toContain('{"amount":1,"note":"a=b"}');
  const calls = await person.ok(['routes', 'calls', 'charge']);
  expect(
    calls
      .trim()
      .split('\n')
      .map((line) => line.split('\t').slice(5, 7)),
  ).toEqual([
    ['done', '200'],
    ['done', '200'],
  ]);
});

test('what a route shows is what it takes: nothing changes, whatever the file leaves out', async () => {
  await using scene = await sceneFor('https://api.example.org');
  const { person } = scene;
  await person.here.ok(['allow', 'API_KEY', 'https://auth.example.org']);
  const key = '${{ vault.API_KEY }}';
  const auths = [
    null,
    { type: 'basic', username: 'ada', password: key },
    { type: 'hmac', key, parts: ['body'], header: 'X-Signature' },
    {
      type: 'aws_sigv4',
      access_key_id: 'AKID',
      secret_access_key: key,
      region: 'eu-central-1',
      service: 's3',
    },
    {
      type: 'oauth2_client_credentials',
      token_url: 'https://auth.example.org/token',
      client_id: 'coffer',
      client_secret: key,
    },
  ];
  const bodies = [undefined, null, { type: 'text', text: 'x' }, { type: 'form', fields: [] }];
  for (const [index, auth] of auths.entries()) {
    const id = `r${index}`;
    const body = bodies[index % bodies.length];
    const request = { origin: 'https://api.example.org', method: 'POST', path: '/', auth, body };
    const definition = {
      id,
      method: 'POST',
      path: `/${id}`,
      inputs: [{ name: 'a', in: 'query' }],
      request,
      response: index === 0 ? { redact: 'fail' } : undefined,
    };
    expect((await apply(person, definition)).err).toContain(`${id} is at version 1`);
    expect((await apply(person, definition)).err).toContain('nothing changes');
    const shown = await person.here.ok(['routes', 'show', id]);
    const again = await person.here.run(['routes', 'apply', '-'], { input: shown });
    expect(again.err).toBe(`${id} is at version 1; nothing changes.\n`);
    expect((await person.here.run(['routes', 'apply', '-', '--again'], { input: shown })).err).toContain(
      `${id} is at version 2`,
    );
  }
}, 120_000);

test('a change is shown, and saved over what was looked at only', async () => {
  await using scene = await sceneFor('https://api.example.org');
  const { person } = scene;
  const definition = charge('https://api.example.org');
  await apply(person, definition);
  const changed = await apply(person, { ...definition, response: { max_bytes: 1000 } });
  expect(changed.err).toContain('~ response.max_bytes  8388608 → 1000\n');
  expect((await apply(person, definition, '--if-version', '1')).code).toBe(6);
  expect((await apply(person, definition, '--if-version', '0')).code).toBe(6);
  expect((await apply(person, definition, '--if-version', '2')).code).toBe(0);
  const second = await person.here.ok(['routes', 'show', 'charge', '--at-version', '2']);
  expect(JSON.parse(second).response.max_bytes).toBe(1000);
  const versions = await person.here.ok(['routes', 'versions', 'charge']);
  expect(versions.split('\n').map((line) => line.split('\t')[0])).toEqual(['3', '2', '1', '']);

  const yaml = join(person.cwd, 'ping.yaml');
  writeFileSync(
    yaml,
    'id: ping\nmethod: GET\npath: /ping\nrequest:\n  origin: https://api.example.org\n  method: GET\n  path: /\n  headers:\n    - name: X-Key\n      value: ${{ vault.API_KEY }}\n',
  );
  await person.here.ok(['routes', 'apply', yaml]);
  const listed = await person.here.ok(['routes', 'list', '--key', 'API_KEY']);
  expect(listed.split('\n').map((line) => line.split('\t')[0])).toEqual(['charge', 'ping', '']);
  const previewed = await person.here.run(['routes', 'preview', yaml]);
  expect(previewed.out).toBe('GET https://api.example.org/\nX-Key: •••\n');
  expect(previewed.code).toBe(0);
  await person.here.ok(['routes', 'delete', 'ping', '--yes']);
  expect((await person.here.run(['routes', 'show', 'ping'])).code).toBe(5);
});

test('nobody makes a route public by oversight', async () => {
  await using scene = await sceneFor('https://api.example.org');
  const { person } = scene;
  const definition = { ...charge('https://api.example.org'), access: 'public' };
  expect(await apply(person, definition)).toMatchObject({ code: 2, out: '' });
  expect((await apply(person, { ...definition, confirm_public: true })).code).toBe(2);
  expect(await person.here.ok(['routes', 'list'])).toBe('');
  expect((await apply(person, definition, '--yes')).code).toBe(0);
  // It is public: what else changes is no news in this respect.
  expect((await apply(person, { ...definition, rate_per_minute: 5 })).code).toBe(0);
  const file = join(person.cwd, 'route.json');
  writeFileSync(file, JSON.stringify(definition));
  expect((await person.here.run(['routes', 'preview', file, 'account=a', 'amount=1'])).code).toBe(0);
});

test('what the outside API says is told from what Coffer says, by exit code and stream', async () => {
  await using api = await startApi((request, response) => {
    const status = Number(/\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200);
    response.writeHead(status, { 'content-type': 'text/plain' }).end('said by the API');
  });
  await using scene = await sceneFor(api.url);
  const { person } = scene;
  const auth = { type: 'bearer', token: '${{ vault.API_KEY }}' };
  const inputs = [
    { name: 'status', in: 'path', type: 'integer' },
    { name: 'trace', in: 'header', required: false },
  ];
  const request = { origin: api.url, method: 'GET', path: '/${{ input.status }}', auth };
  const definition = { id: 'answer', method: 'GET', path: '/answer/:status', inputs, request };
  await apply(person, definition);
  for (const [status, code] of [
    [200, 0],
    [302, 8],
    [401, 8],
    [404, 8],
    [503, 8],
  ] as const) {
    const called = await person.here.run(['routes', 'call', 'answer', `status=${status}`]);
    expect(called).toMatchObject({ code, out: 'said by the API', err: `${status} from ${api.url}\n` });
  }
  const refusals: [number, string, string[]][] = [
    [2, 'status must be a whole number', ['answer', 'status=x']],
    [2, 'stands in the path, and is missing', ['answer']],
    [
      2,
      'other is not an input of the route: its inputs are status, trace',
      ['answer', 'status=200', 'other=canary'],
    ],
    [2, 'NAME=VALUE', ['answer', 'canary']],
    [2, 'stands in a header', ['answer', 'status=200', 'trace=canary\n']],
    [5, 'coffer routes list', ['nothing']],
    [2, 'ID must', ['Canary!']],
  ];
  for (const [code, said, args] of refusals) {
    const called = await person.here.run(['routes', 'call', ...args]);
    expect([args, called.code, called.out]).toEqual([args, code, '']);
    expect(called.err).toContain(said);
    expect(called.err).not.toContain('canary');
  }
  await apply(person, { ...definition, response: { max_bytes: 3 } });
  expect(await person.here.run(['routes', 'call', 'answer', 'status=200'])).toMatchObject({ code: 1 });
  expect(await person.here.ok(['routes', 'calls', 'answer', '-n', '1'])).toContain(
    'it has more than 3 bytes',
  );
  await api[Symbol.asyncDispose]();
  const away = await person.here.run(['routes', 'call', 'answer', 'status=200']);
  expect(away).toMatchObject({ code: 1, out: '' });
  expect(away.err).toContain('[route_upstream_unreachable]');
  await person.here.ok(['allow', 'API_KEY', api.url, '--remove']);
  const refused = await person.here.run(['routes', 'call', 'answer', 'status=200']);
  expect(refused).toMatchObject({ code: 4, out: '' });
  expect(refused.err).toContain('coffer allow KEY ORIGIN');
}, 120_000);

test('an entry says where it may go, and its deletion which routes no longer work', async () => {
  await using scene = await sceneFor('https://api.example.org');
  const { person } = scene;
  expect(await person.here.ok(['allow', 'API_KEY'])).toBe('https://api.example.org\n');
  await person.here.ok(['allow', 'API_KEY', 'https://b.example.org', '--in-path']);
  expect(JSON.parse(await person.here.ok(['allow', 'API_KEY', '--json']))).toEqual({
    key: 'API_KEY',
    allowed_origins: ['https://api.example.org', 'https://b.example.org'],
    allowed_in_path: true,
  });
  await person.here.ok(['allow', 'API_KEY', 'https://b.example.org', '--remove', '--in-path']);
  expect(JSON.parse(await person.here.ok(['allow', 'API_KEY', '--json']))).toMatchObject({
    allowed_origins: ['https://api.example.org'],
    allowed_in_path: false,
  });
  expect((await person.here.run(['allow', 'API_KEY', 'https://x.example.org/path'])).code).toBe(2);
  expect((await person.here.run(['allow', 'NO_SUCH_KEY'])).code).toBe(5);
  await apply(person, charge('https://api.example.org'));
  const removed = await person.here.run(['rm', 'API_KEY', '--yes']);
  expect(removed.err).toContain('these routes no longer work: charge');
}, 120_000);

test.skipIf(!HAS_PSEUDO_TERMINALS)(
  'who is asked about a deletion is told which routes it stops',
  async () => {
    await using scene = await sceneFor('https://api.example.org');
    const { person } = scene;
    await apply(person, charge('https://api.example.org'));
    await using asked = person.onTerminal(['rm', 'API_KEY']);
    await asked.see('it is used by the routes charge, which would stop working');
    await asked.see('[y/N]');
    asked.type('n\r');
    expect(await asked.ended()).toBe(1);
    expect(await person.here.ok(['get', 'API_KEY'])).toBe(SECRET);
  },
);

test.skipIf(!HAS_PSEUDO_TERMINALS)('an answer steers no terminal, and reaches a pipe as it is', async () => {
  const answer = 'a\u009b2J\u001b[2Jb\tc\n';
  await using api = await startApi((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(answer);
  });
  await using scene = await sceneFor(api.url);
  const { person } = scene;
  const request = { origin: api.url, method: 'GET', path: '/' };
  await apply(person, { id: 'answer', method: 'GET', path: '/answer', request });
  expect(await person.here.ok(['routes', 'call', 'answer'])).toBe(answer);
  await using shown = person.onTerminal(['routes', 'call', 'answer']);
  await shown.ended();
  expect(shown.shown).toContain(String.raw`a\u009b2J\u001b[2Jb`);
});

test('every definition of the guide can be saved and previewed, and shows as it was written', async () => {
  await using scene = await setScene();
  const { person } = scene;
  const guide = readFileSync(new URL('../../docs/guide/routes.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/^```(json|yaml)\n(.*?)^```$/gms)];
  expect(blocks).toHaveLength(7);
  for (const [, format = '', text = ''] of blocks) {
    const origins = [...text.matchAll(/https:\/\/[a-z0-9.-]+/g)].map(([origin]) => origin);
    for (const [, key = ''] of text.matchAll(/vault\.([A-Z_]+)/g)) {
      await person.here.ok(['set', key], { input: SECRET });
      await person.here.ok(['allow', key, ...origins]);
    }
    const file = join(person.cwd, `route.${format}`);
    writeFileSync(file, text);
    const applied = await person.here.run(['routes', 'apply', file]);
    expect([text, applied.code, applied.err]).toEqual([
      text,
      0,
      expect.stringMatching(/^\S+ is at version 1 in \S+, served at \S+\.\n$/),
    ]);
    const [id = ''] = applied.err.split(' ');
    const shown = JSON.parse(await person.here.ok(['routes', 'show', id]));
    if (format === 'json') expect(shown).toMatchObject(JSON.parse(text));
    const previewed = await person.here.ok(['routes', 'preview', file]);
    expect(previewed).toContain('•••');
    expect(previewed).not.toContain('hunter2');
  }
}, 120_000);
