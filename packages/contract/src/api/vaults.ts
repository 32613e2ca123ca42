import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  allowedOrigins,
  amount,
  change,
  comment,
  entryKey,
  entryValue,
  entryVersion,
  environment,
  filter,
  limit,
  offset,
  projectId,
  queryBoolean,
  queryIndex,
  queryVersion,
  vault,
  vaultWithValue,
  version,
} from '../schemas.ts';

const place = { project_id: projectId, environment };
const whereabouts = ['project_not_found', 'membership_required', 'environment_not_found'] as const;

export const vaultApi = {
  vault_create: endpoint({
    method: 'POST',
    path: '/vault/create',
    summary: 'Create an entry.',
    action: 'vault.create',
    event: 'vault_create',
    object: 'key',
    input: z.strictObject({ ...place, key: entryKey, value: entryValue, comment: comment.optional() }),
    output: { vault },
    status: 201,
    message: 'Vault entry created',
    errors: [...whereabouts, 'entry_exists', 'value_too_large'],
  }),
  vault_fetch: endpoint({
    method: 'GET',
    path: '/vault/fetch',
    summary: 'List the entries by key, without values. With values=true each value given out is on record.',
    action: 'vault.list',
    event: 'vault_list',
    eventWith: { field: 'values', event: 'vault_view' },
    input: z.strictObject({ ...place, limit, offset, filter, values: queryBoolean.default(false) }),
    output: { vaults: z.array(z.union([vault, vaultWithValue])), amount },
    message: 'Vault entries fetched',
    errors: [...whereabouts, 'value_unreadable', 'overloaded'],
  }),
  vault_fetch_one: endpoint({
    method: 'GET',
    path: '/vault/fetch/one',
    summary: 'Fetch one entry with its value, as it is now or as it was at a version.',
    action: 'vault.view',
    event: 'vault_view',
    object: 'key',
    input: z.strictObject({ ...place, key: entryKey, version: queryVersion.optional() }),
    output: { vault: vaultWithValue },
    message: 'Vault entry fetched',
    errors: [...whereabouts, 'entry_not_found', 'version_not_found', 'value_unreadable', 'overloaded'],
  }),
  vault_watch: endpoint({
    method: 'GET',
    path: '/vault/watch',
    summary: 'Watch the entries: which of them changed, without values.',
    description:
      'With `Accept: text/event-stream` the answer is a stream that goes on: each change is an event `change` with its ' +
      'index as `id` and the same JSON as `data`; a comment comes every 15 seconds; the stream resumes after ' +
      '`Last-Event-ID`, and ends with an event `end`, whose `data` holds the `code`, when the caller may no longer watch. ' +
      'Without it the answer lists the changes after `after`, to be asked again with `last` in its place; at once when ' +
      'there are `more`.',
    action: 'vault.watch',
    event: 'vault_watch',
    stream: true,
    input: z.strictObject({
      ...place,
      after: queryIndex
        .optional()
        .describe('Only what came after this index. Left out: only what is still to come.'),
    }),
    output: {
      changes: z.array(change),
      last: z.int().describe('The index up to which these are all.'),
      more: z.boolean().describe('Whether there are more already.'),
    },
    message: 'Changes fetched',
    errors: [...whereabouts, 'too_many_watchers', 'overloaded'],
  }),
  vault_update: endpoint({
    method: 'PATCH',
    path: '/vault/update',
    summary: 'Give an entry a new value: a new version. Its key stays.',
    description:
      'With `if_version` the update is refused when the entry is no longer at that version. Without `comment` the comment stays; a token that may neither list nor view is not told it.',
    action: 'vault.update',
    event: 'vault_update',
    object: 'key',
    input: z.strictObject({
      ...place,
      key: entryKey,
      value: entryValue,
      comment: comment.optional(),
      if_version: version.optional(),
    }),
    output: { vault },
    message: 'Vault entry updated',
    errors: [...whereabouts, 'entry_not_found', 'version_conflict', 'value_too_large', 'value_unreadable'],
  }),
  vault_delete: endpoint({
    method: 'DELETE',
    path: '/vault/delete',
    summary: 'Delete an entry with all its versions. This is permanent.',
    action: 'vault.delete',
    event: 'vault_delete',
    object: 'key',
    input: z.strictObject({ ...place, key: entryKey }),
    output: { routes: z.array(z.string()).describe('Those that used it, and no longer work.') },
    message: 'Vault entry deleted',
    errors: [...whereabouts, 'entry_not_found'],
  }),
  vault_import: endpoint({
    method: 'POST',
    path: '/vault/import',
    summary: 'Create and update many entries at once: all of them or none.',
    description:
      'An entry that exists with the same value stays as it is. With `if_version` an entry must be at that version, with 0 it must not exist. ' +
      'With `dry_run` nothing changes: the answer tells what would. That compares values: it needs `vault.view`, too, and each comparison is on record as a `vault_view`.',
    action: 'vault.import',
    event: 'vault_import',
    input: z.strictObject({
      ...place,
      entries: z
        .array(
          z.strictObject({
            key: entryKey,
            value: entryValue,
            comment: comment.optional(),
            if_version: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
          }),
        )
        .min(1)
        .max(500),
      dry_run: z.boolean().default(false),
    }),
    output: {
      created: z.array(z.string()),
      updated: z.array(z.string()),
      unchanged: z.array(z.string()),
    },
    message: 'Entries imported',
    errors: [...whereabouts, 'version_conflict', 'value_too_large', 'value_unreadable'],
  }),
  vault_allow_origins: endpoint({
    method: 'PATCH',
    path: '/vault/allow/origins',
    summary: 'Set the origins that routes may send the value of an entry to. Without any, no route may.',
    action: 'vault.allow_origins',
    event: 'vault_allow_origins',
    object: 'key',
    input: z.strictObject({
      ...place,
      key: entryKey,
      allowed_origins: allowedOrigins,
      allowed_in_path: z
        .boolean()
        .default(false)
        .describe('Whether it may stand in the path of a URL, where servers write it to their logs.'),
    }),
    output: { vault },
    message: 'Origins set',
    errors: [...whereabouts, 'entry_not_found', 'value_unreadable'],
  }),
  vault_version_fetch: endpoint({
    method: 'GET',
    path: '/vault/version/fetch',
    summary: 'List the versions of an entry, newest first, without values.',
    action: 'vault.history',
    event: 'vault_version_list',
    object: 'key',
    input: z.strictObject({ ...place, key: entryKey, limit, offset }),
    output: { versions: z.array(entryVersion), amount },
    message: 'Versions fetched',
    errors: [...whereabouts, 'entry_not_found', 'overloaded'],
  }),
  vault_version_restore: endpoint({
    method: 'PATCH',
    path: '/vault/version/restore',
    summary: 'Make an old version the newest one again: its value and comment become a new version.',
    action: 'vault.restore',
    event: 'vault_version_restore',
    object: 'key',
    input: z.strictObject({ ...place, key: entryKey, version }),
    output: { vault },
    message: 'Version restored',
    errors: [...whereabouts, 'entry_not_found', 'version_not_found', 'value_unreadable'],
  }),
};
