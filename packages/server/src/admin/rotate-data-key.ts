import { ADMIN_EXIT, type AdminExit, type AdminInput, type ProjectId } from '@coffer/core';
import { formatTime } from '../clock.ts';
import { rootKeySource } from '../keys/root-key-source.ts';
import { AuditLog } from '../services/audit-log.ts';
import {
  dataKeyRotationStatus,
  destroyDataKeys,
  replaceDataKeys,
  resealVersions,
  type DamagedVersion,
  type DataKeyRotation,
  type Destruction,
} from '../services/data-key-rotation.ts';
import { RootKeyring } from '../services/root-keyring.ts';
import { VaultCipher } from '../services/vault-cipher.ts';
import type { Store } from '../store/database.ts';
import type { Instance } from '../store/instance.ts';
import { hasProject } from '../store/projects.ts';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { amountOf } from './amount-of.ts';
import { NotFound } from './not-found.ts';
import { progressOf } from './progress.ts';
import { UsageError } from './usage-error.ts';
import { withStore } from './with-store.ts';

const DAMAGED_NAMED_MAX = 20;

export const rotateDataKey: AdminHandler<'rotate data-key'> = async (context, { args, options }) =>
  await withStore(context, async ({ store, instance }) => {
    const scope = scopeOf(args, options);
    if (scope !== undefined && !(await hasProject(store.db, scope)))
      throw new NotFound(`there is no project with the id ${scope}`);
    if (options.status) return await showStatus(context, { store, scope });
    const rotation = await rotationOf(context, { store, instance, scope });
    const first = await rotate(context, rotation);
    // What cannot be brought to its end holds up no other project: those begin a rotation of their own.
    const others =
      scope === undefined && first.isResumed && first.stuck.length > 0
        ? await rotate(context, { ...rotation, scope: { except: first.stuck } })
        : undefined;
    const runs = others === undefined ? [first] : [first, others];
    return await report(context, rotation, runs);
  });

/** What became of it, from wherever a run before has stopped. */
type Run = {
  isResumed: boolean;
  /** With new keys. */
  projects: number;
  resealed: number;
  destroyed: number;
  /** Where something does not open, or belongs to nothing. */
  stuck: ProjectId[];
  exit: AdminExit;
};

async function rotate(context: AdminContext, rotation: DataKeyRotation): Promise<Run> {
  const { say } = context;
  const { since, projects } = await replaceDataKeys(rotation);
  const before = await dataKeyRotationStatus(rotation);
  if (since !== undefined)
    say(`Going on with the rotation of ${formatTime(since)}; data keys that were made since then stay.`);
  if (projects > 0)
    say(`New data keys are in use, in ${amountOf(projects, 'project')}; the old ones only open.`);
  if (since === undefined && projects === 0) say('There is no data key: nothing was sealed yet.');
  const isNothing = since === undefined && projects === 0;
  const end = isNothing ? { exit: ADMIN_EXIT.success, stuck: [] } : await finish(context, rotation);
  const left = await dataKeyRotationStatus(rotation);
  return {
    isResumed: since !== undefined,
    projects,
    resealed: before.versionsToReseal - left.versionsToReseal,
    destroyed: before.dataKeysToDestroy - left.dataKeysToDestroy,
    ...end,
  };
}

/** What was done, for scripts; what is left in other projects, for people. */
async function report(
  { json, say, print }: AdminContext,
  rotation: DataKeyRotation,
  runs: readonly Run[],
): Promise<AdminExit> {
  const sum = (what: 'projects' | 'resealed' | 'destroyed'): number =>
    runs.reduce((total, run) => total + run[what], 0);
  const exit = runs.find((run) => run.exit !== ADMIN_EXIT.success)?.exit ?? ADMIN_EXIT.success;
  const left = await dataKeyRotationStatus(rotation);
  const all = await dataKeyRotationStatus({ ...rotation, scope: undefined });
  const elsewhere = {
    versions: all.versionsToReseal - left.versionsToReseal,
    keys: all.dataKeysToDestroy - left.dataKeysToDestroy,
  };
  if (json)
    print(
      JSON.stringify({
        finished: exit === ADMIN_EXIT.success,
        projects_with_new_keys: sum('projects'),
        versions_resealed: sum('resealed'),
        versions_to_reseal: left.versionsToReseal,
        data_keys_destroyed: sum('destroyed'),
        data_keys_to_destroy: left.dataKeysToDestroy,
        versions_to_reseal_elsewhere: elsewhere.versions,
        data_keys_to_destroy_elsewhere: elsewhere.keys,
      }),
    );
  if (elsewhere.keys > 0)
    say(
      `Other projects are not done: ${amountOf(elsewhere.versions, 'version')} to seal anew, ${amountOf(elsewhere.keys, 'data key')} to destroy. \`coffer admin rotate data-key\` goes on with them.`,
    );
  return exit;
}

