import { once } from 'node:events';
import { createServer, isIP, type AddressInfo, type Server } from 'node:net';
import { checkOrigin } from '@coffer/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isPublicAddress } from './addresses.ts';
import { dial } from './dial.ts';
import { Egress, EgressError } from './egress.ts';

/** Addresses as a resolver answers them, none of which may be called. */
const ADDRESSES = [
  ['this host', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['private, 10/8', '10.0.0.1'],
  ['CGN', '100.64.0.1'],
  ['CGN, its last', '100.127.255.255'],
  ['loopback', '127.0.0.1'],
  ['loopback, another', '127.255.255.254'],
  ['the host of Azure', '168.63.129.16'],
  ['link-local', '169.254.1.1'],
  ['metadata', '169.254.169.254'],
  ['private, 172.16/12', '172.31.255.255'],
  ['protocol assignments', '192.0.0.192'],
  ['documentation', '192.0.2.1'],
  ['6to4 relay', '192.88.99.1'],
  ['private, 192.168/16', '192.168.1.1'],
  ['benchmarks', '198.19.255.255'],
  ['documentation, 2', '198.51.100.1'],
  ['documentation, 3', '203.0.113.1'],
  ['multicast', '224.0.0.251'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['IPv6: this host', '::'],
  ['IPv6: loopback', '::1'],
  ['IPv6: compatible', '::127.0.0.1'],
  ['IPv6: compatible, hex', '::7f00:1'],
  ['IPv6: mapped', '::ffff:127.0.0.1'],
  ['IPv6: mapped, hex', '::ffff:a9fe:a9fe'],
  ['IPv6: mapped, of a public one', '::ffff:1.1.1.1'],
  ['IPv6: translated', '::ffff:0:127.0.0.1'],
  ['IPv6: NAT64', '64:ff9b::7f00:1'],
  ['IPv6: NAT64, metadata', '64:ff9b::169.254.169.254'],
  ['IPv6: NAT64, local', '64:ff9b:1::7f00:1'],
  ['IPv6: discard', '100::1'],
  ['IPv6: Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ['IPv6: ORCHID', '2001:20::1'],
  ['IPv6: documentation', '2001:db8::1'],
  ['IPv6: documentation, 2', '3fff::1'],
  ['IPv6: 6to4', '2002:7f00:1::'],
  ['IPv6: segment routing', '5f00::1'],
  ['IPv6: unique local', 'fd00::1'],
  ['IPv6: metadata', 'fd00:ec2::254'],
  ['IPv6: link-local', 'fe80::1'],
  ['IPv6: link-local with a zone', 'fe80::1%lo'],
  ['IPv6: site-local', 'fec0::1'],
  ['IPv6: multicast', 'ff02::1'],
  ['IPv6: multicast with a zone', 'ff02::1%lo'],
] as const;

/** Other forms of a host that leads to this machine or a neighbour. */
const HOSTS = [
  '127.1',
  '127.0.1',
  '0',
  '0x7f.1',
  '0x7f000001',
  '0x7F.0X0.0.1',
  '2130706433',
  '0177.0.0.1',
  '017700000001',
  '0177.0x0.0.1',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '127｡0｡0｡1',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '127.0.0.1%2f@x.test',
  '127.0.0.1%00',
  '127.0.0.1%0d%0a',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000::0001]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7F00:1]',
  '[::1%25lo]',
  '[fe80::1%25lo]',
  '[fe80::1%lo]',
  '::1',
  '[::1].',
  'public.test\\@127.0.0.1',
  'localhost',
  'localhost.',
  'LOCALHOST',
  'ｌｏｃａｌｈｏｓｔ',
  'loc\talhost',
  'local\nhost',
  'lo\u00adcalhost',
  'localhost\u200b',
  'localhost%00.x.test',
  'app.localhost',
  'localtest.test',
  'metadata.google.internal',
  'metadata.google.internal.',
  'instance-data',
  'kubernetes.default.svc',
  'x.test.',
  '.',
  '..',
  '',
] as const;

/** Of these, the forms that are in order: what they lead to is another question. */
const NORMAL = [
  '[::1]',
  'app.localhost',
  'instance-data',
  'kubernetes.default.svc',
  'localhost',
  'localtest.test',
  'metadata.google.internal',
];

/** Whole URLs, with PORT for that of a trap. */
const URLS = [
  'https://public.test@127.0.0.1/',
  'https://public.test@127.0.0.1:PORT/',
  'https://public.test:443@127.0.0.1:PORT/',
  'https://public.test%40127.0.0.1:PORT/',
  'https://127.0.0.1#@public.test/',
  'https://127.0.0.1:PORT#@public.test/',
  'https://127.0.0.1?@public.test/',
  'https://127.0.0.1:PORT\\@public.test/',
  'https://user:password@public.test/',
  'https://:@127.0.0.1:PORT/',
  'https://user@/',
  'https:127.0.0.1:PORT/',
  'https:/127.0.0.1:PORT/',
  'https:///127.0.0.1:PORT/',
  'https:\\\\127.0.0.1:PORT\\',
  '//127.0.0.1:PORT/',
  '\thttps://127.0.0.1:PORT/',
  'ht\ntps://127.0.0.1:PORT/',
  'https:/\t/127.0.0.1:PORT/',
  'HTTPS://127.0.0.1:PORT/',
  'HtTp://127.0.0.1:PORT/',
  'http://public.test/',
  'http://public.test:443/',
  'https://public.test:80/',
  'https://public.test:PORT/',
  'https://public.test:0/',
  'https://public.test:65979/',
  'https://public.test:443:PORT/',
  'https://public.test:+443/',
  'https://public.test:４４３４/',
  'ws://127.0.0.1:PORT/',
  'wss://127.0.0.1:PORT/',
  'wss://public.test/',
  'ftp://127.0.0.1:PORT/',
  'file:///etc/passwd',
  'file://127.0.0.1:PORT/',
  'gopher://127.0.0.1:PORT/_x',
  'data:text/plain,x',
  'javascript:0',
  'blob:https://127.0.0.1:PORT/x',
  'about:blank',
  'unix:/run/docker.sock',
  'http+unix://%2Frun%2Fdocker.sock/',
  'https://ⓟublic.test.:PORT/',
  'https://lоcalhost:PORT/',
] as const;

const LOOKUP_FAILS = async (): Promise<never> => {
  throw new Error('the resolver was asked');
};
/** What the names above stand for, to whoever asks. */
const toLoopback = async () => [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const traps: Server[] = [];
let connections = 0;
let port = 0;

async function listen(host: string, at: number): Promise<number> {
  const trap = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined).resume();
  });
  trap.listen(at, host);
  await once(trap, 'listening');
  traps.push(trap);
  return (trap.address() as AddressInfo).port;
}

