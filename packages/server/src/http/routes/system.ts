import { checkReady } from '../../services/readiness.ts';
import { setUp } from '../../services/setup.ts';
import { VERSION } from '../../version.ts';
import type { Handlers } from '../router.ts';
import { signedInShape } from './shapes.ts';

export const systemHandlers = {
  health: async () => ({ version: VERSION }),
  ready: async ({ context }) => await checkReady(context),
  setup: async ({ context, origin, cookies }, input) => {
    const session = await setUp(context, origin, {
      setupToken: input.setup_token,
      username: input.username,
      email: input.email,
      firstName: input.first_name,
      lastName: input.last_name,
      password: input.password,
    });
    if (session.cookie !== undefined) cookies.set(session.cookie);
    return signedInShape(session);
  },
} satisfies Partial<Handlers>;
