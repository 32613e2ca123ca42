/**
 * The hash tree of RFC 6962, section 2.1, grown leaf by leaf. A frontier is the list of the roots of the perfect
 * subtrees that make up the tree, largest first: one for each 1 in the binary form of the size, so log2(n) hashes are
 * all that an append needs to know of a log of any length. SHA-256 is handed in, because this package runs
 * everywhere and the platforms differ.
 */
export type Sha256 = (...parts: readonly Uint8Array[]) => Uint8Array;

export type Frontier = { readonly size: number; readonly hashes: readonly Uint8Array[] };

export const HASH_BYTES = 32;
export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] };

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The tree with one more leaf. */
export function appendLeaf(sha256: Sha256, frontier: Frontier, leaf: Uint8Array): Frontier {
  const hashes = [...frontier.hashes];
  let hash = sha256(LEAF, leaf);
  // Each trailing 1 of the size is a perfect subtree as large as what we hold: the two become one.
  for (let size = frontier.size; size % 2 === 1; size = Math.floor(size / 2)) {
    const left = hashes.pop();
    if (left === undefined) throw new RangeError('the frontier has too few hashes for its size');
    hash = sha256(NODE, left, hash);
  }
  hashes.push(hash);
  return { size: frontier.size + 1, hashes };
}

/** The root hash; of the empty tree it is SHA-256 of nothing. */
export function rootHash(sha256: Sha256, frontier: Frontier): Uint8Array {
  const [first, ...rest] = frontier.hashes.toReversed();
  if (first === undefined) return sha256();
  return rest.reduce((right, left) => sha256(NODE, left, right), first);
}

/**
 * The leaves, by their indexes, in the first perfect subtree that differs between two trees of one size: as close as frontiers
 * tell which leaf differs. Undefined: none does.
 */
export function firstDifference(a: Frontier, b: Frontier): { first: number; last: number } | undefined {
  let first = 0;
  for (const [index, hash] of a.hashes.entries()) {
    const leaves = largestPowerOfTwo(a.size - first);
    const other = b.hashes[index];
    if (hash.some((byte, at) => byte !== other?.[at])) return { first, last: first + leaves - 1 };
    first += leaves;
  }
  return undefined;
}

/** The hashes one after the other. The size is stored beside them. */
export function encodeFrontier(frontier: Frontier): Uint8Array {
  const bytes = new Uint8Array(frontier.hashes.length * HASH_BYTES);
  frontier.hashes.forEach((hash, index) => bytes.set(hash, index * HASH_BYTES));
  return bytes;
}

/** Fails with a RangeError when the bytes cannot be the frontier of a tree of this size. */
export function decodeFrontier(size: number, bytes: Uint8Array): Frontier {
  if (bytes.length !== countOnes(size) * HASH_BYTES) {
    throw new RangeError('the frontier does not have one hash for each perfect subtree');
  }
  const hashes = Array.from({ length: bytes.length / HASH_BYTES }, (_, index) =>
    bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
  return { size, hashes };
}

/** Not greater than it. */
function largestPowerOfTwo(size: number): number {
  let power = 1;
  while (2 * power <= size) power *= 2;
  return power;
}

function countOnes(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
