import type { Frontier } from '@coffer/core';

/**
 * What this process appended to the audit log with nobody in between. Of two heads of one chain the later goes on from the earlier,
 * which takes no look at the records between them. Where another process appends, or the database is exchanged, a new chain begins.
 */
export class AuditChain {
  #id = 0;
  /** The head as the last append found it, and as it left it: which of them is committed is not known here. */
  #found: Frontier | undefined;
  #left: Frontier | undefined;

  /** Also what is rolled back then: what comes next finds another head than this leaves. */
  extend(found: Frontier, left: Frontier): void {
    if (!isSame(found, this.#left)) this.#id += 1;
    this.#found = found;
    this.#left = left;
  }

  /** The chain that a head belongs to that was read just now. Undefined: to none that is known of. */
  idOf(head: Frontier): number | undefined {
    return isSame(head, this.#found) || isSame(head, this.#left) ? this.#id : undefined;
  }
}

function isSame(one: Frontier, other: Frontier | undefined): boolean {
  return (
    other !== undefined &&
    one.size === other.size &&
    one.hashes.every((hash, index) => Buffer.compare(hash, other.hashes[index] as Uint8Array) === 0)
  );
}
