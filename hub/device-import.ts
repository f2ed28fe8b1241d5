/**
 * Files of devices. Each row is judged by itself, with everything that is wrong with it; the good ones are loaded together.
 * A device that exists is updated: a cell that is empty, or a column that is not there, changes nothing. User names and
 * passwords become credentials, one for each distinct pair, and the same file again makes no second one.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { defaultPorts, type Transport } from '@netraven/protocol/transport.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { ImportReport, ImportRow } from './api/device.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { credentialsOf, forgetRefusals, setFurtherCredentials } from './device-credentials.ts'
import { readDeviceCsv } from './device-csv.ts'
import { CredentialPool } from './device-import-credentials.ts'
import { judgeRow, type Known, type Wanted } from './device-import-row.ts'
import type { DriverNames } from './drivers.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'
import { findSite } from './sites.ts'
import { moveDeviceTasks } from './tasks.ts'

export interface ImportParts {
  readonly db: Kysely<Tables>
  readonly keyring: Keyring
  readonly drivers: DriverNames
}

export interface ImportOptions {
  /** Site of rows that name none. */
  readonly site?: string | undefined
  /** Judge everything, change nothing. */
  readonly dryRun: boolean
}

/**
 * Loads a file.
 * @throws Failure CSV_INVALID when it is no such file at all; SITE_UNKNOWN for the option
 */
