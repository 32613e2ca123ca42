import { randomFillSync } from 'node:crypto';

const ID_BYTES = 12;
/** Drawn for many at once: asking for random bytes costs more than the bytes. Ids are not secret, they only must not collide. */
const POOL = Buffer.allocUnsafe(ID_BYTES * 256);
let used = POOL.length;

/** Of a request, made by us: one that a client chooses could be forged into the audit log. */
export function makeRequestId(): string {
  if (used === POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += ID_BYTES;
  return `req_${POOL.toString('hex', used - ID_BYTES, used)}`;
}
