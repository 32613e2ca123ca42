import type { EnvironmentId, ProjectId } from '@coffer/core';
import { formatTime } from '../../clock.ts';
import { fetchChanges } from '../../services/watch.ts';
import { importEntries } from '../../services/vault-import.ts';
import {
  allowOrigins,
  createEntry,
  deleteEntry,
  fetchEntries,
  fetchEntry,
  fetchVersions,
  restoreVersion,
  updateEntry,
  type OpenedVault,
  type Place,
  type Vault,
} from '../../services/vaults.ts';
import type { Handlers } from '../router.ts';
import { authorShape, vaultShape, vaultWithValueShape } from './shapes.ts';

export const vaultHandlers = {
  vault_create: async ({ context, caller }, input) => {
    const { key, value, comment } = input;
    return {
      vault: vaultShape(await createEntry(context, caller, { place: placeOf(input), key, value, comment })),
    };
  },
  vault_fetch: async ({ context, caller }, input) => {
    const request = { place: placeOf(input), page: input, withValues: input.values };
    const { vaults, amount } = await fetchEntries(context, caller, request);
    return {
      vaults: vaults.map((vault) => (hasValue(vault) ? vaultWithValueShape(vault) : vaultShape(vault))),
      amount,
    };
  },
  vault_fetch_one: async ({ context, caller }, input) => {
    const request = { place: placeOf(input), key: input.key, version: input.version };
    return { vault: vaultWithValueShape(await fetchEntry(context, caller, request)) };
  },
  vault_watch: async ({ context, caller, isContinued }, input) => {
    const request = { place: placeOf(input), after: input.after, isContinued };
    return await fetchChanges(context, caller, request);
  },
  vault_update: async ({ context, caller }, input) => {
    const { key, value, comment, if_version: ifVersion } = input;
    const vault = await updateEntry(context, caller, {
      place: placeOf(input),
      key,
      value,
      comment,
      ifVersion,
    });
    return { vault: vaultShape(vault) };
  },
  vault_allow_origins: async ({ context, caller }, input) => {
    const { key, allowed_origins: allowedOrigins, allowed_in_path: allowedInPath } = input;
    const request = { place: placeOf(input), key, allowedOrigins, allowedInPath };
    return { vault: vaultShape(await allowOrigins(context, caller, request)) };
  },
  vault_delete: async ({ context, caller }, input) => {
    return { routes: await deleteEntry(context, caller, { place: placeOf(input), key: input.key }) };
  },
  vault_import: async ({ context, caller }, input) => {
    const entries = input.entries.map(({ key, value, comment, if_version: ifVersion }) => ({
      key,
      value,
      comment,
      ifVersion,
    }));
    return await importEntries(context, caller, { place: placeOf(input), entries, isDryRun: input.dry_run });
  },
  vault_version_fetch: async ({ context, caller }, input) => {
    const request = { place: placeOf(input), key: input.key, page: input };
    const { current, versions, amount } = await fetchVersions(context, caller, request);
    return {
      versions: versions.map(({ version, createdAt, createdBy }) => ({
        version,
        created_at: formatTime(createdAt),
        created_by: authorShape(createdBy),
        current: version === current,
      })),
      amount,
    };
  },
  vault_version_restore: async ({ context, caller }, input) => {
    const { key, version } = input;
    return {
      vault: vaultShape(await restoreVersion(context, caller, { place: placeOf(input), key, version })),
    };
  },
} satisfies Partial<Handlers>;

function placeOf(input: { project_id: ProjectId; environment: EnvironmentId }): Place {
  return { projectId: input.project_id, environment: input.environment };
}

function hasValue(vault: Vault): vault is OpenedVault {
  return vault.value !== undefined;
}
