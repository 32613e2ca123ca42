import type { Role, SessionId, UserId } from '@coffer/core';

/** Who is calling, as they are at this request. */
export type Actor = {
  uid: UserId;
  username: string;
  role: Role;
  sessionId: SessionId;
};

/** Where a call comes from. Every audit record holds it. */
export type Origin = {
  ip: string;
  requestId: string;
  userAgent: string;
};

/** A signed-in call. */
export type Caller = Origin & { actor: Actor };