beforeAll(async () => {
  port = await listen('127.0.0.1', 0);
  await listen('127.0.0.1', 0);
  // Not every machine has IPv6, and not every one lets tests listen at the port that a URL without one names.
  for (const [host, at] of [
    ['::1', port],
    ['127.0.0.1', 443],
    ['::1', 443],
  ] as const)
    await listen(host, at).catch(() => undefined);
});

beforeEach(() => {
  connections = 0;
});

afterAll(async () => {
  for (const trap of traps) {
    trap.close();
    await once(trap, 'close');
  }
});

async function failureOf(work: Promise<unknown>): Promise<{ reason: string; sent: boolean } | undefined> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof EgressError ? { reason: error.reason, sent: error.sent } : undefined;
}

const BLOCKED = { reason: 'blocked', sent: false };

async function request(egress: Egress, url: URL): Promise<unknown> {
  return await egress.send({ url, method: 'GET', headers: [], headTimeoutMs: 5000, idleTimeoutMs: 5000 });
}

function portIn(text: string): string {
  return text.replaceAll('PORT', String(port));
}

test('the traps are where a connection would arrive', async () => {
  const to = { host: 'x.test', port, lookup: toLoopback, tls: undefined, timeoutMs: 5000 };
  const socket = await dial({ ...to, isAllowed: () => true });
  // Sent by the trap only after it has counted.
  socket.end();
  await once(socket.resume(), 'end');
  socket.destroy();
  expect(connections).toBe(1);
});

describe('an address that may not be called', () => {
  test.each(ADDRESSES)('(%s: %s) is not, as it is or behind a name', async (_, address) => {
    const lookup = async () => [{ address, family: isIP(address) }];
    for (const host of ['name.test', address]) {
      const to = { host, port, lookup, tls: undefined, timeoutMs: 5000 };
      expect(await failureOf(dial({ ...to, isAllowed: isPublicAddress }))).toEqual(BLOCKED);
    }
    const egress = new Egress([], { lookup });
    expect(await failureOf(request(egress, new URL('https://name.test/')))).toEqual(BLOCKED);
    const literal = isIP(address) === 6 ? `[${address}]` : address;
    for (const text of [`https://${literal}/`, `https://${literal}:${port}/`, `http://${literal}:${port}/`]) {
      const url = URL.parse(text);
      if (url !== null) expect([text, await failureOf(request(egress, url))]).toEqual([text, BLOCKED]);
    }
    const origin = `https://${literal}`;
    expect(checkOrigin(origin) !== undefined || !egress.isPublic(new URL(origin))).toBe(true);
    expect(connections).toBe(0);
  });
});

