import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ADMIN_EXIT, type AdminExit, type AdminInput } from '@coffer/core';
import { parseIdentities, type Opener } from '../backup/age.ts';
import { restore as restoreBackup } from '../backup/restore.ts';
import { verifyBackup } from '../backup/verify.ts';
import { createRootKeyFile } from '../keys/root-key-source.ts';
import { headFileIn, readHeadFile, removeHeadFile, seenDetails } from '../services/saved-head-file.ts';
import { StartError } from '../start-error.ts';
import { openDialect } from '../store/open-dialect.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { findRootKeys } from './find-root-keys.ts';
import { UsageError } from './usage-error.ts';

export const restore: AdminHandler<'restore'> = async (context, { args, options }) => {
  const { config, clock, signal } = context;
  const opener = await chooseOpener(context, options);
  const { path: rootKeyPath, rootKeys } = findRootKeys(config);
  const order = { path: resolve(args.file), opener, clock, rootKeys, signal };
  if (options.verify) return await verify(context, order);
  const headFile = headFileIn(config.dataDir);
  const seen = readHeadFile(headFile);
  const { header, manifest } = await restoreBackup({
    ...order,
    seen: seenDetails(seen === 'damaged' ? undefined : seen),
    dialect: await openDialect(config),
    keepRootKey: (rootKey) => {
      if (rootKeyPath !== undefined) createRootKeyFile(rootKeyPath, rootKey);
    },
    endTokens: options['end-tokens'],
  });
  if (seen !== undefined) giveWay(context, headFile, seen);
  context.say(
    `Restored the backup of ${header.created_at}: ${manifest['entry']?.rows} entries with ${manifest['entry_version']?.rows} versions and ${header.audit.size} records. Nobody is signed in.`,
  );
  context.print(
    context.json
      ? JSON.stringify({ instance: header.instance, created_at: header.created_at, tables: manifest })
      : header.instance,
  );
  return ADMIN_EXIT.success;
};

/** Whoever restores means it. Killed before this, the server does not start until `audit accept` says so. */
function giveWay(
  { say }: AdminContext,
  path: string,
  seen: NonNullable<ReturnType<typeof readHeadFile>>,
): void {
  removeHeadFile(path);
  if (seen === 'damaged') return;
  say(
    `This data directory last saw an audit log of ${seen.frontier.size} records, on ${seen.savedAt}; that is on record, and the restored one takes its place.`,
  );
}

async function verify(context: AdminContext, order: Parameters<typeof verifyBackup>[0]): Promise<AdminExit> {
  const { restored, vault } = await verifyBackup(order);
  const { versions } = vault;
  const { created_at: at, instance, audit } = restored.header;
  context.say(
    `The backup of ${at} is good: ${versions} versions open and are those on record, the audit log has ${audit.size} records and its root. Nothing was changed.`,
  );
  context.print(context.json ? JSON.stringify({ instance, created_at: at, versions, audit }) : audit.root);
  return ADMIN_EXIT.success;
}

async function chooseOpener(
  { config, askSecret }: AdminContext,
  { 'identity-file': file, passphrase }: AdminInput<'restore'>['options'],
): Promise<Opener> {
  if (file !== undefined && passphrase)
    throw new UsageError('restore: give an identity or a passphrase, not both');
  if (file !== undefined) return { identities: parseIdentities(file, readIdentities(file)) };
  if (passphrase) {
    const given = await askSecret('Passphrase of the backup: ');
    if (given === undefined) throw new UsageError('restore: there is no passphrase on standard input');
    return { passphrase: given };
  }
  if (config.backup.passphrase !== undefined) return { passphrase: config.backup.passphrase };
  throw new UsageError(
    'restore: say what opens it, with --identity-file, --passphrase or COFFER_BACKUP_PASSPHRASE',
  );
}

function readIdentities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartError(`the identity file ${path} cannot be read (${code})`, { cause });
  }
}
