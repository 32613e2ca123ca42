import { addMember, dropMember, fetchMembers } from '../../services/members.ts';
import {
  changeProject,
  createProject,
  deleteProject,
  fetchProject,
  fetchProjects,
} from '../../services/projects.ts';
import type { Handlers } from '../router.ts';
import { memberShape, projectShape } from './shapes.ts';

export const projectHandlers = {
  project_create: async ({ context, caller }, input) => {
    const project = await createProject(context, caller, {
      id: input.id,
      name: input.name,
      description: input.description,
      apiPath: input.api_path,
    });
    return { project: projectShape(project) };
  },
  project_fetch: async ({ context, caller }, input) => {
    const { projects, amount } = await fetchProjects(context, caller, input);
    return { projects: projects.map(projectShape), amount };
  },
  project_fetch_one: async ({ context, caller }, input) => ({
    project: projectShape(await fetchProject(context, caller, input.project_id)),
  }),
  project_update: async ({ context, caller }, input) => {
    const project = await changeProject(context, caller, {
      id: input.project_id,
      name: input.name,
      description: input.description,
      apiPath: input.api_path,
    });
    return { project: projectShape(project) };
  },
  project_delete: async ({ context, caller }, input) => {
    await deleteProject(context, caller, input.project_id);
    return {};
  },
  project_member_fetch: async ({ context, caller }, input) => {
    const { members, amount } = await fetchMembers(context, caller, input.project_id, input);
    return { members: members.map(memberShape), amount };
  },
  project_member_add: async ({ context, caller }, input) => ({
    project: projectShape(await addMember(context, caller, { projectId: input.project_id, uid: input.uid })),
  }),
  project_member_remove: async ({ context, caller }, input) => {
    const { project_id: projectId, uid, force } = input;
    return { project: projectShape(await dropMember(context, caller, { projectId, uid, force })) };
  },
} satisfies Partial<Handlers>;
