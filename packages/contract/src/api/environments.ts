import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { amount, environmentAnswer, environmentId, environmentName, projectId } from '../schemas.ts';

export const environmentApi = {
  environment_create: endpoint({
    method: 'POST',
    path: '/environment/create',
    summary: 'Add an environment to a project.',
    action: 'environment.create',
    event: 'environment_create',
    object: 'id',
    input: z.strictObject({ project_id: projectId, id: environmentId, name: environmentName }),
    output: { environment: environmentAnswer },
    status: 201,
    message: 'Environment created',
    errors: ['project_not_found', 'membership_required', 'environment_exists', 'environment_limit'],
  }),
  environment_fetch: endpoint({
    method: 'GET',
    path: '/environment/fetch',
    summary: 'List the environments of a project, oldest first.',
    action: 'environment.list',
    event: 'environment_list',
    input: z.strictObject({ project_id: projectId }),
    output: { environments: z.array(environmentAnswer), amount },
    message: 'Environments fetched',
    errors: ['project_not_found', 'membership_required'],
  }),
  environment_delete: endpoint({
    method: 'DELETE',
    path: '/environment/delete',
    summary: 'Delete an environment that holds no entries. The environment default stays.',
    action: 'environment.delete',
    event: 'environment_delete',
    object: 'id',
    input: z.strictObject({ project_id: projectId, id: environmentId }),
    output: {},
    message: 'Environment deleted',
    errors: [
      'project_not_found',
      'membership_required',
      'environment_not_found',
      'environment_not_empty',
      'environment_permanent',
    ],
  }),
};
