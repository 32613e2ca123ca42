import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What Linux tells of the machine and of processes on it, from /proc. */

const TICK_MS = 10;

export type Machine = {
  cpu: string;
  cores: number;
  memoryMib: number;
  kernel: string;
  node: string;
};

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMib: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
  };
}

/** CPU time that a process has used with all its threads, in milliseconds, to the next 10. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process in MiB, now and at most. */
export function memoryOf(pid: number): { residentMib: number; peakMib: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number =>
    Math.round((Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024) * 10) / 10;
  return { residentMib: read('VmRSS'), peakMib: read('VmHWM') };
}

/** CPU time of a process and of all that it started, in milliseconds: a database server has a process for each client. */
export function cpuOfTree(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== '')
      .map(Number),
  );
  return children.reduce((sum, child) => sum + cpuOfTree(child), cpuOf(pid));
}

/** Of the whole machine since it started, in milliseconds over all cores. */
export type MachineTimes = { busy: number; idle: number; stolen: number };

export function machineTimes(): MachineTimes {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, stolen = 0] = line
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) * TICK_MS);
  return { busy: user + nice + system + irq + softirq, idle: idle + wait, stolen };
}

/** What others had of the machine between two looks, as a share of all its time: the hypervisor, and foreign processes. */
export type Noise = { steal: number; foreign: number; load: number };

export function noiseBetween(before: MachineTimes, after: MachineTimes, ownMs: number): Noise {
  const busy = after.busy - before.busy;
  const stolen = after.stolen - before.stolen;
  const all = busy + stolen + after.idle - before.idle;
  const share = (part: number): number => (all === 0 ? 0 : Math.round((Math.max(0, part) / all) * 100) / 100);
  return {
    steal: share(stolen),
    foreign: share(busy - ownMs),
    load: loadavg()[0] ?? 0,
  };
}
