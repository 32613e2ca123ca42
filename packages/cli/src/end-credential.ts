import type { Credential } from './credentials.ts';
import { openClient } from './target.ts';

/**
 * What `coffer login` made is revoked. Of the rest, a session ends, and an access token stays valid: others may use it.
 * Fails with a CofferError.
 */
export async function endCredential(url: string, { token, token_id: id }: Credential): Promise<void> {
  const { api } = openClient(url, token);
  if (id !== undefined) await api.token.revoke({ id });
  else if (isSession(token)) await api.user.logout();
}

/** A JWT, and not an access token. */
export function isSession(token: string): boolean {
  return token.split('.').length === 3;
}
