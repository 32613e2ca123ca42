import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appendLeaf,
  decodeFrontier,
  firstDifference,
  EMPTY_FRONTIER,
  encodeFrontier,
  HASH_BYTES,
  rootHash,
  type Frontier,
} from './merkle-tree.ts';

const SIZE_MAX = 200;

/** The leaves that the certificate-transparency projects test their trees with, and the root after each of them. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));

const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function treeOf(leaves: readonly Uint8Array[]): Frontier {
  return leaves.reduce((frontier, leaf) => appendLeaf(sha256, frontier, leaf), EMPTY_FRONTIER);
}

/** MTH as RFC 6962, section 2.1 defines it, word for word. */
function definedRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), only);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Uint8Array.of(1), definedRoot(leaves.slice(0, split)), definedRoot(leaves.slice(split)));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const numbered = Array.from({ length: SIZE_MAX }, (_, index) => Buffer.from(`leaf ${index}`));

/** Each size up to the limit, with its tree: grown once, looked at by several tests. */
function* treesUpToMax(): Generator<Frontier> {
  let frontier = EMPTY_FRONTIER;
  yield frontier;
  for (const leaf of numbered) {
    frontier = appendLeaf(sha256, frontier, leaf);
    yield frontier;
  }
}

describe('the hash tree', () => {
  test.each(ROOTS.map((root, size) => [size, root] as const))(
    'has the published root for %i leaves',
    (size, root) => {
      expect(hex(rootHash(sha256, treeOf(LEAVES.slice(0, size))))).toBe(root);
    },
  );

  test(`has the root that RFC 6962 defines, for every size up to ${SIZE_MAX}`, () => {
    for (const frontier of treesUpToMax()) {
      expect(hex(rootHash(sha256, frontier)), `size ${frontier.size}`).toBe(
        hex(definedRoot(numbered.slice(0, frontier.size))),
      );
    }
  });

  test('keeps one hash for each perfect subtree', () => {
    for (const { size, hashes } of treesUpToMax()) {
      expect(hashes.length).toBe(size.toString(2).replaceAll('0', '').length);
    }
  });

  test('has another root when any leaf is another, left out, doubled or moved', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.uint8Array({ maxLength: 8 }), { minLength: 2, maxLength: 20, selector: hex }),
        fc.nat(),
        (leaves, seed) => {
          const at = seed % leaves.length;
          const other = (at + 1) % leaves.length;
          const changed = [
            leaves.with(at, Buffer.concat([leaves[at] ?? Buffer.of(), Buffer.of(0)])),
            leaves.toSpliced(at, 1),
            leaves.toSpliced(at, 0, leaves[at] ?? Buffer.of()),
            leaves.with(at, leaves[other] ?? Buffer.of()).with(other, leaves[at] ?? Buffer.of()),
          ];
          const root = hex(rootHash(sha256, treeOf(leaves)));
          for (const tree of changed) expect(hex(rootHash(sha256, treeOf(tree)))).not.toBe(root);
        },
      ),
    );
  });

  test('does not take two hashes side by side for the leaf that they would be', () => {
    const [left, right] = [Buffer.from('left'), Buffer.from('right')];
    const forged = Buffer.concat([sha256(Uint8Array.of(0), left), sha256(Uint8Array.of(0), right)]);
    expect(hex(rootHash(sha256, treeOf([forged])))).not.toBe(hex(rootHash(sha256, treeOf([left, right]))));
  });

  test('leaves the frontier that it grew from as it was', () => {
    const before = treeOf(LEAVES.slice(0, 3));
    const copy = before.hashes.map(hex);
    appendLeaf(sha256, before, Buffer.from('more'));
    expect(before.size).toBe(3);
    expect(before.hashes.map(hex)).toEqual(copy);
  });

  test('refuses to grow from a frontier that lacks a hash', () => {
    expect(() => appendLeaf(sha256, { size: 3, hashes: [] }, Buffer.from('leaf'))).toThrow(RangeError);
  });
});

describe('the first difference of two trees of one size', () => {
  test('is the smallest perfect subtree that has the leaf, for every size and leaf', () => {
    for (let size = 1; size <= LEAVES.length; size += 1) {
      const leaves = LEAVES.slice(0, size);
      const tree = treeOf(leaves);
      expect(firstDifference(tree, treeOf(leaves))).toBeUndefined();
      for (let altered = 0; altered < size; altered += 1) {
        const { first, last } =
          firstDifference(tree, treeOf(leaves.with(altered, Buffer.from('other')))) ?? {};
        expect(first).toBeLessThanOrEqual(altered);
        expect(last).toBeGreaterThanOrEqual(altered);
        // A perfect subtree: as long as a power of two, and at a multiple of that.
        const length = Number(last) - Number(first) + 1;
        expect([Math.log2(length) % 1, Number(first) % length]).toEqual([0, 0]);
      }
    }
    expect(
      firstDifference(
        treeOf(LEAVES.slice(0, 7)),
        treeOf(LEAVES.slice(0, 7).with(6, LEAVES[0] ?? Buffer.of())),
      ),
    ).toEqual({
      first: 6,
      last: 6,
    });
  });
});

describe('the stored frontier', () => {
  test('is read back as it was written, for every size, and grows on as if it had not been stored', () => {
    for (const frontier of treesUpToMax()) {
      const read = decodeFrontier(frontier.size, encodeFrontier(frontier));
      expect(read.size).toBe(frontier.size);
      expect(read.hashes.map(hex)).toEqual(frontier.hashes.map(hex));
      expect(hex(rootHash(sha256, appendLeaf(sha256, read, Buffer.from('next'))))).toBe(
        hex(rootHash(sha256, appendLeaf(sha256, frontier, Buffer.from('next')))),
      );
    }
  });

  test('is 32 bytes for each hash, largest subtree first', () => {
    const frontier = treeOf(LEAVES.slice(0, 3));
    expect(hex(encodeFrontier(frontier))).toBe(frontier.hashes.map(hex).join(''));
    expect(encodeFrontier(frontier).length).toBe(2 * HASH_BYTES);
  });

  test.each([
    ['a size of another number of hashes', 4, 2 * HASH_BYTES],
    ['half a hash', 3, HASH_BYTES + 16],
    ['no bytes for a tree that has leaves', 1, 0],
    ['bytes for a tree that has none', 0, HASH_BYTES],
  ])('is refused with %s', (_, size, bytes) => {
    expect(() => decodeFrontier(size, new Uint8Array(bytes))).toThrow(RangeError);
  });

  test('may be of a log with more entries than 32 bits can count', () => {
    const size = 2 ** 40 + 1;
    const frontier = decodeFrontier(size, new Uint8Array(2 * HASH_BYTES));
    expect(appendLeaf(sha256, frontier, Buffer.from('leaf'))).toMatchObject({ size: size + 1 });
    expect(appendLeaf(sha256, frontier, Buffer.from('leaf')).hashes.length).toBe(2);
  });
});
