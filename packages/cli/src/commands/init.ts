import { CofferError, type Client } from '@coffer/client';
import { checkEnvironmentId, DEFAULT_ENVIRONMENT } from '@coffer/core';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError, systemCode } from '../cli-error.ts';
import { command } from '../command.ts';
import { readVariable } from '../variables.ts';
import { formatProjectFile, PROJECT_FILE } from '../project-file.ts';
import { openTarget } from '../target.ts';

export const init = command({
  name: 'init',
  summary: 'Tie this directory to a project and an environment.',
  description: [
    `Writes ${PROJECT_FILE} with the URL of the server, the project and the environment. It holds no secret and is meant to be committed; commands find it from every directory below.`,
  ],
  arguments: [],
  options: { force: { type: 'boolean', summary: `Replace a ${PROJECT_FILE} that is there.` } },
  examples: [{ line: 'coffer init --project shop --env staging', what: 'Writes coffer.json.' }],
  run: async (context, { options }) => {
    const { terminal, global, env, cwd } = context;
    const path = join(cwd, PROJECT_FILE);
    if (!options.force && existsSync(path)) throw new CliError('file_exists', { path });
    // The file that is there, or one above, has no say in what is written.
    const { url, client } = openTarget(context, { withFile: false });
    const named = global.project ?? readVariable(env, 'COFFER_PROJECT');
    if (named === undefined && !terminal.canAsk) throw new CliError('project_unnamed');
    const project = named ?? (await terminal.ask('Project (its id)', 'name it with --project'));
    if (project === '') throw new CliError('project_unnamed');
    await client.api.project.fetchOne({ project_id: project });
    const environment = global.env ?? readVariable(env, 'COFFER_ENVIRONMENT') ?? DEFAULT_ENVIRONMENT;
    await demandEnvironment(client, project, environment);
    try {
      writeFileSync(path, formatProjectFile({ url, project, environment }), {
        flag: options.force ? 'w' : 'wx',
      });
    } catch (error) {
      const code = systemCode(error);
      throw new CliError(code === 'EEXIST' ? 'file_exists' : 'file_unwritable', { path, code });
    }
    terminal.say(
      `${PROJECT_FILE} ties this directory to ${project}, environment ${environment}, at ${url}.`,
      'good',
    );
  },
});

/** Fails with `environment_missing`. Who may not list environments is believed. */
async function demandEnvironment({ api }: Client, project: string, environment: string): Promise<void> {
  try {
    const { environments } = await api.environment.fetch({ project_id: project });
    if (environments.some(({ id }) => id === environment)) return;
  } catch (error) {
    if (error instanceof CofferError && error.status === 403) return;
    throw error;
  }
  if (checkEnvironmentId(environment) === undefined)
    throw new CliError('environment_missing', { project, environment });
  throw new CliError('usage', { why: '--env is not the id of an environment', command: 'init ' });
}
