import { ADMIN_EXIT, type AdminInput } from '@coffer/core';
import { parseRecipients, type Lock } from '../backup/age.ts';
import { backUp } from '../backup/back-up.ts';
import type { BackupHeader } from '../backup/format.ts';
import { checkPassphrase } from '../config/check-passphrase.ts';
import { AuditLog } from '../services/audit-log.ts';
import { StartError } from '../start-error.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { amountOf } from './amount-of.ts';
import { contentsOf } from './backup-contents.ts';
import { parseFileArgument } from './file-argument.ts';
import { findRootKeys } from './find-root-keys.ts';
import { UsageError } from './usage-error.ts';
import { withStore } from './with-store.ts';

export const backup: AdminHandler<'backup'> = async (context, { args, options }) => {
  const { config, clock, signal } = context;
  const path = parseFileArgument('backup', args.file);
  const { rootKeys } = findRootKeys(config);
  if (rootKeys === undefined)
    throw new StartError(
      'the root key is missing: set COFFER_ROOT_KEY, or COFFER_DATA_DIR where root.key is',
    );
  const lock = await chooseLock(context, options);
  return await withStore(context, async ({ store }) => {
    const { header, manifest, bytes, sha256 } = await backUp(
      { store, audit: new AuditLog(store, clock), clock },
      { path, lock, rootKeys, withRootKey: options['with-root-key'], signal },
    );
    context.say(`Backed up ${contentsOf(header, manifest)}, ${amountOf(bytes, 'byte')}.`);
    context.say(
      header.root_key === undefined
        ? 'The root key is not in it: keep a copy of it elsewhere.'
        : 'The root key is in it: whoever can open it has every value.',
    );
    context.print(
      context.json
        ? JSON.stringify({ file: path, bytes, sha256, ...publicPart(header), tables: manifest })
        : path,
    );
    return ADMIN_EXIT.success;
  });
};

/** What a script may want to know. */
function publicPart({ created_at, instance, engine, migrations, audit, root_key: rootKey }: BackupHeader) {
  return { created_at, instance, engine, migrations, audit, with_root_key: rootKey !== undefined };
}

async function chooseLock(
  { config, askSecret, isInteractive }: AdminContext,
  { recipient, passphrase }: AdminInput<'backup'>['options'],
): Promise<Lock> {
  if (recipient.length > 0 && passphrase)
    throw new UsageError('backup: give recipients or a passphrase, not both');
  if (passphrase) {
    const first = await askSecret('Passphrase of the backup: ');
    if (first === undefined) throw new UsageError('backup: there is no passphrase on standard input');
    orUsage(() => checkPassphrase('the passphrase', first));
    if (isInteractive && (await askSecret('The same again: '))?.expose() !== first.expose())
      throw new UsageError('backup: these were two different passphrases');
    return { passphrase: first };
  }
  if (recipient.length > 0)
    return { recipients: orUsage(() => parseRecipients('--recipient', recipient.join(','))) };
  const { recipients, passphrase: fromSettings } = config.backup;
  if (recipients !== undefined && fromSettings !== undefined)
    throw new UsageError(
      'backup: COFFER_BACKUP_RECIPIENTS and COFFER_BACKUP_PASSPHRASE are both set; say which with --recipient or --passphrase',
    );
  if (recipients !== undefined)
    return { recipients: parseRecipients('COFFER_BACKUP_RECIPIENTS', recipients.join(',')) };
  if (fromSettings !== undefined) return { passphrase: fromSettings };
  throw new UsageError(
    'backup: say who can open it, with --recipient or COFFER_BACKUP_RECIPIENTS, or --passphrase or COFFER_BACKUP_PASSPHRASE',
  );
}

/** What is wrong with an option, not with a setting. */
function orUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof StartError) throw new UsageError(`backup: ${error.message}`);
    throw error;
  }
}
