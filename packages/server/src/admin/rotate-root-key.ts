import { randomBytes } from 'node:crypto';
import { ADMIN_EXIT, Redacted, type AdminExit } from '@coffer/core';
import { readOrCreateRootKey, rootKeySource } from '../keys/root-key-source.ts';
import { AuditLog } from '../services/audit-log.ts';
import { erase } from '../services/eraser.ts';
import {
  cleanRootKeyFile,
  isOurs,
  prepareRootKey,
  retireRootKey,
  rewrapDataKeys,
  rotationStatus,
  switchRootKey,
  type Rotation,
  type RotationStatus,
} from '../services/root-key-rotation.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { progressOf } from './progress.ts';
import { UsageError } from './usage-error.ts';
import { withStore } from './with-store.ts';

export const rotateRootKey: AdminHandler<'rotate root-key'> = async (context, { options }) =>
  await withStore(context, async ({ store, instance }) => {
    const { config, clock } = context;
    const rotation: Rotation = {
      store,
      audit: new AuditLog(store, clock),
      clock,
      instanceId: instance.id,
      source: rootKeySource(config.rootKeys, config.dataDir),
    };
    if (options.status) return await showStatus(context, rotation);
    const ours = isOurs(rotation);
    const isAlone = ours && store.engine === 'sqlite';
    const before = await rotationStatus(rotation);
    const { step } = before;
    const end = async (exit: AdminExit): Promise<AdminExit> =>
      await report(context, rotation, { before, exit });
    if (step === 'idle') await prepare(context, rotation, options['new-key-file']);
    if ((step === 'idle' && !isAlone) || (step === 'prepared' && !isAlone && !options.distributed)) {
      sayHowToDistribute(context, rotation, options['new-key-file']);
      return await end(ADMIN_EXIT.unfinished);
    }
    if (await switchRootKey(rotation))
      context.say('The new root key is in use. The old one is needed until its data keys are rewrapped.');
    return await end(await finish(context, rotation));
  });

/** What was done, for scripts. */
async function report(
  { json, print }: AdminContext,
  rotation: Rotation,
  { before, exit }: { before: RotationStatus; exit: AdminExit },
): Promise<AdminExit> {
  if (!json) return exit;
  const { step, current, next, dataKeys, dataKeysToRewrap } = await rotationStatus(rotation);
  print(
    JSON.stringify({
      finished: exit === ADMIN_EXIT.success,
      step,
      previous_root_key_id: before.current === current ? null : before.current,
      root_key_id: current,
      next_root_key_id: next ?? null,
      data_keys: dataKeys,
      data_keys_to_rewrap: dataKeysToRewrap,
    }),
  );
  return exit;
}

async function prepare(
  { say }: AdminContext,
  rotation: Rotation,
  newKeyFile: string | undefined,
): Promise<void> {
  if (newKeyFile === undefined && !isOurs(rotation)) {
    throw new UsageError(
      `rotate root-key: ${rotation.source.name} is not ours to change; name a file for the new key with --new-key-file`,
    );
  }
  const rootKey = newKeyFile === undefined ? new Redacted(randomBytes(32)) : readOrCreateRootKey(newKeyFile);
  if (!isOurs(rotation)) return;
  if (await prepareRootKey(rotation, rootKey))
    say(`The new root key stands before the old one in ${rotation.source.name}.`);
}

function sayHowToDistribute({ say }: AdminContext, rotation: Rotation, newKeyFile: string | undefined): void {
  const { source } = rotation;
  if (isOurs(rotation)) {
    say(`Give this file, with the new key and the old one, to every other server: ${source.path}`);
  } else {
    const from = newKeyFile === undefined ? 'the new key' : `the key in ${newKeyFile}`;
    say(`Put ${from} before the old one into ${source.name} of every server, with white space between.`);
    say('Restart the servers that have it in a variable.');
  }
  say(
    'Then run this again with --distributed. Until then the old root key is in use and nothing has changed.',
  );
}

/** From wherever a run before has stopped. */
async function finish(context: AdminContext, rotation: Rotation): Promise<AdminExit> {
  const { say, signal } = context;
  const { dataKeysToRewrap } = await rotationStatus(rotation);
  const damaged = await rewrapDataKeys(rotation, {
    signal,
    progress: progressOf(say, dataKeysToRewrap, 'data keys are rewrapped'),
  });
  if (damaged === undefined) {
    say('Stopped. Both root keys are needed until you run this again and it is done.');
    return ADMIN_EXIT.unfinished;
  }
  // Before the old key goes: a run that is killed, or gives up, in between is one that is under way, and erases again.
  if (damaged.length === 0 && !(await erase(rotation.store))) {
    say('Another program reads the database: what the old root key wrapped is not erased from disk yet.');
    say('Both root keys are needed until you run this again and it is done.');
    return ADMIN_EXIT.unfinished;
  }
  if (!(await retireRootKey(rotation))) {
    say(`These data keys were altered and do not open: ${damaged.join(', ')}`);
    say('Restore them, or delete their projects; until then the old root key stays.');
    return ADMIN_EXIT.failure;
  }
  if (isOurs(rotation)) {
    const kept = await cleanRootKeyFile(rotation);
    say(`Done. ${rotation.source.name} holds the new root key alone: keep a copy away from this server.`);
    for (const path of kept)
      say(`The old one is in ${path} now. Delete that when nothing needs it any more:`);
  } else {
    say(`Done. Take the old root key out of ${rotation.source.name} of every server.`);
  }
  say('Backups of before need the old root key, and so does any other database that was given it.');
  return ADMIN_EXIT.success;
}

async function showStatus({ json, say, print }: AdminContext, rotation: Rotation): Promise<AdminExit> {
  const { step, current, next, dataKeys, dataKeysToRewrap } = await rotationStatus(rotation);
  if (json) {
    print(
      JSON.stringify({
        step,
        root_key_id: current,
        next_root_key_id: next ?? null,
        data_keys: dataKeys,
        data_keys_to_rewrap: dataKeysToRewrap,
      }),
    );
    return ADMIN_EXIT.success;
  }
  const meaning = {
    idle: 'No rotation is under way.',
    prepared: 'The new root key is given, but not in use yet.',
    under_way: `${dataKeysToRewrap} of ${dataKeys} data keys are to be rewrapped.`,
    left_over: `The rotation is done, but ${rotation.source.name} still holds the old root key.`,
  };
  say(meaning[step]);
  return ADMIN_EXIT.success;
}
