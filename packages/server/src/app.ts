import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { basename, dirname } from 'node:path';
import { ENDPOINTS } from '@coffer/contract';
import { AppError, type Redacted } from '@coffer/core';
import type { FastifyInstance } from 'fastify';
import type { ScheduledBackups } from './backup/scheduled-backups.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import { Egress } from './egress/egress.ts';
import { registerPages } from './http/pages.ts';
import { registerEndpoints } from './http/router.ts';
import { registerRouteCalls } from './http/route-calls.ts';
import { handlers } from './http/routes/handlers.ts';
import { createServer } from './http/server.ts';
import { registerWeb } from './http/web.ts';
import { canReplace, createRootKeyFile, isReadableByOthers, rootKeySource } from './keys/root-key-source.ts';
import type { Logger } from './logger.ts';
import { OAuthTokens } from './outbound/auth/oauth-tokens.ts';
import { removeDrafts } from './replace-file.ts';
import { AuditLog } from './services/audit-log.ts';
import type { Context } from './services/context.ts';
import { Eraser } from './services/eraser.ts';
import { IdentityTokens } from './services/identity-tokens.ts';
import { openInstance } from './services/instance.ts';
import { Passwords, type PasswordCost } from './services/passwords.ts';
import { RunningCalls } from './services/running-calls.ts';
import { checkSavedHead, refuseLostDatabase } from './services/saved-head-check.ts';
import { headFileIn } from './services/saved-head-file.ts';
import { SavedHead } from './services/saved-head.ts';
import { isSetUp, setUpFromSettings } from './services/setup.ts';
import { Throttle, type AttemptLimits } from './services/throttle.ts';
import { Tokens } from './services/tokens.ts';
import { VaultCipher } from './services/vault-cipher.ts';
import { Watchers, type WatchLimits } from './services/watchers.ts';
import { StartError } from './start-error.ts';
import { openStore, type Store } from './store/database.ts';
import { findInstance } from './store/instance.ts';
import { openDialect } from './store/open-dialect.ts';
import type { Reach } from './store/reach.ts';
import { VERSION } from './version.ts';

/** How often we let go of data keys that another process has destroyed, and of what one that was killed left of a root key. */
const FORGET_MS = 60_000;
/** How long a stop waits for requests that are under way, and for a backup to be called off. */
const STOP_PATIENCE_MS = 10_000;

export type AppOptions = {
  config: Config;
  log: Logger;
  clock?: Clock;
  /** What a password costs to hash, how many tries are free, how long a data key serves, how many may watch, how often the head is saved: for tests. */
  passwordCost?: PasswordCost;
  attemptLimits?: AttemptLimits;
  dataKeySealsMax?: number;
  watchLimits?: Partial<WatchLimits>;
  headPaceMs?: number;
};

export type App = {
  context: Context;
  /** Where it listens, as in `http://127.0.0.1:8080`. */
  url: string;
  /** Where browsers find it; the same unless there is a proxy. */
  publicUrl: string;
  /** For the one-time link; undefined once there is a user. */
  setupToken: Redacted<string> | undefined;
  /** Requests that are under way finish, within limits; then the store is closed. */
  stop(): Promise<void>;
};

/** Puts the parts together and listens. Fails with a StartError when it must not start; then nothing stays open. */
export async function startApp(options: AppOptions): Promise<App> {
  try {
    const dialect = await openDialect({
      ...options.config,
      onReach: (reach) => logReach(options.log, reach),
    });
    return await startOnStore(options, await openStore(dialect));
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'store_unavailable') throw cause;
    const which = options.config.database === undefined ? '' : ' that COFFER_DATABASE_URL names';
    throw new StartError(`the database${which} cannot serve: ${String(cause.detail['reason'])}`, { cause });
  }
}

function logReach(log: Logger, reach: Reach): void {
  if (reach.isLost) log.error({ reason: reach.reason }, 'the database is lost');
  else log.info('the database is there again');
}

