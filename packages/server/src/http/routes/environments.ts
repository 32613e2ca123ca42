import { createEnvironment, deleteEnvironment, fetchEnvironments } from '../../services/environments.ts';
import type { Handlers } from '../router.ts';
import { environmentShape } from './shapes.ts';

export const environmentHandlers = {
  environment_create: async ({ context, caller }, { project_id: projectId, id, name }) => ({
    environment: environmentShape(await createEnvironment(context, caller, { projectId, id, name })),
  }),
  environment_fetch: async ({ context, caller }, input) => {
    const environments = await fetchEnvironments(context, caller, input.project_id);
    return { environments: environments.map(environmentShape), amount: environments.length };
  },
  environment_delete: async ({ context, caller }, { project_id: projectId, id }) => {
    await deleteEnvironment(context, caller, { projectId, id });
    return {};
  },
} satisfies Partial<Handlers>;
