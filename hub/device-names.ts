/** What the names of devices meant when an agent last looked them up. */
import type { Report } from '@netraven/protocol/report.ts'
import { sql, type Transaction } from 'kysely'
import type { Row, Tables } from './db/tables.ts'

/** Notes the addresses that some reports tell of. */
export async function noteResolved(
  trx: Transaction<Tables>,
  told: readonly { readonly report: Pick<Report, 'device' | 'resolved' | 'capturedAtMs'> }[],
): Promise<void> {
  const found = told.flatMap(({ report: { device, resolved, capturedAtMs } }) =>
    resolved ? [{ device, ...resolved, at: new Date(capturedAtMs) }] : [],
  )
  if (found.length === 0) return
  const column = <Name extends keyof (typeof found)[number]>(name: Name) => found.map((one) => one[name])
  await sql`
    update devices set resolved_name = seen.name, resolved_address = seen.address, resolved_at = least(seen.at, now())
    from unnest(${column('device')}::uuid[], ${column('name')}::text[], ${column('address')}::text[],
      ${column('at')}::timestamptz[]) as seen (device, name, address, at)
    where devices.id = seen.device`.execute(trx)
}

/** Only of the name that the device still has. */
export function resolvedOf(
  row: Pick<Row<'devices'>, 'address' | 'resolved_name' | 'resolved_address' | 'resolved_at'>,
): { address: string; at: string } | null {
  const { address, resolved_name, resolved_address, resolved_at } = row
  if (resolved_name !== address || resolved_address === null || resolved_at === null) return null
  return { address: resolved_address, at: resolved_at.toISOString() }
}
