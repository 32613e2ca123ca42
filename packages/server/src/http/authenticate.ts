import { AppError, looksLikeTokenSecret } from '@coffer/core';
import type { FastifyRequest } from 'fastify';
import type { Actor, Origin } from '../services/actor.ts';
import type { Context } from '../services/context.ts';
import { authenticateCookie, authenticateSession, authenticateToken } from '../services/sessions.ts';
import { authenticateAccessToken } from '../services/token-authentication.ts';
import { readSessionCookie } from './cookies.ts';

/** What browsers see of the server. */
export type Site = {
  /** Over HTTPS, by us or by a proxy. */
  secure: boolean;
  /** Origin, as in `https://vault.example.org`; undefined: the one that the Host header names. */
  publicUrl: string | undefined;
};

export type Authenticated = { actor: Actor; by: 'token' | 'cookie' };

/**
 * Who is calling: by token, else by session cookie. A token that is not valid is never overruled by a cookie. Fails
 * with `unauthenticated`, `session_ended`, `origin_mismatch`, or as `authenticateToken` and `authenticateAccessToken` do.
 */
export async function authenticate(
  context: Context,
  site: Site,
  request: FastifyRequest,
  origin: Origin,
): Promise<Authenticated> {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
    if (token === undefined) throw new AppError('token_invalid');
    const actor = looksLikeTokenSecret(token)
      ? await authenticateAccessToken(context, origin, token)
      : await authenticateToken(context, token);
    return { actor, by: 'token' };
  }
  const secret = readSessionCookie(site.secure, cookie);
  if (secret === undefined) throw new AppError('unauthenticated');
  if (!isOwnPage(site, request)) throw new AppError('origin_mismatch');
  return { actor: await authenticateCookie(context, origin, secret), by: 'cookie' };
}

/**
 * Whether they still may, for an answer that goes on. A cookie is replaced while it does, and looking at the old one
 * again would pass for a theft: the session itself is looked at.
 */
export async function authenticateAgain(
  context: Context,
  site: Site,
  request: FastifyRequest,
  { origin, before }: { origin: Origin; before: Authenticated },
): Promise<Authenticated> {
  const { actor } = before;
  if (before.by === 'token' || actor.by !== 'session')
    return await authenticate(context, site, request, origin);
  return { actor: await authenticateSession(context, actor.sessionId), by: 'cookie' };
}

/**
 * Cookies come along with what pages of other ports and of sibling domains send, too: they are of the same site. They
 * must not change anything, and not make it look as if someone had read what they did not. Browsers that do not say
 * where a GET comes from, and addresses that are typed in, pass.
 */
function isOwnPage(site: Site, request: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': from } = request.headers;
  if (request.method !== 'GET') return origin === originOf(site, request);
  return from === undefined || from === 'same-origin' || from === 'none';
}

function originOf({ publicUrl, secure }: Site, request: FastifyRequest): string {
  return publicUrl ?? `${secure ? 'https' : 'http'}://${request.headers.host ?? ''}`;
}
