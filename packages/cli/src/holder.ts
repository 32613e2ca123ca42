import type { Client } from '@coffer/client';
import { isCode } from './server-errors.ts';

/** Whose token it is: of a service token, which is nobody, its own name. */
export type Holder = { name: string; role: string; details: object };

export async function findHolder({ api }: Client): Promise<Holder> {
  try {
    const { user } = await api.user.me();
    return { name: user.username, role: user.role, details: { user } };
  } catch (error) {
    if (!isCode(error, 'token_not_permitted') && !isCode(error, 'user_not_found')) throw error;
    const { access_token: token } = await api.token.me();
    return { name: token.name, role: `${token.kind} token`, details: { access_token: token } };
  }
}