describe('a host that leads here', () => {
  test.each(HOSTS)('(%j) is not called, and is an origin only in its one form', async (host) => {
    const egress = new Egress([], { lookup: toLoopback });
    for (const text of [`https://${host}/`, `https://${host}:${port}/`, `http://${host}:${port}/`]) {
      const url = URL.parse(text);
      if (url !== null) expect([text, await failureOf(request(egress, url))]).toEqual([text, BLOCKED]);
    }
    expect(checkOrigin(`https://${host}`) === undefined).toBe(NORMAL.includes(host));
    expect(connections).toBe(0);
  });
});

describe('a URL that is not of https, port 443 and a host alone', () => {
  test.each(URLS)('(%j) is refused without asking the resolver, and is no origin', async (form) => {
    const text = portIn(form);
    // The same, where the operator allows what the URL pretends to be.
    for (const allowed of [[], ['https://public.test']]) {
      const egress = new Egress(allowed, { lookup: LOOKUP_FAILS });
      const url = URL.parse(text);
      if (url !== null) expect(await failureOf(request(egress, url))).toEqual(BLOCKED);
    }
    const origin = text.replace(/\/$/, '');
    if (checkOrigin(origin) === undefined) expect(new Egress([]).permits(new URL(origin))).toBe(false);
    expect(connections).toBe(0);
  });

  test('is refused though its origin, as the URL has it, is allowed', async () => {
    const origin = `http://127.0.0.1:${port}`;
    const egress = new Egress([origin]);
    for (const text of [`blob:${origin}/x`, `http://a@127.0.0.1:${port}/`, `http://:b@127.0.0.1:${port}/`])
      expect(await failureOf(request(egress, new URL(text)))).toEqual(BLOCKED);
    expect(connections).toBe(0);
  });
});

describe('a name', () => {
  test('that has one public and one private address is refused', async () => {
    for (const addresses of [
      ['1.1.1.1', '127.0.0.1'],
      ['127.0.0.1', '1.1.1.1'],
      ['2606:4700::1111', '::1'],
      ['1.1.1.1', 'not an address'],
    ]) {
      const egress = new Egress([], {
        lookup: async () => addresses.map((address) => ({ address, family: isIP(address) })),
      });
      expect(await failureOf(request(egress, new URL('https://name.test/')))).toEqual(BLOCKED);
    }
    expect(connections).toBe(0);
  });

  test('without an address, or that cannot be resolved, is unreachable', async () => {
    const unreachable = { reason: 'unreachable', sent: false };
    const url = new URL('https://name.test/');
    expect(await failureOf(request(new Egress([], { lookup: async () => [] }), url))).toEqual(unreachable);
    expect(await failureOf(request(new Egress([], { lookup: LOOKUP_FAILS }), url))).toEqual(unreachable);
  });

  test('that stands for another address the second time is asked once, and what was checked is dialled', async () => {
    // Of the public internet by its number, given to nobody: it never answers.
    const answers = [[{ address: '2000::1', family: 6 }], await toLoopback()];
    let asked = 0;
    const lookup = async () => answers[Math.min(asked++, 1)] ?? [];
    const to = { host: 'rebind.test', port, lookup, isAllowed: isPublicAddress, tls: undefined };
    expect((await failureOf(dial({ ...to, timeoutMs: 300 })))?.sent).toBe(false);
    expect(asked).toBe(1);
    expect(await failureOf(dial({ ...to, timeoutMs: 300 }))).toEqual(BLOCKED);
    expect(asked).toBe(2);
    expect(connections).toBe(0);
  });

  test('whose connection leads elsewhere than to a checked address gets no byte', async () => {
    let received = 0;
    const trap = createServer((socket) => socket.on('data', (data) => (received += data.length)));
    trap.listen(0, '127.0.0.1');
    await once(trap, 'listening');
    const arrived = once(trap, 'connection');
    // What lies between is the network: here the address is public until it is connected to.
    let checks = 0;
    const isAllowed = (): boolean => checks++ === 0;
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const { port: trapPort } = trap.address() as AddressInfo;
    const to = { host: 'name.test', port: trapPort, lookup, isAllowed, tls: {}, timeoutMs: 5000 };
    expect(await failureOf(dial(to))).toEqual(BLOCKED);
    expect(checks).toBe(2);
    const [socket] = await arrived;
    if (!socket.closed)
      await once(
        socket.on('error', () => undefined),
        'close',
      );
    trap.close();
    expect(received).toBe(0);
  });

  test('is dialled at its next address when the first does not answer', async () => {
    const lookup = async () => [
      { address: '127.0.0.9', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const to = { host: 'name.test', port, lookup, isAllowed: () => true, tls: undefined };
    const socket = await dial({ ...to, timeoutMs: 5000 });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });
});
