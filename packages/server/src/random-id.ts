import { randomBytes } from 'node:crypto';
import { formatId, ID_BYTES, type IdPrefix } from '@coffer/core';

export function randomId<P extends IdPrefix>(prefix: P): ReturnType<typeof formatId<P>> {
  return formatId(prefix, randomBytes(ID_BYTES));
}
