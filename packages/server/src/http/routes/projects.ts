import { addMember, dropMember, fetchCandidates, fetchMembers } from '../../services/members.ts';
import {
  changeProject,
  createProject,
  deleteProject,
  fetchProject,
  fetchProjects,
} from '../../services/projects.ts';
import type { Handlers } from '../router.ts';
import { candidateShape, memberShape, projectShape } from './shapes.ts';

export const projectHandlers = {
  project_create: async ({ context, caller }, input) => {
    const project = await createProject(context, caller, {
      id: input.id,
      name: input.name,
      description: input.description,
      apiPath: input.api_path,
    });
    return { project: projectShape(project, caller.actor) };
  },
  project_fetch: async ({ context, caller }, input) => {
    const { projects, amount } = await fetchProjects(context, caller, { ...input, ownOnly: input.member });
    return { projects: projects.map((project) => projectShape(project, caller.actor)), amount };
  },
  project_fetch_one: async ({ context, caller }, input) => ({
    project: projectShape(await fetchProject(context, caller, input.project_id), caller.actor),
  }),
  project_update: async ({ context, caller }, input) => {
    const project = await changeProject(context, caller, {
      id: input.project_id,
      name: input.name,
      description: input.description,
      apiPath: input.api_path,
    });
    return { project: projectShape(project, caller.actor) };
  },
  project_delete: async ({ context, caller }, input) => {
    await deleteProject(context, caller, input.project_id);
    return {};
  },
  project_member_fetch: async ({ context, caller }, input) => {
    const { members, amount } = await fetchMembers(context, caller, input.project_id, input);
    return { members: members.map(memberShape), amount };
  },
  project_member_candidate_fetch: async ({ context, caller }, input) => {
    const { candidates, amount } = await fetchCandidates(context, caller, input.project_id, input);
    return { candidates: candidates.map(candidateShape), amount };
  },
  project_member_add: async ({ context, caller }, { project_id: projectId, uid }) => ({
    project: projectShape(await addMember(context, caller, { projectId, uid }), caller.actor),
  }),
  project_member_remove: async ({ context, caller }, { project_id: projectId, uid, force }) => ({
    project: projectShape(await dropMember(context, caller, { projectId, uid, force }), caller.actor),
  }),
} satisfies Partial<Handlers>;
