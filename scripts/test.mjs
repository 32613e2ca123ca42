import fs from 'node:fs';
import './require-node.mjs';

const RESULTS = `node_modules/.cache/test-results-${process.pid}.json`;

void import('./toolchain.mjs').then(({ command, complain, prepare, run }) =>
  command(async () => {
    const node = await prepare('full');
    const args = process.argv.slice(2);

    // Arguments choose some of the tests, to look at those alone.
    const checks = args.length === 0 ? await run(node, ['scripts/check.ts']) : { code: 0 };

    fs.mkdirSync('node_modules/.cache', { recursive: true });
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}`];
    const tests = await run(node, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], {
      env: { ...process.env, NODE_ENV: 'test' },
    });

    const { passed, failed, skipped } = countTests();
    if (checks.code !== 0) complain('the checks failed: see above, and try `npm run fix`');
    if (tests.code !== 0) complain('the tests failed: see above');
    if (passed + failed === 0) complain('no test was run');
    if (checks.code !== 0 || tests.code !== 0 || passed + failed === 0) process.exitCode = 1;
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  }),
);

/** What the test run wrote down. A test file that failed outside its tests, as in an import, counts as one failure. */
function countTests() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of readResults()) {
    const failedBefore = counts.failed;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
    }
    if (file.status === 'failed' && counts.failed === failedBefore) counts.failed++;
  }
  return counts;
}

/** @returns {{ status: string, assertionResults: { status: string }[] }[]} */
function readResults() {
  try {
    return JSON.parse(fs.readFileSync(RESULTS, 'utf8')).testResults;
  } catch {
    return []; // the run ended before it could write
  } finally {
    fs.rmSync(RESULTS, { force: true });
  }
}
