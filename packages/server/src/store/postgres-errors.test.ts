import { DatabaseError } from 'pg';
import { expect, test } from 'vitest';
import { endsConnection, explain, mayRetry } from './postgres-errors.ts';

/** As a database in German says it: what stays the same are the codes, and where in PostgreSQL it comes from. */
function unsupported(message: string, routine: string): DatabaseError {
  return Object.assign(new DatabaseError(message, message.length, 'error'), {
    severity: 'FEHLER',
    code: '0A000',
    routine,
  });
}

test('a plan that does not fit the tables any more is told from what is not supported, in any language', () => {
  const outdated = unsupported('gecachter Plan darf den Ergebnistyp nicht ändern', 'RevalidateCachedQuery');
  expect(endsConnection(outdated)).toBe(true);
  expect(mayRetry(explain(outdated))).toBe(true);
  const refused = unsupported('das wird nicht unterstützt', 'transformInsertStmt');
  expect(explain(refused)).toBe(refused);
});
