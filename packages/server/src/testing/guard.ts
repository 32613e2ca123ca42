import { spawn, type ChildProcess } from 'node:child_process';

/** What it reads ends with the process that writes to it, even if that is killed. */
const UNTIL_WE_END = 'cat >/dev/null; kill -9 "$0"';

/** A program that a test or a rehearsal has started does not outlive it, however that ends. */
export function guard(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === 'win32') return;
  // In a group of its own: a Ctrl-C is not for it, and it ends as a whole.
  const watch = spawn('sh', ['-c', UNTIL_WE_END, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.on('error', () => undefined);
  watch.stdin.on('error', () => undefined);
  watch.unref();
  // Before the number of the process can be that of another one.
  child.once('exit', () => {
    if (watch.pid !== undefined && watch.exitCode === null && watch.signalCode === null)
      process.kill(-watch.pid, 'SIGKILL');
  });
}
