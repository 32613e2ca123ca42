import { readFileSync } from 'node:fs';
import { ADMIN_EXIT, Redacted, type AdminExit, type AdminInput } from '@coffer/core';
import { parseIdentities, type Opener } from '../backup/age.ts';
import type { BackupHeader } from '../backup/format.ts';
import { restore as restoreBackup } from '../backup/restore.ts';
import { verifyBackup } from '../backup/verify.ts';
import { deriveInstanceKeys } from '../keys/root-key.ts';
import { createRootKeyFile, readOrCreateRootKey } from '../keys/root-key-source.ts';
import { headFileIn, readHeadFile, removeHeadFile, seenDetails } from '../services/saved-head-file.ts';
import { StartError } from '../start-error.ts';
import { openDialect } from '../store/open-dialect.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { amountOf } from './amount-of.ts';
import { contentsOf } from './backup-contents.ts';
import { parseFileArgument } from './file-argument.ts';
import { findRootKeys } from './find-root-keys.ts';
import { UsageError } from './usage-error.ts';

export const restore: AdminHandler<'restore'> = async (context, { args, options }) => {
  const { config, clock, signal } = context;
  const opener = await chooseOpener(context, options);
  const { path: rootKeyPath, rootKeys } = findRootKeys(config);
  const mayUseIncluded = options['use-included-root-key'];
  const order = { path: parseFileArgument('restore', args.file), opener, clock, rootKeys, signal };
  if (options.verify) return await verify(context, order, mayUseIncluded);
  const headFile = headFileIn(config.dataDir);
  const seen = readHeadFile(headFile);
  const included = {
    accept: (rootKey: Redacted<Buffer>, header: BackupHeader) => {
      refuseForeign(headFile, seen, { rootKey, header });
      context.say(
        `The root key is taken from the file itself: whoever made the file chose it. It says that it is of ${header.instance}; compare that with what you know.`,
      );
    },
    keep: (rootKey: Redacted<Buffer>) => {
      if (rootKeyPath !== undefined) keepRootKey(rootKeyPath, rootKey);
    },
  };
  const { header, manifest, tokensEnded } = await restoreBackup({
    ...order,
    ...(mayUseIncluded ? { included } : {}),
    seen: seenDetails(seen === 'damaged' ? undefined : seen),
    openDialect: async () => await openDialect(config),
    endTokens: options['end-tokens'],
  });
  if (seen !== undefined) giveWay(context, headFile, { seen, header });
  context.say(
    `Restored the backup of ${header.created_at}: ${contentsOf(header, manifest)}. Nobody is signed in.`,
  );
  context.say(
    tokensEnded === undefined
      ? 'Access tokens are those of the backup; `--end-tokens` would have ended them.'
      : `${amountOf(tokensEnded, 'access token')} ended.`,
  );
  context.print(
    context.json
      ? JSON.stringify({
          instance: header.instance,
          created_at: header.created_at,
          tokens_ended: tokensEnded ?? null,
          tables: manifest,
        })
      : header.instance,
  );
  return ADMIN_EXIT.success;
};

/** A file that brings its own root key does not take the place of what this directory belongs to. */
function refuseForeign(
  path: string,
  seen: ReturnType<typeof readHeadFile>,
  { rootKey, header }: { rootKey: Redacted<Buffer>; header: BackupHeader },
): void {
  if (seen === undefined) return;
  if (seen !== 'damaged' && seen.instanceId === header.instance) {
    if (seen.isSealedBy(deriveInstanceKeys(rootKey, header.instance))) return;
  }
  const whose = seen === 'damaged' ? 'nobody can tell which' : seen.instanceId;
  throw new StartError(
    `the root key in the backup, of ${header.instance}, is not the one of the instance that this data directory belongs to (${whose}): give the root key of the time of the backup; or, where the file is to take its place, take ${path} away`,
  );
}

/** Fails with a StartError where another one came there meanwhile: nothing would open under that. */
function keepRootKey(path: string, rootKey: Redacted<Buffer>): void {
  createRootKeyFile(path, rootKey);
  if (readOrCreateRootKey(path).expose().equals(rootKey.expose())) return;
  throw new StartError(`${path} came to be meanwhile, and is another root key than that of the backup`);
}

/** Whoever restores means it. Killed before this, the server does not start until `audit accept` says so. */
function giveWay(
  { say }: AdminContext,
  path: string,
  { seen, header }: { seen: NonNullable<ReturnType<typeof readHeadFile>>; header: BackupHeader },
): void {
  removeHeadFile(path);
  if (seen === 'damaged') return;
  const whose = seen.instanceId === header.instance ? '' : ` of another instance (${seen.instanceId})`;
  say(
    `This data directory last saw an audit log${whose} of ${amountOf(seen.frontier.size, 'record')}, on ${seen.savedAt}; that is on record, and the restored one takes its place.`,
  );
}

async function verify(
  context: AdminContext,
  order: Parameters<typeof verifyBackup>[0],
  mayUseIncluded: boolean,
): Promise<AdminExit> {
  let isIncluded = false;
  const included = { accept: () => void (isIncluded = true), keep: () => undefined };
  const { restored, vault } = await verifyBackup({ ...order, ...(mayUseIncluded ? { included } : {}) });
  const { versions } = vault;
  const { created_at: at, instance, audit } = restored.header;
  context.say(
    `The backup of ${at} is good: ${versions} versions open and are those on record, the audit log has ${amountOf(audit.size, 'record')} and its root. Nothing was changed.`,
  );
  if (isIncluded) {
    context.say(
      `The root key came from the file itself: this says that the file is whole, not who made it. It says that it is of ${instance}; compare that with what you know.`,
    );
  }
  context.print(
    context.json
      ? JSON.stringify({ instance, created_at: at, versions, audit, root_key_from_file: isIncluded })
      : audit.root,
  );
  return ADMIN_EXIT.success;
}

async function chooseOpener(
  { config, askSecret }: AdminContext,
  { 'identity-file': files, passphrase }: AdminInput<'restore'>['options'],
): Promise<Opener> {
  if (files.length > 0 && passphrase)
    throw new UsageError('restore: give an identity or a passphrase, not both');
  if (files.length > 0) {
    const each = files.map((file) => parseIdentities(file, readIdentities(file)));
    return { identities: new Redacted(each.flatMap((identities) => identities.expose())) };
  }
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
