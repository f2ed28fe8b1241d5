/** Tasks that somebody wants no more. Whoever holds one hears so at its next renewal. */
import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'

/** Cancels the open task of a removed device; whoever holds it hears so at its next renewal. @returns the runs concerned */
export async function cancelDeviceTasks(trx: Transaction<Tables>, deviceId: string): Promise<string[]> {
  const cancelled = await sql<{ runId: string }>`
    update tasks set state = 'cancelled', failure_code = 'CANCELLED', failure_details = '{}', finished_at = now(),
      lease_until = null
    where device_id = ${deviceId} and state in ('queued', 'leased') returning run_id as "runId"`.execute(trx)
  return cancelled.rows.map((row) => row.runId)
}

/** Cancels the open tasks of a run. @param which of its devices. @returns how many there were */
export async function cancelRunTasks(
  trx: Transaction<Tables>,
  runId: string,
  which: RawBuilder<boolean>,
): Promise<number> {
  const cancelled = await sql<{ id: string }>`
    update tasks set state = 'cancelled', failure_code = 'CANCELLED', failure_details = '{}', finished_at = now(),
      lease_until = null
    from devices where devices.id = tasks.device_id and tasks.run_id = ${runId} and tasks.state in ('queued', 'leased') and ${which}
    returning tasks.id`.execute(trx)
  return cancelled.rows.length
}
