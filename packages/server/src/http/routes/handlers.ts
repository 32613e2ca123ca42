import type { Handlers } from '../router.ts';
import { environmentHandlers } from './environments.ts';
import { eventHandlers } from './events.ts';
import { projectHandlers } from './projects.ts';
import { routeHandlers } from './routes.ts';
import { systemHandlers } from './system.ts';
import { tokenHandlers } from './tokens.ts';
import { tokenTrustHandlers } from './token-trusts.ts';
import { userHandlers } from './users.ts';
import { vaultHandlers } from './vaults.ts';

export const handlers = {
  ...systemHandlers,
  ...userHandlers,
  ...projectHandlers,
  ...environmentHandlers,
  ...vaultHandlers,
  ...routeHandlers,
  ...tokenHandlers,
  ...tokenTrustHandlers,
  ...eventHandlers,
} satisfies Handlers;
