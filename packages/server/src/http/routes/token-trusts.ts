import { createTrust, deleteTrust, exchangeIdentity, fetchTrusts } from '../../services/token-trusts.ts';
import type { Handlers } from '../router.ts';
import { accessTokenShape, trustShape } from './shapes.ts';

export const tokenTrustHandlers = {
  token_trust_create: async ({ context, caller }, input) => {
    const { project_id: projectId, single_use: singleUse, ttl_seconds: ttlSeconds, ...given } = input;
    const { name, issuer, audience, subject, claims, permissions, environments, keys, addresses } = given;
    const trusted = { name, issuer, audience, subject, claims, singleUse };
    const grant = { ttlSeconds, permissions, environments, keys, addresses };
    return { trust: trustShape(await createTrust(context, caller, { projectId, ...trusted, ...grant })) };
  },
  token_trust_fetch: async ({ context, caller }, { project_id: projectId, ...page }) => {
    const { trusts, amount } = await fetchTrusts(context, caller, { projectId, ...page });
    return { trusts: trusts.map(trustShape), amount };
  },
  token_trust_delete: async ({ context, caller }, { id }) => {
    await deleteTrust(context, caller, id);
    return {};
  },
  token_exchange: async ({ context, origin }, { trust_id: trustId, identity_token: identityToken }) => {
    const { token, secret } = await exchangeIdentity(context, origin, { trustId, identityToken });
    return { token: secret.expose(), access_token: accessTokenShape(token) };
  },
} satisfies Partial<Handlers>;
