import type { AdminCommandName, AdminExit } from '@coffer/core';
import type { AdminContext, AdminHandler } from './admin-context.ts';
import { auditAccept } from './audit-accept.ts';
import { auditVerify } from './audit-verify.ts';
import { backup } from './backup.ts';
import type { AnyAdminInput } from './parse-admin-arguments.ts';
import { restore } from './restore.ts';
import { rotateDataKey } from './rotate-data-key.ts';
import { rotateRootKey } from './rotate-root-key.ts';

const handlers = {
  'rotate root-key': rotateRootKey,
  'rotate data-key': rotateDataKey,
  'audit verify': auditVerify,
  'audit accept': auditAccept,
  backup,
  restore,
} satisfies {
  [N in AdminCommandName]: AdminHandler<N>;
};

/** The input was parsed by the table, for this command. */
export async function runAdminCommand(
  name: AdminCommandName,
  input: AnyAdminInput,
  context: AdminContext,
): Promise<AdminExit> {
  const handle = handlers[name] as (context: AdminContext, input: AnyAdminInput) => Promise<AdminExit>;
  return await handle(context, input);
}
