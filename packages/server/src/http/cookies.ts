import { Redacted } from '@coffer/core';

/** A `__Host-` cookie is refused by browsers unless it is Secure, for this host alone and for the whole of it. */
function cookieName(secure: boolean): string {
  return secure ? '__Host-coffer_session' : 'coffer_session';
}

export function sessionCookie(secure: boolean, secret: Redacted<string>, maxAgeSeconds: number): string {
  const attributes = [
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${maxAgeSeconds}`,
    ...(secure ? ['Secure'] : []),
  ];
  return [`${cookieName(secure)}=${secret.expose()}`, ...attributes].join('; ');
}

export function clearedSessionCookie(secure: boolean): string {
  return sessionCookie(secure, new Redacted(''), 0);
}

/** The secret of the session cookie in a Cookie header. */
export function readSessionCookie(secure: boolean, header: string | undefined): Redacted<string> | undefined {
  const start = `${cookieName(secure)}=`;
  const pair = header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(start));
  return pair === undefined || pair === start ? undefined : new Redacted(pair.slice(start.length));
}
