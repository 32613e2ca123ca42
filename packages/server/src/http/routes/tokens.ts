import {
  changeToken,
  createToken,
  fetchOwnToken,
  fetchTokens,
  revokeToken,
} from '../../services/access-tokens.ts';
import type { Handlers } from '../router.ts';
import { accessTokenShape } from './shapes.ts';

export const tokenHandlers = {
  token_create: async (
    { context, caller },
    { kind, name, permissions, environments, keys, addresses, ...input },
  ) => {
    const limits = { environments, keys, addresses, validFrom: input.valid_from, validTo: input.valid_to };
    const request = { kind, name, permissions, projectId: input.project_id, ...limits };
    const { token, secret } = await createToken(context, caller, request);
    return { token: secret.expose(), access_token: accessTokenShape(token) };
  },
  token_fetch: async ({ context, caller }, { project_id: projectId, ...page }) => {
    const { tokens, amount } = await fetchTokens(context, caller, { projectId, ...page });
    return { access_tokens: tokens.map(accessTokenShape), amount };
  },
  token_me: async ({ context, caller }) => ({
    access_token: accessTokenShape(await fetchOwnToken(context, caller)),
  }),
  token_update: async ({ context, caller }, { valid_from: validFrom, valid_to: validTo, ...change }) => ({
    access_token: accessTokenShape(await changeToken(context, caller, { ...change, validFrom, validTo })),
  }),
  token_revoke: async ({ context, caller }, { id }) => {
    await revokeToken(context, caller, id);
    return {};
  },
} satisfies Partial<Handlers>;
