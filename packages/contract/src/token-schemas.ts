import { ACTIONS, checkKeyPattern, KEY_PATTERN_PATTERN, TOKEN_KINDS, type KeyPattern } from '@coffer/core';
import { z } from 'zod';
import { by, environmentId, named, secretText, time, visibleName } from './schemas.ts';

export const tokenName = visibleName({ min: 1, max: 100 });

/** A list in which nothing stands twice. */
function set<T extends z.ZodType>(item: T, limits: { min: number; max: number }) {
  return z
    .array(item)
    .min(limits.min)
    .max(limits.max)
    .refine((items) => new Set(items).size === items.length, 'must not name anything twice');
}

export const grantedPermissions = set(z.enum(ACTIONS), { min: 1, max: ACTIONS.length });
export const grantedEnvironments = set(environmentId, { min: 1, max: 100 });
export const grantedKeys = set(
  named<KeyPattern>(checkKeyPattern, {
    pattern: KEY_PATTERN_PATTERN.source,
    maxLength: 255,
    examples: ['STRIPE_*'],
  }),
  { min: 1, max: 50 },
);
export const addressRanges = set(
  z
    .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be an address, or a range as in 10.1.0.0/16')
    .meta({ openapi: { type: 'string', examples: ['10.1.0.0/16'] } }),
  { min: 1, max: 50 },
);

/** Without its secret. */
export const accessToken = z.strictObject({
  id: z.string(),
  kind: z.enum(TOKEN_KINDS),
  name: z.string(),
  project_id: z.string().nullable().describe('null: every project of its user.'),
  permissions: z.array(z.enum(ACTIONS)),
  environments: z.array(z.string()).nullable().describe('null: all.'),
  keys: z.array(z.string()).nullable().describe('Keys, with * for any characters; null: all.'),
  addresses: z.array(z.string()).nullable().describe('Addresses and ranges it is accepted from; null: all.'),
  valid_from: time,
  valid_to: time.nullable(),
  created_at: time,
  created_by: by,
  last_used_at: time.nullable().describe('To within ten minutes.'),
  last_used_ip: z.string().nullable(),
});

// --- Trust in the identity tokens of others -----------------------------------------------------------------------

/** Longer than other secrets: it carries claims. */
export const identityToken = secretText(12_000);

/** As it stands in the token: it is compared as it is. */
export const claimText = z
  .string()
  .min(1)
  .max(1000)
  .refine((text) => text.isWellFormed(), 'must be Unicode text: it has a lone surrogate');

export const issuer = z
  .string()
  .max(1000)
  .refine(
    (text) => z.url({ protocol: /^https?$/ }).safeParse(text).success && !/[?#@]/.test(text),
    'must be a URL without a query, as in https://token.actions.githubusercontent.com',
  )
  .meta({ openapi: { type: 'string', format: 'uri', maxLength: 1000 } });

const claimName = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => text.isWellFormed(), 'must be Unicode text: it has a lone surrogate');
/** Those that have a field of their own, or that the check of the token sees to. */
const OWN_CLAIMS = new Set(['iss', 'aud', 'sub', 'exp', 'iat', 'nbf', 'jti']);

export const claims = z
  .unknown()
  // A record would drop it without a word.
  .refine(
    (all) => typeof all !== 'object' || all === null || !Object.hasOwn(all, '__proto__'),
    'must not name __proto__',
  )
  .pipe(claimRecord())
  .meta({
    openapi: {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      examples: [{ repository: 'acme/shop', ref: 'refs/heads/main' }],
    },
  });

export const tokenTrust = z.strictObject({
  id: z.string(),
  project_id: z.string(),
  name: z.string(),
  issuer: z.string(),
  audience: z.string(),
  subject: z.string(),
  claims: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  single_use: z.boolean(),
  ttl_seconds: z.int(),
  permissions: z.array(z.enum(ACTIONS)),
  environments: z.array(z.string()).nullable(),
  keys: z.array(z.string()).nullable(),
  addresses: z.array(z.string()).nullable(),
  created_at: time,
  created_by: by,
});

function claimRecord() {
  return z
    .record(claimName, z.union([claimText, z.number(), z.boolean()]))
    .refine((all) => Object.keys(all).length <= 20, 'must name at most 20 claims')
    .refine(
      (all) => !Object.keys(all).some((name) => OWN_CLAIMS.has(name)),
      'must name further claims: issuer, audience, subject and times are checked as it is',
    );
}