export async function importDevices(parts: ImportParts, text: string, options: ImportOptions): Promise<ImportReport> {
  const csv = readDeviceCsv(text)
  const defaultSite = options.site === undefined ? undefined : await findSite(parts.db, options.site)
  try {
    return await parts.db.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtext('netraven device import'))`.execute(trx)
      const existing = await existingDevices(trx)
      const known = await knownTo(trx, parts.drivers, defaultSite, existing)
      const pool = new CredentialPool(parts.keyring, await openableCredentials(trx))
      const firstLines = new Map<string, number>()
      const loader = new Loader(trx, pool, parts.drivers, existing)
      const rows: ImportRow[] = []
      for (const row of csv.rows) {
        const judged = judgeRow(row, csv.tags, known, firstLines)
        const name = row.cells.name ?? ''
        if ('problems' in judged) rows.push({ line: row.line, name, outcome: 'wrong', problems: judged.problems })
        else rows.push({ line: row.line, name, outcome: loader.plan(judged.wanted), problems: [] })
      }
      if (!options.dryRun) await loader.load()
      const count = (outcome: ImportRow['outcome']) => rows.filter((row) => row.outcome === outcome).length
      return {
        dryRun: options.dryRun,
        added: count('added'),
        updated: count('updated'),
        unchanged: count('unchanged'),
        wrong: count('wrong'),
        credentials: pool.made.map(({ name }) => name),
        tags: [...csv.tags],
        rows,
      }
    })
  } catch (error) {
    // Somebody added a device of the same name between our look and our insert.
    if (violation(error)?.kind === 'unique') throw new Failure('ALREADY_EXISTS', {}, { cause: error })
    throw error
  }
}

interface Existing {
  readonly id: string
  readonly siteId: string
  readonly address: string
  readonly port: number
  readonly driver: string
  readonly transport: Transport
  readonly credentialIds: readonly string[]
  readonly group: string | null
  readonly tags: Readonly<Record<string, string>>
}

/** Decides what each good row does, then does it all. */
class Loader {
  readonly #trx: Transaction<Tables>
  readonly #pool: CredentialPool
  readonly #drivers: DriverNames
  readonly #existing: ReadonlyMap<string, Existing>
  readonly #added: { name: string; device: Existing }[] = []
  readonly #updated: { before: Existing; device: Existing }[] = []

  constructor(
    trx: Transaction<Tables>,
    pool: CredentialPool,
    drivers: DriverNames,
    existing: ReadonlyMap<string, Existing>,
  ) {
    this.#trx = trx
    this.#drivers = drivers
    this.#pool = pool
    this.#existing = existing
  }

  plan(wanted: Wanted): 'added' | 'updated' | 'unchanged' {
    const before = this.#existing.get(wanted.name.toLowerCase())
    const credentialIds = wanted.login ? [this.#pool.credentialFor(wanted.login)] : wanted.credentialIds
    const transport = this.#transportOf(wanted, before)
    const device: Existing = {
      id: before?.id ?? newId(),
      siteId: wanted.siteId ?? before?.siteId ?? '',
      address: wanted.address,
      port: wanted.port ?? portOf(before, transport),
      driver: wanted.driver,
      transport,
      credentialIds: credentialIds ?? before?.credentialIds ?? [],
      group: wanted.group ?? before?.group ?? null,
      tags: { ...before?.tags, ...wanted.tags },
    }
    if (!before) {
      this.#added.push({ name: wanted.name, device })
      return 'added'
    }
    if (isSame(before, device)) return 'unchanged'
    this.#updated.push({ before, device })
    return 'updated'
  }

  /** A way in that the driver has not is no longer the device's. */
  #transportOf({ driver, transport }: Wanted, before: Existing | undefined): Transport {
    const kept = before && this.#drivers.transportOf(driver, before.transport)
    return transport ?? kept ?? this.#drivers.requireTransport(driver)
  }

  async load(): Promise<void> {
    for (const rows of inChunks(this.#pool.made.map(({ row }) => row))) {
      await this.#trx.insertInto('credentials').values(rows).execute()
    }
    for (const rows of inChunks(this.#added)) {
      const values = rows.map(({ name, device }) => ({ id: device.id, name, options: '{}', ...columnsOf(device) }))
      await this.#trx.insertInto('devices').values(values).execute()
      await setFurtherCredentials(
        this.#trx,
        rows.map(({ device }) => device).filter(({ credentialIds }) => credentialIds.length > 1),
      )
    }
    for (const { before, device } of this.#updated) {
      await this.#trx.updateTable('devices').set(columnsOf(device)).where('id', '=', device.id).execute()
      if (before.credentialIds.join() !== device.credentialIds.join()) {
        await setFurtherCredentials(this.#trx, [device])
        await forgetRefusals(this.#trx, [device.id])
      }
      if (before.siteId !== device.siteId) await moveDeviceTasks(this.#trx, device.id, device.siteId)
    }
  }
}

/** The usual port of the old way in gives way to that of the new. */
function portOf(before: Existing | undefined, transport: Transport): number {
  if (before && before.port !== defaultPorts[before.transport]) return before.port
  return defaultPorts[transport]
}

/** A statement takes 65,535 parameters. */
function inChunks<T>(rows: readonly T[], size = 500): T[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  )
}

function columnsOf(device: Existing) {
  return {
    site_id: device.siteId,
    address: device.address,
    port: device.port,
    driver: device.driver,
    transport: device.transport,
    credential_id: device.credentialIds[0] ?? null,
    group_name: device.group,
    tags: JSON.stringify(device.tags),
  }
}

function isSame(one: Existing, other: Existing): boolean {
  const facts = ({ tags, ...rest }: Existing) => JSON.stringify([rest, Object.entries(tags).toSorted()])
  return facts(one) === facts(other)
}

async function knownTo(
  trx: Transaction<Tables>,
  drivers: DriverNames,
  defaultSite: Known['defaultSite'],
  existing: ReadonlyMap<string, Existing>,
): Promise<Known> {
  const sites = await trx.selectFrom('sites').select(['id', 'name']).execute()
  const credentials = await trx.selectFrom('credentials').select(['id', 'name']).execute()
  const byName = (rows: readonly { id: string; name: string }[]) =>
    new Map(rows.map((row) => [row.name.toLowerCase(), row]))
  return {
    drivers,
    defaultSite,
    sites: byName(sites),
    credentials: byName(credentials),
    devices: new Set(existing.keys()),
  }
}

async function existingDevices(trx: Transaction<Tables>): Promise<Map<string, Existing>> {
  const rows = await trx
    .selectFrom('devices')
    .select(['id', 'name', 'site_id as siteId', 'address', 'port', 'driver', 'transport'])
    .select(sql<string[]>`array(select id from ${credentialsOf('devices')} own order by position)`.as('credentialIds'))
    .select(['group_name as group', 'tags'])
    .where('removed_at', 'is', null)
    .execute()
  return new Map(rows.map(({ name, ...device }) => [name.toLowerCase(), device]))
}

function openableCredentials(trx: Transaction<Tables>) {
  return trx.selectFrom('credentials').select(['id', 'name', 'username', 'kind', 'sealed_secret as sealed']).execute()
}
