import { readdirSync, readFileSync } from 'node:fs';

/** What Linux tells of a process; elsewhere there is nothing to be learned. `startedAt` tells it from a later one with its id. */
export type ProcessLine = {
  pid: number;
  parent: number;
  group: number;
  /** The process group that the terminal of the process sends signals to; -1 where there is no terminal. */
  foregroundGroup: number;
  startedAt: string;
};

export function findProcess(pid: number): ProcessLine | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // proc(5). The name, in parentheses, may hold anything; what follows is numbers.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, , , foregroundGroup] = fields;
  if (state === 'Z') return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    foregroundGroup: Number(foregroundGroup),
    startedAt: fields[19] ?? '',
  };
}

/** The processes that a process started, and those that these did. */
export function findDescendants(pid: number): ProcessLine[] {
  const all = processIds().flatMap((id) => findProcess(id) ?? []);
  const found: ProcessLine[] = [];
  const parents = new Set([pid]);
  for (let added = -1; added !== found.length;) {
    added = found.length;
    for (const line of all) {
      if (!parents.has(line.parent) || parents.has(line.pid)) continue;
      parents.add(line.pid);
      found.push(line);
    }
  }
  return found;
}

/** Sends a signal to a process if it is still the same one; says whether it is. */
export function signalProcess({ pid, startedAt }: ProcessLine, signal: NodeJS.Signals | 0): boolean {
  if (findProcess(pid)?.startedAt !== startedAt) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    // Gone meanwhile, or someone else's by now.
    return false;
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}
