import { environmentApi } from './api/environments.ts';
import { eventApi } from './api/events.ts';
import { projectApi } from './api/projects.ts';
import { routeApi } from './api/routes.ts';
import { systemApi } from './api/system.ts';
import { tokenApi } from './api/tokens.ts';
import { tokenTrustApi } from './api/token-trusts.ts';
import { userApi } from './api/users.ts';
import { vaultApi } from './api/vaults.ts';

/** Every endpoint, by operation id. Outside programs are written against it: add, but change nothing. */
export const ENDPOINTS = {
  ...systemApi,
  ...userApi,
  ...projectApi,
  ...environmentApi,
  ...vaultApi,
  ...routeApi,
  ...tokenApi,
  ...tokenTrustApi,
  ...eventApi,
};

export type Endpoints = typeof ENDPOINTS;
export type EndpointId = keyof Endpoints;