/** Undefined: all projects. */
function scopeOf(
  args: AdminInput<'rotate data-key'>['args'],
  options: AdminInput<'rotate data-key'>['options'],
): ProjectId | undefined {
  if (args.project !== undefined && options.project !== undefined)
    throw new UsageError('rotate data-key: name the project once');
  return (options.project ?? args.project) as ProjectId | undefined;
}

async function rotationOf(
  { config, clock }: AdminContext,
  { store, instance, scope }: { store: Store; instance: Instance } & Pick<DataKeyRotation, 'scope'>,
): Promise<DataKeyRotation> {
  const rootKeys = new RootKeyring(rootKeySource(config.rootKeys, config.dataDir), instance.id);
  await rootKeys.requireComplete(store.db);
  return {
    store,
    audit: new AuditLog(store, clock),
    clock,
    cipher: new VaultCipher(rootKeys, { instanceId: instance.id, clock }),
    scope,
  };
}

async function finish(
  { say, signal }: AdminContext,
  rotation: DataKeyRotation,
): Promise<Pick<Run, 'exit' | 'stuck'>> {
  const { versionsToReseal } = await dataKeyRotationStatus(rotation);
  const progress = progressOf(say, versionsToReseal, 'versions are sealed anew');
  const damaged = await resealVersions(rotation, { signal, progress });
  const destruction = damaged && (await destroyDataKeys(rotation, signal));
  if (damaged === undefined || destruction === undefined) {
    say('Stopped. Old data keys and new ones are in use until you run this again and it is done.');
    return { exit: ADMIN_EXIT.unfinished, stuck: [] };
  }
  const { destroyed, left, isErased } = destruction;
  say(`Destroyed: ${amountOf(destroyed, 'old data key')}.`);
  if (!isErased)
    say(
      'Another program reads the database: what the old keys sealed, and they, are not erased from disk yet.',
    );
  if (damaged.length > 0 || left.length > 0) {
    sayDamaged(say, damaged);
    sayLeft(say, left, damaged.length);
    const stuck = new Set(left.map(({ projectId }) => projectId));
    return { exit: ADMIN_EXIT.failure, stuck: [...stuck] };
  }
  if (!isErased) {
    say('Run this again when it has ended.');
    return { exit: ADMIN_EXIT.unfinished, stuck: [] };
  }
  say('Done. Backups of before hold the old data keys, and what they sealed.');
  return { exit: ADMIN_EXIT.success, stuck: [] };
}

function sayDamaged(say: AdminContext['say'], damaged: readonly DamagedVersion[]): void {
  if (damaged.length === 0) return;
  say(`Altered, so that they do not open: ${amountOf(damaged.length, 'version')}`);
  for (const { place, key } of damaged.slice(0, DAMAGED_NAMED_MAX))
    say(`  version ${place.version} of ${key} in ${place.projectId}/${place.environment}`);
  if (damaged.length > DAMAGED_NAMED_MAX) say(`  and ${damaged.length - DAMAGED_NAMED_MAX} others`);
  say('Restore them, or delete their entries, and run this again; until then their data keys stay.');
}

/** More than the versions that are named: rows that belong to no entry, which nobody reads, are under a key, too. */
function sayLeft(say: AdminContext['say'], left: Destruction['left'], named: number): void {
  for (const { id, projectId, versions } of left)
    say(`Not destroyed: ${id} of ${projectId}, with ${amountOf(versions, 'version')}`);
  const unnamed = left.reduce((sum, { versions }) => sum + versions, 0) - named;
  if (unnamed > 0)
    say(
      `${amountOf(unnamed, 'version')} of these without an entry or a ciphertext: someone changed the database. Restore it, or remove their rows.`,
    );
}

async function showStatus(
  { json, say, print }: AdminContext,
  rotation: Pick<DataKeyRotation, 'store' | 'scope'>,
): Promise<AdminExit> {
  const { since, dataKeysToDestroy, versionsToReseal } = await dataKeyRotationStatus(rotation);
  if (json) {
    print(
      JSON.stringify({
        since: since === undefined ? null : formatTime(since),
        data_keys_to_destroy: dataKeysToDestroy,
        versions_to_reseal: versionsToReseal,
      }),
    );
  } else if (since === undefined) say('No rotation is under way.');
  else
    say(
      `Under way since ${formatTime(since)}: ${amountOf(versionsToReseal, 'version')} to seal anew, ${amountOf(dataKeysToDestroy, 'data key')} to destroy.`,
    );
  return ADMIN_EXIT.success;
}