async function startOnStore(options: AppOptions, store: Store): Promise<App> {
  try {
    const context = await createContext(options, store);
    // A crash may have come between a delete and its erasure. First, as it also writes anew what a disk that failed has not kept.
    await context.eraser.erase();
    await context.savedHead.begin();
    await createFirstUser(context, options.config.firstUser);
    const backups = await scheduleBackups(options, context);
    const app = await serve(options, context, backups);
    // Only who serves takes one on.
    backups?.start();
    return app;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function createContext(options: AppOptions, store: Store): Promise<Context> {
  const { config, log, clock = Date.now } = options;
  const audit = new AuditLog(store, clock);
  const source = rootKeySource(config.rootKeys, config.dataDir);
  const headFile = headFileIn(config.dataDir);
  // Before a root key is made, which would stand in the way of the one that a restore needs.
  await refuseLostDatabase({ store, path: headFile });
  if (config.rootKeys === undefined && source.path !== undefined) await ensureRootKeyFile(store, source.path);
  if (source.path !== undefined && isReadableByOthers(source.path))
    log.warn(
      `${source.name} can be read by other users of this machine or container; set its mode to 0600, or mount it so`,
    );
  const { id, rootKeys } = await openInstance({ store, audit, clock }, source);
  await checkHead({ store, instanceId: id, rootKeys, path: headFile }, log);
  const egress = new Egress(config.egressAllow);
  return {
    store,
    audit,
    eraser: new Eraser(store, log),
    clock,
    log,
    instance: { id },
    rootKeys,
    cipher: new VaultCipher(rootKeys, {
      instanceId: id,
      clock,
      ...(options.dataKeySealsMax === undefined ? {} : { sealsMax: options.dataKeySealsMax }),
    }),
    passwords: new Passwords(options.passwordCost),
    throttle: new Throttle(clock, options.attemptLimits),
    tokens: new Tokens(rootKeys, id, clock),
    egress,
    identityTokens: new IdentityTokens(egress, clock),
    watchers: new Watchers(store, log, options.watchLimits),
    runningCalls: new RunningCalls(),
    savedHead: new SavedHead(
      { store, log, clock, rootKeys, instanceId: id, audit },
      { path: headFile, paceMs: options.headPaceMs },
    ),
    oauthTokens: new OAuthTokens({ send: async (request) => await egress.send(request), clock }),
    backupSchedule: config.backup.schedule,
  };
}

/** Fails with a StartError when this server has seen a log that the database does not have. */
async function checkHead(
  { store, ...against }: Omit<Parameters<typeof checkSavedHead>[0], 'db'> & { store: Store },
  log: Logger,
): Promise<void> {
  const { seen, mismatch, isAuthentic } = await checkSavedHead({ ...against, db: store.db });
  if (mismatch !== undefined) throw new StartError(`${mismatch.finding}; ${mismatch.advice}`);
  if (seen !== undefined && !isAuthentic)
    log.warn('the saved head of the audit log is of before the root key was rotated: nobody vouches for it');
}

/** Made at the first start only: where the database has an instance, a missing file is a lost key (R10). */
async function ensureRootKeyFile(store: Store, path: string): Promise<void> {
  if (existsSync(path)) return;
  if ((await findInstance(store.db)) !== undefined) {
    throw new StartError(
      `the root key of this database is missing: put ${basename(path)} back into ${dirname(path)}, or set COFFER_ROOT_KEY`,
    );
  }
  createRootKeyFile(path);
}

const FIRST_USER_SETTINGS: Readonly<Record<string, string>> = {
  username: 'COFFER_ROOT_USERNAME',
  email: 'COFFER_ROOT_EMAIL',
  password: 'COFFER_ROOT_PASSWORD',
};

/** By the same rules as a person who follows the link. Fails with a StartError that names the setting. */
async function createFirstUser(context: Context, firstUser: Config['firstUser']): Promise<void> {
  if (firstUser === undefined || (await isSetUp(context))) return;
  const { username, email } = firstUser;
  const password = firstUser.password.expose();
  const { data, error } = ENDPOINTS.setup.input
    .pick({ username: true, email: true, password: true })
    .safeParse({ username, email, password });
  if (error !== undefined) throw refusedSetting(error.issues[0]);
  try {
    await setUpFromSettings(context, { ...data, firstName: username, lastName: '' });
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'invalid_input') throw cause;
    throw refusedSetting({
      path: ['password'],
      message: cause.fields.map(({ message }) => message).join(', '),
    });
  }
}

function refusedSetting(issue: { path: PropertyKey[]; message: string } | undefined): StartError {
  return new StartError(`${FIRST_USER_SETTINGS[String(issue?.path[0])]} ${issue?.message}`);
}

/** Loads what makes backups where there are to be any. Fails with a StartError when there cannot be. */
async function scheduleBackups(
  { config }: AppOptions,
  context: Context,
): Promise<ScheduledBackups | undefined> {
  const { backupSchedule } = context;
  if (backupSchedule === undefined) return undefined;
  const { ScheduledBackups: Backups } = await import('./backup/scheduled-backups.ts');
  const { path } = rootKeySource(config.rootKeys, config.dataDir);
  return new Backups(context, backupSchedule, path);
}

async function serve(
  { config, log }: AppOptions,
  context: Context,
  backups: ScheduledBackups | undefined,
): Promise<App> {
  const secure = config.publicUrl?.startsWith('https:') ?? config.tls !== undefined;
  const tls = config.tls && { cert: config.tls.cert, key: config.tls.key.expose() };
  const app = createServer({ log, secure, tls, trustedProxies: config.trustedProxies });
  const site = { secure, publicUrl: config.publicUrl };
  registerEndpoints(app, context, site, handlers);
  registerRouteCalls(app, context, site);
  registerPages(app, {
    version: VERSION,
    ...(config.publicUrl === undefined ? {} : { serverUrl: config.publicUrl }),
  });
  registerWeb(app);
  const url = await listen(app, config);
  const { path: rootKeyPath } = rootKeySource(config.rootKeys, config.dataDir);
  removeRootKeyDrafts(rootKeyPath, log);
  const forgetting = setInterval(() => {
    removeRootKeyDrafts(rootKeyPath, log);
    void forgetDestroyedKeys(context);
  }, FORGET_MS).unref();
  context.savedHead.follow();
  return {
    context,
    url,
    publicUrl: config.publicUrl ?? url,
    setupToken: (await isSetUp(context)) ? undefined : context.rootKeys.latest.setupToken,
    stop: async () => {
      clearInterval(forgetting);
      await stop(app, context, backups);
    },
  };
}

async function forgetDestroyedKeys({ cipher, store, log }: Context): Promise<void> {
  try {
    await cipher.forgetDestroyed(store.db);
  } catch (err) {
    log.warn({ err }, 'which data keys were destroyed cannot be seen now');
  }
}

function removeRootKeyDrafts(path: string | undefined, log: Logger): void {
  if (path === undefined || !canReplace(path)) return;
  try {
    removeDrafts(path);
  } catch (err) {
    log.warn({ err, path }, 'what is left beside the root key file cannot be removed');
  }
}

/** Fails with a StartError when the address is taken or not ours. */
async function listen(app: FastifyInstance, { host, port, tls }: Config): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartError(
      `cannot listen on ${host} port ${port} (${code}); choose others with COFFER_HOST and COFFER_PORT`,
      {
        cause,
      },
    );
  }
  const { port: bound } = app.server.address() as AddressInfo;
  return `${tls === undefined ? 'http' : 'https'}://${nameOf(host)}:${bound}`;
}

/** How a browser on this machine names the host; one that stands for all addresses is no address to go to. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

async function stop(
  app: FastifyInstance,
  context: Context,
  backups: ScheduledBackups | undefined,
): Promise<void> {
  const { store, audit, egress, runningCalls, savedHead } = context;
  const impatience = setTimeout(() => app.server.closeAllConnections(), STOP_PATIENCE_MS);
  await Promise.all([app.close(), backups?.stop(STOP_PATIENCE_MS)]);
  clearTimeout(impatience);
  await runningCalls.settle();
  egress.close();
  await audit.settle();
  await savedHead.stop();
  await store.close();
}
