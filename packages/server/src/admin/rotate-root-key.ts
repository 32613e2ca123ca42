import { ADMIN_EXIT, type AdminExit, type AdminInput } from '@coffer/core';
import { rootKeySource } from '../keys/root-key-source.ts';
import { AuditLog } from '../services/audit-log.ts';
import { erase } from '../services/eraser.ts';
import {
  cleanRootKeyFile,
  isOurs,
  retireRootKey,
  rewrapDataKeys,
  rotationStatus,
  switchRootKey,
  type Rotation,
  type RotationStatus,
} from '../services/root-key-rotation.ts';
import { StartError } from '../start-error.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { cancel, prepare, refuseOtherKey, sayHowToDistribute } from './prepare-root-key.ts';
import { progressOf } from './progress.ts';
import { UsageError } from './usage-error.ts';
import { withStore } from './with-store.ts';

type Options = AdminInput<'rotate root-key'>['options'];

export const rotateRootKey: AdminHandler<'rotate root-key'> = async (context, { options }) => {
  refuseTogether(options);
  return await withStore(context, async ({ store, instance }) => {
    const { config, clock } = context;
    const rotation: Rotation = {
      store,
      audit: new AuditLog(store, clock),
      clock,
      instanceId: instance.id,
      source: rootKeySource(config.rootKeys, config.dataDir),
    };
    if (options.status) return await showStatus(context, rotation);
    const before = await rotationStatus(rotation);
    if (options.cancel) await cancel(context, rotation);
    const exit = options.cancel ? ADMIN_EXIT.success : await rotate(context, rotation, { before, options });
    return await report(context, rotation, { before, exit });
  });
};

/** Each of these says what the run is for. */
function refuseTogether({ status, cancel: isCancelled, distributed, ...options }: Options): void {
  const given = [
    ...(status ? ['--status'] : []),
    ...(isCancelled ? ['--cancel'] : []),
    ...(distributed ? ['--distributed'] : []),
    ...(options['new-key-file'] === undefined ? [] : ['--new-key-file']),
  ];
  if (given.length > 1 && (status || isCancelled))
    throw new UsageError(`rotate root-key: ${given.join(' and ')} do not go together`);
}

/** From wherever a run before has stopped, as far as it goes without other servers. */
async function rotate(
  context: AdminContext,
  rotation: Rotation,
  { before: { step, next }, options }: { before: RotationStatus; options: Options },
): Promise<AdminExit> {
  const { source, store } = rotation;
  const newKeyFile = options['new-key-file'];
  if (step === 'idle' && options.distributed)
    throw new StartError(
      `no server has been given a new root key: ${source.name} holds the current one alone; without --distributed this prepares a new one`,
    );
  if (step === 'prepared') await refuseOtherKey(rotation, next, newKeyFile);
  const id = step === 'idle' ? await prepare(context, rotation, newKeyFile) : next;
  const isAlone = isOurs(rotation) && store.engine === 'sqlite';
  if ((step === 'idle' || step === 'prepared') && !isAlone && !options.distributed) {
    sayHowToDistribute(context, rotation, { id, newKeyFile });
    return ADMIN_EXIT.unfinished;
  }
  if (await switchRootKey(rotation))
    context.say('The new root key is in use. The old one is needed until its data keys are rewrapped.');
  return await finish(context, rotation);
}

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
    prepared: `A new root key, with the id ${next}, is prepared and not in use yet: go on with --distributed once every server has it, or call it off with --cancel.`,
    under_way: `${dataKeysToRewrap} of ${dataKeys} data keys are to be rewrapped.`,
    left_over: `The rotation is done, but ${rotation.source.name} still holds the old root key.`,
  };
  say(meaning[step]);
  return ADMIN_EXIT.success;
}
