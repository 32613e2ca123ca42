import type { HeldGrant, Role, SessionId, TokenId, UserId } from '@coffer/core';
import type { HeldToken } from '../store/access-tokens.ts';
import type { SignedIn } from '../store/sessions.ts';

/** Who is calling, as they are at this request: someone signed in, or a program with an access token. */
export type Actor = SignedInActor | PersonalTokenActor | ServiceTokenActor;

export type SignedInActor = {
  by: 'session';
  uid: UserId;
  username: string;
  role: Role;
  sessionId: SessionId;
  grant?: undefined;
};

/** Acts as its user, within what the token grants. */
export type PersonalTokenActor = {
  by: 'personal';
  uid: UserId;
  username: string;
  role: Role;
  grant: HeldGrant;
};

/** Has no user: what it grants is all that counts. Its name is written `token:name`, which no user name can be. */
export type ServiceTokenActor = {
  by: 'service';
  uid: TokenId;
  username: string;
  grant: HeldGrant;
};

/** Where a call comes from. Every audit record holds it. */
export type Origin = {
  ip: string;
  requestId: string;
  userAgent: string;
};

/** Of what a command of the administrator does to running servers' data. */
export const COMMAND: Origin = { ip: '', requestId: 'admin', userAgent: '' };

/** A call of someone known. */
export type Caller = Origin & { actor: Actor };

export function sessionActor({ session, user }: SignedIn): SignedInActor {
  return {
    by: 'session',
    uid: user.uid,
    username: user.username,
    role: user.role,
    sessionId: session.id,
  };
}

export function tokenActor({ token, holder }: HeldToken): PersonalTokenActor | ServiceTokenActor {
  return token.uid === undefined || holder === undefined
    ? { by: 'service', uid: token.id, username: `token:${token.name}`, grant: token }
    : { by: 'personal', uid: token.uid, ...holder, grant: token };
}
