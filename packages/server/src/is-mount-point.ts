import { readFileSync, realpathSync } from 'node:fs';

/** What the kernel knows is mounted here: proc_pid_mountinfo(5). */
const MOUNTS = '/proc/self/mountinfo';
const MOUNT_POINT_FIELD = 4;

/** Whether something is mounted there, such as a secret of a container: then no other file takes its place. False where only trying would tell. */
export function isMountPoint(path: string): boolean {
  const real = realpathSync(path);
  return readMounts()
    .split('\n')
    .some((line) => unescape(line.split(' ')[MOUNT_POINT_FIELD] ?? '') === real);
}

function readMounts(): string {
  try {
    return readFileSync(MOUNTS, 'utf8');
  } catch {
    return '';
  }
}

/** White space and backslashes stand there in octal. */
function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(parseInt(octal, 8)));
}
