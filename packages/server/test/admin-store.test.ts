import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SQLITE_FILE } from '../src/store/sqlite.ts';
import { runAdminHere, startAdmin } from '../src/testing/admin.ts';
import { temporaryDirectory } from '../src/testing/data-dir.ts';
import { RECIPIENT } from './backup-world.ts';

const ROOT_KEY = randomBytes(32).toString('base64');

/** On the other engine there is no directory to be wrong. */
test.each([
  ['audit', 'verify'],
  ['audit', 'accept'],
  ['rotate', 'data-key'],
  ['rotate', 'root-key'],
  ['backup', 'b.age'],
])(
  'admin %s %s makes no database where there is none, and says where to look, on sqlite',
  async (...words) => {
    using directory = temporaryDirectory();
    for (const dataDir of [directory.path, join(directory.path, 'absent')]) {
      const run = await runAdminHere(words, {
        dataDir,
        env: { COFFER_ROOT_KEY: ROOT_KEY, COFFER_BACKUP_RECIPIENTS: RECIPIENT },
      });
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toBe(
        `coffer: there is no database in ${dataDir}; set COFFER_DATA_DIR to the data directory of the server, or COFFER_DATABASE_URL\n`,
      );
    }
    expect(readdirSync(directory.path)).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32')(
  'a pipe in the place of the database holds nobody up on sqlite',
  async () => {
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    execFileSync('mkfifo', [join(dataDir, SQLITE_FILE)]);
    // What waits for a reader waits in the kernel: only another process can tell.
    const { run, child } = startAdmin(['audit', 'verify'], { dataDir });
    const impatience = setTimeout(() => child.kill('SIGKILL'), 20_000);
    const { code, stderr } = await run;
    clearTimeout(impatience);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('coffer.db cannot be opened (it is a pipe)'),
    });
  },
);
