import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { explainFailure } from '../admin/explain-failure.ts';
import { runAdminCommand } from '../admin/handlers.ts';
import { parseAdminArguments } from '../admin/parse-admin-arguments.ts';
import { Words } from '../admin/words.ts';
import { readConfig } from '../config/config.ts';
import { createLogger } from '../logger.ts';
import { guard } from './guard.ts';
import { databaseSettings } from './databases.ts';

const ADMIN = fileURLToPath(new URL('../../dist/admin.js', import.meta.url));

/** How a run of `coffer admin` ended; both outputs as text. */
export type AdminRun = { code: number | NodeJS.Signals | null; stdout: string; stderr: string };

/** The real program in a process of its own, as it is built, on the database of the server of that directory. */
export function startAdmin(
  words: readonly string[],
  { dataDir, env = {} }: { dataDir: string; env?: Record<string, string> },
): { child: ChildProcess; run: Promise<AdminRun> } {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('COFFER_'));
  const child = spawn(process.execPath, [ADMIN, ...words], {
    env: { ...Object.fromEntries(inherited), COFFER_DATA_DIR: dataDir, ...databaseSettings(dataDir), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guard(child);
  return { child, run: endOf(child) };
}

export async function runAdmin(...args: Parameters<typeof startAdmin>): Promise<AdminRun> {
  return await startAdmin(...args).run;
}

/** The same in this process: a program takes seconds to start on a busy machine. */
export async function runAdminHere(
  words: readonly string[],
  {
    dataDir,
    env = {},
    clock = Date.now,
  }: { dataDir: string; env?: Record<string, string>; clock?: () => number },
): Promise<AdminRun> {
  const outputs = { stdout: '', stderr: '' };
  const spoken = new Words({ write: (text) => (outputs.stderr += text) }, () => performance.now());
  const say: Words['say'] = (line, options) => spoken.say(line, options);
  try {
    const { name, json, input } = parseAdminArguments(words);
    const code = await runAdminCommand(name, input, {
      config: readConfig({ COFFER_DATA_DIR: dataDir, ...databaseSettings(dataDir), ...env }),
      json,
      log: createLogger('info', { write: (line) => void (outputs.stderr += line) }),
      clock,
      signal: new AbortController().signal,
      isInteractive: false,
      askSecret: async () => undefined,
      say,
      print: (text) => void (outputs.stdout += `${text}\n`),
    });
    return { code, ...outputs };
  } catch (error) {
    const { line, exit } = explainFailure(error);
    say(`coffer: ${line}`);
    return { code: exit, ...outputs };
  }
}

async function endOf(child: ChildProcess): Promise<AdminRun> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code: code ?? signal, stdout, stderr };
}
