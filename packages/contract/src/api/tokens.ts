import { TOKEN_KINDS } from '@coffer/core';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { amount, changesSomething, filter, limit, moment, offset, projectId, tokenId } from '../schemas.ts';
import {
  accessToken,
  addressRanges,
  grantedEnvironments,
  grantedKeys,
  grantedPermissions,
  tokenName,
} from '../token-schemas.ts';

/** What a token may do at most. */
const grant = {
  permissions: grantedPermissions,
  environments: grantedEnvironments.optional(),
  keys: grantedKeys.optional(),
  addresses: addressRanges.optional(),
};

export const tokenApi = {
  token_create: endpoint({
    method: 'POST',
    path: '/token/create',
    summary: 'Make an access token, to be sent like a JWT. Its secret is shown this once.',
    description:
      'A `personal` token acts as you and never does more than you may at that moment. A `service` token belongs to a project, survives its maker, and may do what it is given; making one takes `token.create` in the project, and nobody can give more than they have. What is left out limits nothing; without `valid_to` it is valid for 90 days, with null for ever.',
    action: 'token.own',
    event: 'token_create',
    input: z.strictObject({
      kind: z.enum(TOKEN_KINDS),
      name: tokenName,
      project_id: projectId.optional(),
      ...grant,
      valid_from: moment.optional(),
      valid_to: moment.nullable().optional(),
    }),
    output: {
      token: z
        .string()
        .describe('The secret, to be sent as Authorization: Bearer. It is kept only as a hash.'),
      access_token: accessToken,
    },
    status: 201,
    message: 'Token created',
    errors: ['project_not_found', 'grant_exceeded', 'token_limit'],
  }),
  token_fetch: endpoint({
    method: 'GET',
    path: '/token/fetch',
    summary:
      'List the service tokens of a project, or without project_id your own personal ones, newest first.',
    description: 'Those of a project take `token.list`.',
    action: 'token.own',
    event: 'token_list',
    input: z.strictObject({ project_id: projectId.optional(), limit, offset, filter }),
    output: { access_tokens: z.array(accessToken), amount },
    message: 'Tokens fetched',
    errors: ['project_not_found'],
  }),
  token_me: endpoint({
    method: 'GET',
    path: '/token/me',
    summary: 'Which access token is this, and what does it grant?',
    action: 'self.view',
    input: z.strictObject({}),
    output: { access_token: accessToken },
    message: 'Token fetched',
    errors: ['token_not_found'],
  }),
  token_update: endpoint({
    method: 'PATCH',
    path: '/token/update',
    summary: 'Change what a token grants. Its secret stays; the tokens that it made are revoked.',
    description: 'null takes a limit away. A service token takes `token.update` in its project.',
    action: 'token.own',
    event: 'token_update',
    object: 'id',
    input: z
      .strictObject({
        id: tokenId,
        name: tokenName.optional(),
        permissions: grantedPermissions.optional(),
        environments: grantedEnvironments.nullable().optional(),
        keys: grantedKeys.nullable().optional(),
        addresses: addressRanges.nullable().optional(),
        valid_from: moment.optional(),
        valid_to: moment.nullable().optional(),
      })
      .refine(...changesSomething('id')),
    output: { access_token: accessToken },
    message: 'Token updated',
    errors: ['token_not_found', 'grant_exceeded'],
  }),
  token_revoke: endpoint({
    method: 'DELETE',
    path: '/token/revoke',
    summary: 'Revoke a token, and those that it made: the next request with one is refused.',
    description: 'A service token takes `token.revoke` in its project. A token may always revoke itself.',
    action: 'token.own',
    event: 'token_revoke',
    object: 'id',
    input: z.strictObject({ id: tokenId }),
    output: {},
    message: 'Token revoked',
    errors: ['token_not_found'],
  }),
};
