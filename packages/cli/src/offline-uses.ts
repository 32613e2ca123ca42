import { CofferError, type Client } from '@coffer/client';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './cli-error.ts';
import { pathOnShelf, tokenMark, type Shelf } from './offline-copy.ts';

/** Of one call. */
const REPORTED_MAX = 100;
const REPORT_PATIENCE_MS = 2000;
/** Whoever took uses to report them has long done so, or was killed. */
const ABANDONED_MS = 60_000;
/** `PLACE.uses`, and with something behind it while someone reports them. */
const USES = /^[0-9a-f]{32}\.uses(?:\.[0-9a-f]+)?$/;

/** A use as the file has it, one to a line. */
type Use = { url: string; project: string; environment: string; used_at: string };
export type Report = (uses: {
  project: string;
  environment: string;
  usedAt: readonly string[];
}) => Promise<Outcome>;
/** `refused`: with this token it is of no use to try again. */
export type Outcome = 'recorded' | 'refused' | 'failed';

/**
 * Remembers that the copy was used, until the server hears of it. Fails, and so nothing is given out, when it cannot. Each
 * line begins a new one: after one that was torn, as by a full disk, it is whole all the same.
 */
export function noteOfflineUse(shelf: Shelf): void {
  const { url, project, environment } = shelf.place;
  const use: Use = { url, project, environment, used_at: shelf.now().toISOString() };
  appendFileSync(pathOnShelf(shelf, 'uses'), `\n${JSON.stringify(use)}\n`, { mode: 0o600 });
}

/**
 * Tells a server of the uses since the last contact, whatever the command is that reaches it: in passing, without a word
 * and without a failure.
 */
export async function reportInPassing(
  target: { url: string; token: string; client: Client },
  directory: string,
): Promise<void> {
  try {
    await reportOfflineUses({ directory, ...target }, async ({ project, environment, usedAt }) => {
      return await sendOfflineUses(target.client, { project_id: project, environment, used_at: usedAt });
    });
  } catch {
    // They stay where they are, for the next contact.
  }
}

/**
 * The uses are taken away first, so that two processes do not both tell of them; what was told is removed at once, and what
 * was not is put back. Whoever tells them is told once at least: when the answer is lost, or we are killed before it comes,
 * the server may have them on record twice, with the same `used_at` to the millisecond.
 */
export async function reportOfflineUses(
  { directory, url, token }: { directory: string; url: string; token: string },
  report: Report,
): Promise<void> {
  for (const name of usesIn(directory)) {
    const whole = join(directory, name.replace(/\.uses.*$/, '.uses'));
    const refusals = `${whole.slice(0, -'uses'.length)}refused`;
    const path = join(directory, name);
    const [first] = readUses(path);
    if (first !== undefined && first.url !== url) continue;
    // A refused attempt is on record at the server: one is enough.
    if (readIfThere(refusals) === tokenMark(token)) continue;
    const taken = take(path, whole);
    if (taken === undefined) continue;
    let uses = readUses(taken);
    let outcome: Outcome = 'recorded';
    while (uses.length > 0 && outcome === 'recorded') {
      const [{ project, environment }] = uses as [Use, ...Use[]];
      const usedAt = uses.slice(0, REPORTED_MAX).map(({ used_at }) => used_at);
      outcome = await report({ project, environment, usedAt });
      if (outcome !== 'recorded') break;
      uses = uses.slice(REPORTED_MAX);
      writeFileSync(taken, linesOf(uses), { mode: 0o600 });
    }
    if (uses.length > 0) appendFileSync(whole, `\n${linesOf(uses)}`, { mode: 0o600 });
    rmSync(taken, { force: true });
    if (outcome === 'refused') writeFileSync(refusals, tokenMark(token), { mode: 0o600 });
    else if (outcome === 'recorded') rmSync(refusals, { force: true });
  }
}

async function sendOfflineUses(
  { api }: Client,
  uses: { project_id: string; environment: string; used_at: readonly string[] },
): Promise<Outcome> {
  try {
    await api.event.offline(uses, { timeoutMs: REPORT_PATIENCE_MS });
    return 'recorded';
  } catch (error) {
    const status = error instanceof CofferError ? (error.status ?? 0) : 0;
    return [400, 403, 404].includes(status) ? 'refused' : 'failed';
  }
}

/** Those that wait, and those that someone left behind. */
function usesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => {
    if (!USES.test(name)) return false;
    return name.endsWith('.uses') || isAbandoned(join(directory, name));
  });
}

function isAbandoned(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS;
}

/** Under a name of our own, which no other process has, whatever its id; undefined when someone else was faster. */
function take(path: string, whole: string): string | undefined {
  const taken = `${whole}.${randomBytes(8).toString('hex')}`;
  try {
    // Its age is how long it has been ours.
    utimesSync(path, new Date(), new Date());
    renameSync(path, taken);
    return taken;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A line that is none was torn while it was written: then nothing was given out. */
function readUses(path: string): Use[] {
  return readIfThere(path)
    .split('\n')
    .flatMap((line) => parse(line) ?? []);
}

function parse(line: string): Use | undefined {
  try {
    const use = JSON.parse(line) as Partial<Use> | null;
    const { url, project, environment, used_at: usedAt = '' } = use ?? {};
    const words = [url, project, environment].every((word) => typeof word === 'string');
    return words && new Date(usedAt).toISOString() === usedAt ? (use as Use) : undefined;
  } catch {
    return undefined;
  }
}

function linesOf(uses: readonly Use[]): string {
  return uses.map((use) => `${JSON.stringify(use)}\n`).join('');
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}
