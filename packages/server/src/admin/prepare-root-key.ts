import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Redacted } from '@coffer/core';
import { readOrCreateRootKey } from '../keys/root-key-source.ts';
import {
  cancelRootKey,
  isOurs,
  nameNewRootKey,
  prepareRootKey,
  rotationStatus,
  type Rotation,
} from '../services/root-key-rotation.ts';
import { StartError } from '../start-error.ts';
import type { AdminContext } from './admin-context.ts';
import { UsageError } from './usage-error.ts';

/** Where no rotation is under way: makes the new root key, and puts it into the source if that is ours. Answers with its id. */
export async function prepare(
  { say }: AdminContext,
  rotation: Rotation,
  newKeyFile: string | undefined,
): Promise<string> {
  const { source } = rotation;
  const ours = isOurs(rotation);
  if (newKeyFile === undefined && !ours)
    throw new UsageError(
      `rotate root-key: ${source.name} is not ours to change; name a file for the new key with --new-key-file`,
    );
  const rootKey = newKeyFile === undefined ? new Redacted(randomBytes(32)) : readNewKeyFile(newKeyFile);
  const id = await nameNewRootKey(rotation, rootKey);
  if (!ours) return id;
  if (await prepareRootKey(rotation, rootKey))
    say(`The new root key stands before the old one in ${source.name}.`);
  // Another run may have been faster, with another key.
  return (await rotationStatus(rotation)).next ?? id;
}

function readNewKeyFile(file: string): Redacted<Buffer> {
  const directory = dirname(resolve(file));
  // To make it would hide that another one was meant, and leave a key where nobody looks.
  if (!existsSync(directory))
    throw new UsageError(`rotate root-key: the directory of --new-key-file is not there: ${directory}`);
  return readOrCreateRootKey(file);
}

/** Fails with a StartError where the file that is named holds another key than the one that is prepared. */
export async function refuseOtherKey(
  rotation: Rotation,
  prepared: string | undefined,
  newKeyFile: string | undefined,
): Promise<void> {
  if (newKeyFile === undefined || !existsSync(newKeyFile)) return;
  if ((await nameNewRootKey(rotation, readOrCreateRootKey(newKeyFile))) === prepared) return;
  throw new StartError(
    `${newKeyFile} holds another key than the new one in ${rotation.source.name}; \`coffer admin rotate root-key --cancel\` calls that off`,
  );
}

/** What people do between the two runs where there may be several servers. */
export function sayHowToDistribute(
  { say }: AdminContext,
  rotation: Rotation,
  { id, newKeyFile }: { id: string | undefined; newKeyFile: string | undefined },
): void {
  const { source } = rotation;
  say(
    `A new root key is prepared, with the id ${id}. Until the next run the old one is in use and nothing has changed.`,
  );
  if (isOurs(rotation)) {
    say(`Give this file, with the new key and the old one, to every other server: ${source.path}`);
  } else {
    const from = newKeyFile === undefined ? 'the new key' : `the key in ${newKeyFile}`;
    say(`Put ${from} before the old one into ${source.name} of every server, with white space between.`);
    say('Restart the servers that have it in a variable.');
  }
  say('Then run this again with --distributed; or with --cancel, to call it off.');
}

/** Nothing uses the new key yet, so nothing but the source is changed. */
export async function cancel({ say }: AdminContext, rotation: Rotation): Promise<void> {
  const { source } = rotation;
  const { step, next } = await rotationStatus(rotation);
  if (step === 'prepared' && !isOurs(rotation))
    throw new StartError(
      `take the new root key, with the id ${next}, out of ${source.name} of every server: it is not ours to change. It is not in use, and nothing else is to be undone`,
    );
  const kept = await cancelRootKey(rotation);
  if (kept === undefined) return say(`There is nothing to call off: ${source.name} holds no new root key.`);
  say(`Called off: ${source.name} holds the old root key alone, and the new one is in ${kept} now.`);
  say(
    'Where other servers were given the new one, take it out there, too. Delete it when it is nowhere in use.',
  );
}
