import { CofferError, type Client } from '@coffer/client';
import { isSession } from './end-credential.ts';
import { isCode } from './server-errors.ts';

/** Whose token it is: of a service token, which is nobody, its own name. Of an access token, what it grants. */
export type Holder = { name: string; role: string; details: object };

export async function findHolder({ api }: Client, token: string): Promise<Holder> {
  try {
    const { user } = await api.user.me();
    if (typeof user?.username !== 'string') throw answerInvalid();
    const grant = isSession(token) ? {} : { access_token: (await api.token.me()).access_token };
    return { name: user.username, role: user.role, details: { user, ...grant } };
  } catch (error) {
    if (!isCode(error, 'token_not_permitted') && !isCode(error, 'user_not_found')) throw error;
    const { access_token: found } = await api.token.me();
    if (typeof found?.name !== 'string') throw answerInvalid();
    return { name: found.name, role: `${found.kind} token`, details: { access_token: found } };
  }
}

function answerInvalid(): CofferError {
  return new CofferError('answer_invalid', 'The answer does not say whose token this is.');
}
