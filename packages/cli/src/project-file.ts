import { checkEnvironmentId, checkProjectId } from '@coffer/core';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError, systemCode } from './cli-error.ts';
import { parseUrl } from './server-url.ts';

export const PROJECT_FILE = 'coffer.json';

/** Ties a directory to an environment. It is committed, holds no secret, and may be written by anyone: see `target.ts`. */
export type ProjectFile = { path: string; url?: string; project?: string; environment?: string };

const FIELDS = ['url', 'project', 'environment'];

/** The one of the directory, or of the nearest directory above that has one. */
export function findProjectFile(from: string): ProjectFile | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const path = join(directory, PROJECT_FILE);
    const text = readIfThere(path);
    if (text !== undefined) return parse(path, text);
    if (directory === dirname(directory)) return undefined;
  }
}

export function formatProjectFile({ url, project, environment }: Omit<ProjectFile, 'path'>): string {
  return `${JSON.stringify({ url, project, environment }, undefined, 2)}\n`;
}

function readIfThere(path: string): string | undefined {
  try {
    // Anyone may put a file into /tmp, above what we work on there.
    const { uid } = statSync(path);
    const us = process.getuid?.() ?? uid;
    if (uid !== us && uid !== 0 && us !== 0)
      throw invalid(
        path,
        'belongs to someone else',
        'name the server and the project with --url and --project',
      );
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw new CliError('file_unreadable', { path, code });
  }
}

function parse(path: string, text: string): ProjectFile {
  const fields = parseFields(text);
  if (fields === undefined)
    throw invalid(path, 'is not a JSON object of url, project and environment, all texts');
  const { url, project, environment } = fields;
  if (url !== undefined) parseUrl(url, path);
  const broken =
    (project === undefined ? undefined : checkProjectId(project)) ??
    (environment === undefined ? undefined : checkEnvironmentId(environment));
  if (broken !== undefined)
    throw invalid(path, `names a project or an environment that no id can be: it ${broken}`);
  return { path, ...fields };
}

function parseFields(text: string): Omit<ProjectFile, 'path'> | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
    const valid = Object.entries(fields).every(
      ([name, field]) => FIELDS.includes(name) && typeof field === 'string',
    );
    return valid ? fields : undefined;
  } catch {
    return undefined;
  }
}

function invalid(
  path: string,
  why: string,
  remedy = 'correct it, or write it anew with `coffer init --force`',
): CliError {
  return new CliError('file_invalid', { path, why, remedy });
}
