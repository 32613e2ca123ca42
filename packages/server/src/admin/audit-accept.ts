import { ADMIN_EXIT } from '@coffer/core';
import { formatTime } from '../clock.ts';
import { rootKeySource } from '../keys/root-key-source.ts';
import { AuditLog, draft } from '../services/audit-log.ts';
import { RootKeyring } from '../services/root-keyring.ts';
import { checkSavedHead } from '../services/saved-head-check.ts';
import { headFileIn, rootOf, seenDetails, writeHeadFile } from '../services/saved-head-file.ts';
import { getAuditHead } from '../store/audit.ts';
import type { AdminHandler } from './admin-context.ts';
import { amountOf } from './amount-of.ts';
import { withAnyStore } from './with-store.ts';

const ORIGIN = { ip: '', requestId: 'admin', userAgent: '' };

/** The record comes first: killed between the two, the server still does not start, and this is run again. */
export const auditAccept: AdminHandler<'audit accept'> = async (context) =>
  await withAnyStore(context, async ({ store, instance }) => {
    const { config, clock, json, print, say } = context;
    const path = headFileIn(config.dataDir);
    const rootKeys = new RootKeyring(rootKeySource(config.rootKeys, config.dataDir), instance.id);
    await rootKeys.requireComplete(store.db);
    const { mismatch } = await checkSavedHead({ db: store.db, instanceId: instance.id, rootKeys, path });
    if (mismatch === undefined) {
      say('There is nothing to accept: the database is what this data directory last saw, or newer.');
      if (json) print(JSON.stringify({ accepted: false }));
      return ADMIN_EXIT.success;
    }
    say(`Found: ${mismatch.finding}.`);
    const audit = new AuditLog(store, clock);
    const { details, frontier } = await store.transaction(async (tx) => {
      const before = (await getAuditHead(tx)).frontier;
      const found = { size: before.size, root: rootOf(before) };
      const accepted = { reason: mismatch.reason, ...found, ...seenDetails(mismatch.seen) };
      const event = { type: 'audit_head_accept', object: instance.id, details: accepted } as const;
      await audit.append(tx, draft(ORIGIN, undefined, event));
      // What others append meanwhile may not be on disk yet.
      return { details: accepted, frontier: (await getAuditHead(tx)).frontier };
    });
    const head = { instanceId: instance.id, frontier, savedAt: formatTime(clock()) };
    writeHeadFile(path, head, await rootKeys.currentGiven(store.db));
    say(
      `Accepted as it is, with ${amountOf(details.size, 'record')}, and put on record. A server with this data directory can start now.`,
    );
    print(json ? JSON.stringify({ accepted: true, ...details }) : details.root);
    return ADMIN_EXIT.success;
  });
