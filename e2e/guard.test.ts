import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../packages/server/src/testing/data-dir.ts';

const PROCESS = new URL('../packages/server/src/testing/process.ts', import.meta.url).href;
const SCRIPT = `
  const { ServerProcess } = await import(${JSON.stringify(PROCESS)});
  const server = await ServerProcess.start({ dataDir: process.argv[1] });
  console.log(server.url);
  setInterval(() => {}, 1000);
`;

test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'a server that a rehearsal has started ends with it, though that ends with %s',
  async (signal) => {
    using directory = temporaryDirectory();
    const args = ['--conditions=@coffer/source', '--input-type=module', '-e', SCRIPT, directory.path];
    const rehearsal = spawn(process.execPath, args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(rehearsal.stdout, 'data')) as [Buffer];
    const url = line.toString().trim();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const ended = once(rehearsal, 'exit');
    rehearsal.kill(signal);
    await ended;
    await vi.waitFor(async () => await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed'), {
      timeout: 30_000,
    });
  },
);
