import { ADMIN_EXIT } from '@coffer/core';
import { verifyAuditLog } from '../services/audit-log.ts';
import type { AdminHandler } from './admin-context.ts';
import { withStore } from './with-store.ts';

export const auditVerify: AdminHandler<'audit verify'> = async (context) =>
  await withStore(context, async ({ store }) => {
    const { size, root } = await verifyAuditLog(store.db);
    context.say(`The audit log is whole: ${size} records.`);
    context.print(context.json ? JSON.stringify({ size, root }) : root);
    return ADMIN_EXIT.success;
  });
