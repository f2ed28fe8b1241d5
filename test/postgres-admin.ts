/** Making and dropping the databases of tests. */
import { sql } from 'kysely'
import { openDatabase } from '../hub/db/connect.ts'
import { silentLog } from '../hub/log.ts'

/** Holds the schema; cloned, never used. */
export const TEMPLATE = 'template_test'

/**
 * Tests write and drop without asking, so they only ever touch databases that are called so.
 * @throws RangeError when the name does not end in `_test`
 */
export function requireTestName(name: string): string {
  if (!/^[a-z][a-z0-9_]*_test$/.test(name))
    throw new RangeError(`refusing database ${name}: its name must end in _test`)
  return name
}

/** Runs one statement as superuser. */
export async function adminQuery(adminUrl: string, statement: string): Promise<readonly unknown[]> {
  const limits = { poolMax: 1, statementTimeoutMs: 60_000, acquireTimeoutMs: 10_000, applicationName: 'test admin' }
  const database = openDatabase(adminUrl, { ...limits, log: silentLog() })
  try {
    return (await sql.raw(statement).execute(database.db)).rows
  } finally {
    await database.close()
  }
}
