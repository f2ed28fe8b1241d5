/** One change to many devices: each by itself, so that what is wrong with one stops no other. */
import { Failure, remediesOf } from '@netraven/protocol/failure.ts'
import type { Kysely, Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { type Bulk, type BulkItem, type BulkReport, MAX_BULK } from './api/device-bulk.ts'
import { classify, inTransaction } from './db/connect.ts'
import type { Tables } from './db/tables.ts'
import { changeDevice } from './device-changes.ts'
import { listDevices, removeDevice } from './devices.ts'
import type { DriverNames } from './drivers.ts'
import { deviceFor, type Reacher } from './reach.ts'

export interface BulkParts {
  readonly db: Kysely<Tables>
  readonly drivers: DriverNames
  readonly who: Reacher
  readonly actor: Actor
}

/** @throws Failure REQUEST_INVALID when more devices fit than may be changed at once; what else goes wrong stands beside its device */
export async function changeMany(parts: BulkParts, bulk: Bulk): Promise<BulkReport> {
  const items: BulkItem[] = []
  for (const { asked, key } of await chosen(parts, bulk)) items.push(await one(parts, bulk, asked, key))
  const failed = items.filter(({ outcome }) => outcome === 'failed').length
  return { op: bulk.op, total: items.length, succeeded: items.length - failed, failed, items }
}

async function chosen(
  { db, drivers, who }: BulkParts,
  { ids, filter }: Bulk,
): Promise<{ asked: string; key: string }[]> {
  if (ids) return [...new Set(ids)].map((id) => ({ asked: id, key: id }))
  const { items } = await listDevices(db, { ...filter, limit: MAX_BULK + 1 }, drivers, who)
  if (items.length > MAX_BULK) {
    const message = `fits more than ${MAX_BULK} devices`
    throw new Failure('REQUEST_INVALID', { issues: [{ where: 'json', path: 'filter', message }] })
  }
  return items.map(({ id, name }) => ({ asked: name, key: id }))
}

async function one(parts: BulkParts, bulk: Bulk, device: string, key: string): Promise<BulkItem> {
  let id: string | null = null
  try {
    await inTransaction(parts.db, async (trx) => {
      id = (await deviceFor(trx, parts.who, key, 'read')).id
      await act(trx, parts, bulk, id)
    })
    return { device, id, outcome: bulk.op === 'set' ? 'changed' : 'removed', failure: null }
  } catch (error) {
    const failure = error instanceof Failure ? error : classify(error)
    if (!failure) throw error
    const { code, message, details } = failure
    return { device, id, outcome: 'failed', failure: { code, message, details, remedies: remediesOf(failure) } }
  }
}

async function act(
  trx: Transaction<Tables>,
  { drivers, who, actor }: BulkParts,
  bulk: Bulk,
  id: string,
): Promise<void> {
  if (bulk.op === 'set') await changeDevice(trx, id, bulk.change, drivers, who, actor)
  else await removeDevice(trx, id, who, actor)
}
