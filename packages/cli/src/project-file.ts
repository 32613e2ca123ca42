import { checkEnvironmentId, checkProjectId } from '@coffer/core';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError, systemCode } from './cli-error.ts';
import { parseUrl } from './server-url.ts';

export const PROJECT_FILE = 'coffer.json';

/** Ties a directory to an environment. It is committed, holds no secret, and may be written by anyone: see `target.ts`. */
export type ProjectFile = { path: string; url?: string; project?: string; environment?: string };

const FILE_BYTES_MAX = 65_536;
const NAME_ALL = 'name the server and the project with --url and --project';
const FIELDS = ['url', 'project', 'environment'];

/**
 * The one of the directory, or of the nearest directory above that has one. Anyone may put a file into /tmp, above what
 * we work on there: those of others are skipped where they decide nothing, and refused otherwise.
 */
export function findProjectFile(
  from: string,
  { ofOthers }: { ofOthers: 'refuse' | 'skip' },
): ProjectFile | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const path = join(directory, PROJECT_FILE);
    const found = readIfThere(path);
    if (found?.text !== undefined) return parse(path, found.text);
    if (found !== undefined && ofOthers === 'refuse')
      throw invalid(path, 'belongs to someone else', NAME_ALL);
    if (directory === dirname(directory)) return undefined;
  }
}

export function formatProjectFile({ url, project, environment }: Omit<ProjectFile, 'path'>): string {
  return `${JSON.stringify({ url, project, environment }, undefined, 2)}\n`;
}

/** Of a file of others there is no text. */
function readIfThere(path: string): { text?: string } | undefined {
  try {
    // The link itself: who can make one must not choose among our files either.
    if (isOfOthers(lstatSync(path))) return {};
    // Not to wait for a writer where it is a pipe.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = fstatSync(file);
      if (isOfOthers(status)) return {};
      if (status.isDirectory()) return undefined;
      if (!status.isFile()) throw invalid(path, 'is not a regular file');
      if (status.size > FILE_BYTES_MAX) throw invalid(path, `has more than ${FILE_BYTES_MAX} bytes`);
      const text = Buffer.alloc(FILE_BYTES_MAX);
      return { text: text.toString('utf8', 0, readSync(file, text)) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw new CliError('file_unreadable', { path, code });
  }
}

/** What the administrator put there is not of others. Windows has no such numbers. */
function isOfOthers({ uid }: Stats): boolean {
  return process.getuid !== undefined && uid !== process.getuid() && uid !== 0;
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
