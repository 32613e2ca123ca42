import { SqliteQueryCompiler, type ValueNode } from 'kysely';

/**
 * SQLite looks at the values of parameters when it plans a query, for what it could gain: whether `= ?` compares with a
 * small number, what `like ?` begins with. A query in which it looked is planned anew for each run with other values, which
 * costs several times what a small query does. It does not look into expressions, so a parameter in a condition
 * or a limit becomes one. Values that are written stay as they are.
 *
 * https://www.sqlite.org/c3ref/prepare.html, on `sqlite3_prepare_v2`; the flag that forbids it, SQLITE_DBCONFIG_ENABLE_QPSG,
 * is not within the reach of the driver.
 */
export class StablePlanCompiler extends SqliteQueryCompiler {
  protected override visitValue(node: ValueNode): void {
    const parent = this.parentNode?.kind;
    if (node.immediate === true || parent === 'ValueListNode' || parent === 'ColumnUpdateNode') {
      super.visitValue(node);
      return;
    }
    this.addParameter(node.value);
    this.append('coalesce(?, null)');
  }
}
