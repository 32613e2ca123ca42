import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillDemo, DEMO_PASSWORD, startDemoApi } from './demo-data.ts';
import { ServerProcess } from '../packages/server/src/testing/process.ts';

/**
 * Starts an instance with believable projects, people, entries, versions and events, so that anyone can look around.
 * It lives in a temporary directory, which goes with it.
 *
 *     npm run demo                     on a free port
 *     COFFER_PORT=9000 npm run demo
 */
const dataDir = mkdtempSync(join(tmpdir(), 'coffer-demo-'));
const port = process.env['COFFER_PORT'] ?? '0';
await using api = await startDemoApi();
const env = { COFFER_PORT: port, COFFER_LOG_LEVEL: 'warn', COFFER_EGRESS_ALLOW: api.url };
const server = await ServerProcess.start({ dataDir, env });
await fillDemo(server, api.url);
console.log(`The demo is at ${server.url}/web/
Sign in as ada (ROOT), grace (ADMIN), linus (AUTHOR) or vera (VIEWER), each with the password ${DEMO_PASSWORD}
Ctrl-C ends it, and everything in it is gone.`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void server.kill('SIGTERM'));
await server.ended();
rmSync(dataDir, { recursive: true, force: true });
