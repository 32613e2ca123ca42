import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findOfflineCopy, keepOfflineCopy, type Shelf } from './offline-copy.ts';
import { noteOfflineUse, reportOfflineUses, type Outcome } from './offline-uses.ts';

const VALUES = { KEY: 'offline-canary', OTHER: 'line\n🔑' };
const START = Date.parse('2030-01-01T00:00:00Z');

let directory: string;
let shelf: Shelf & { at: number };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coffer-test-'));
  const place = {
    url: 'https://vault.example.org',
    token: 'a-token',
    project: 'shop',
    environment: 'default',
  };
  shelf = { directory, place, at: START, now: () => new Date(shelf.at) };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function file(): string {
  return join(directory, readdirSync(directory)[0] ?? '');
}

test('gives the values back until it expires, and not when the clock was set back', () => {
  keepOfflineCopy(shelf, VALUES, 60);
  expect(findOfflineCopy(shelf)).toEqual({ values: VALUES, fetchedAt: '2030-01-01T00:00:00.000Z' });
  shelf.at = START + 59_999;
  expect(findOfflineCopy(shelf)).toHaveProperty('values');
  shelf.at = START + 60_000;
  expect(findOfflineCopy(shelf)).toHaveProperty('missing');
  shelf.at = START - 3_600_000;
  expect(findOfflineCopy(shelf)).toHaveProperty('missing');
});

test('holds nothing that can be read, for us alone', () => {
  keepOfflineCopy(shelf, VALUES, 60);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readFileSync(file(), 'utf8')).not.toMatch(/canary|KEY|a-token/);
  chmodSync(file(), 0o644);
  expect(() => findOfflineCopy(shelf)).toThrow('can be read by others');
});

test('opens with no other token, for no other place', () => {
  keepOfflineCopy(shelf, VALUES, 60);
  expect(findOfflineCopy({ ...shelf, place: { ...shelf.place, token: 'b-token' } })).toHaveProperty(
    'missing',
  );
  const other = { ...shelf, place: { ...shelf.place, environment: 'staging' } };
  expect(findOfflineCopy(other)).toHaveProperty('missing');
  const moved = readFileSync(file(), 'utf8');
  keepOfflineCopy(other, {}, 60);
  for (const name of readdirSync(directory)) writeFileSync(join(directory, name), moved);
  expect(findOfflineCopy(other)).toHaveProperty('missing');
});

test('opens no longer after any bit of what is sealed, or any field about it, was changed', () => {
  keepOfflineCopy(shelf, VALUES, 60);
  const copy = JSON.parse(readFileSync(file(), 'utf8'));
  const isOpened = (changed: object): boolean => {
    writeFileSync(file(), JSON.stringify({ ...copy, ...changed }));
    return 'values' in findOfflineCopy(shelf);
  };
  expect(isOpened({})).toBe(true);
  for (const field of ['iv', 'sealed', 'tag']) {
    const bytes = Buffer.from(copy[field], 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(isOpened({ [field]: changed.toString('base64') })).toBe(false);
    }
  }
  for (const field of Object.keys(copy.header))
    expect(isOpened({ header: { ...copy.header, [field]: '2031-01-01T00:00:00.000Z' } })).toBe(false);
  expect(isOpened({ tag: '' })).toBe(false);
});

test('uses are told once, and kept until they could be', async () => {
  const told: (readonly string[])[] = [];
  const tell = async (outcome: Outcome, from = shelf.place): Promise<void> =>
    await reportOfflineUses({ directory, ...from }, async ({ usedAt }) => {
      told.push(usedAt);
      return await Promise.resolve(outcome);
    });
  keepOfflineCopy(shelf, VALUES, 60);
  noteOfflineUse(shelf);
  await tell('failed');
  noteOfflineUse(shelf);
  await tell('recorded', { ...shelf.place, url: 'https://other.example.org' });
  await tell('recorded');
  await tell('recorded');
  const at = '2030-01-01T00:00:00.000Z';
  expect(told).toEqual([[at], [at, at]]);
});

test('a use that was not written whole is in the way of no other', async () => {
  keepOfflineCopy(shelf, VALUES, 60);
  noteOfflineUse(shelf);
  const uses = readdirSync(directory).find((name) => name.endsWith('.uses')) ?? '';
  appendFileSync(join(directory, uses), '{"url":"https://vau');
  noteOfflineUse(shelf);
  const told: (readonly string[])[] = [];
  await reportOfflineUses({ directory, ...shelf.place }, async ({ usedAt }) => {
    told.push(usedAt);
    return await Promise.resolve('recorded');
  });
  expect(told.flat()).toHaveLength(2);
  expect(readdirSync(directory)).toHaveLength(1);
});

test('uses that the server refuses are not told again with the same token, but with another', async () => {
  keepOfflineCopy(shelf, VALUES, 60);
  noteOfflineUse(shelf);
  const outcomes: Outcome[] = [];
  const tell = async (outcome: Outcome, token: string): Promise<void> =>
    await reportOfflineUses({ directory, url: shelf.place.url, token }, async () => {
      outcomes.push(outcome);
      return await Promise.resolve(outcome);
    });
  await tell('refused', 'a-token');
  await tell('recorded', 'a-token');
  await tell('recorded', 'b-token');
  expect(outcomes).toEqual(['refused', 'recorded']);
});

test('uses that are being told are not told by a second process', async () => {
  keepOfflineCopy(shelf, VALUES, 60);
  noteOfflineUse(shelf);
  let told = 0;
  await reportOfflineUses({ directory, ...shelf.place }, async () => {
    told += 1;
    await reportOfflineUses({ directory, ...shelf.place }, async () => {
      told += 1;
      return await Promise.resolve('recorded');
    });
    return 'recorded';
  });
  expect(told).toBe(1);
});
