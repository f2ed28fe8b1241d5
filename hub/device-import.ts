/**
 * Files of devices. Each row is judged by itself, with everything that is wrong with it; the good ones are loaded together.
 * A device that exists is updated: a cell that is empty, or a column that is not there, changes nothing. User names and
 * passwords become credentials, one for each distinct pair, and the same file again makes no second one.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { defaultPorts, type Transport } from '@netraven/protocol/transport.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import type { ImportReport, ImportRow } from './api/device.ts'
import { lackingUse } from './credential-use.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { credentialsOf, forgetRefusals, setFurtherCredentials } from './device-credentials.ts'
import { type DeviceCsv, readDeviceCsv } from './device-csv.ts'
import { auditedDevices, recordDevices } from './device-entries.ts'
import { CredentialPool, recordImported } from './device-import-credentials.ts'
import { judgeRow, type Known, type Wanted } from './device-import-row.ts'
import { ownerFor } from './device-owners.ts'
import type { DriverNames } from './drivers.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { Keyring } from './keyring.ts'
import { type Level, levelAt, levelsFrom, type Reacher } from './reach.ts'
import type { Scope } from './scopes.ts'
import { findSite } from './sites.ts'
import { applyTagRules } from './tag-rules.ts'
import { moveDeviceTasks } from './tasks.ts'

export interface ImportParts {
  readonly db: Kysely<Tables>
  readonly keyring: Keyring
  readonly drivers: DriverNames
  /** Rows that would change a device which they may not change are wrong. */
  readonly who: Reacher
  readonly actor: Actor
}

export interface ImportOptions {
  /** Site of rows that name none. */
  readonly site?: string | undefined
  /** Judge everything, change nothing. */
  readonly dryRun: boolean
}

/**
 * Loads a file.
 * @param file its text as CSV, or its rows
 * @throws Failure CSV_INVALID when it is no such file at all; SITE_UNKNOWN for the option
 */
export async function importDevices(
  parts: ImportParts,
  file: string | DeviceCsv,
  options: ImportOptions,
): Promise<ImportReport> {
  const csv = typeof file === 'string' ? readDeviceCsv(file) : file
  const defaultSite = options.site === undefined ? undefined : await findSite(parts.db, options.site)
  try {
    return await parts.db.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtext('netraven device import'))`.execute(trx)
      const existing = await existingDevices(trx, parts.who)
      const known = await knownTo(trx, parts.drivers, defaultSite, existing)
      const pool = new CredentialPool(parts.keyring, await openableCredentials(trx))
      const firstLines = new Map<string, number>()
      const loader = new Loader(trx, pool, parts.drivers, existing, ownerFor(parts.who))
      const rows: ImportRow[] = []
      for (const row of csv.rows) {
        const judged = judgeRow(row, csv.tags, known, firstLines)
        const name = row.cells.name ?? ''
        const foreign = refusalOf(existing.get(name.toLowerCase()), name)
        if (foreign !== undefined) rows.push({ line: row.line, name, outcome: 'wrong', problems: [foreign] })
        else if ('problems' in judged) rows.push({ line: row.line, name, outcome: 'wrong', problems: judged.problems })
        else {
          const lacking = loader.lackingScope(judged.wanted, parts.who)
          if (lacking)
            rows.push({ line: row.line, name, outcome: 'wrong', problems: [`this row needs the scope ${lacking}`] })
          else rows.push({ line: row.line, name, outcome: loader.plan(judged.wanted), problems: [] })
        }
      }
      const count = (outcome: ImportRow['outcome']) => rows.filter((row) => row.outcome === outcome).length
      const counts = {
        added: count('added'),
        updated: count('updated'),
        unchanged: count('unchanged'),
        wrong: count('wrong'),
        credentials: pool.made.map(({ name }) => name),
      }
      if (!options.dryRun) {
        await loader.load(parts.actor)
        await recordEvent(trx, { kind: 'devices imported', actor: parts.actor, details: counts })
      }
      return { dryRun: options.dryRun, ...counts, tags: [...csv.tags], rows }
    })
  } catch (error) {
    // Somebody added a device of the same name between our look and our insert.
    if (violation(error)?.kind === 'unique') throw new Failure('ALREADY_EXISTS', {}, { cause: error })
    throw error
  }
}

/** What is said of a device that one may not change; of one that can't even be read, that its name is taken. */
function refusalOf(device: Existing | undefined, name: string): string | undefined {
  if (!device || levelsFrom('manage').some((level) => level === device.access)) return undefined
  return device.access === null
    ? `name: "${name}" is taken`
    : `name: "${name}" may be read by you, but not changed: netraven access request device ${name} --level manage`
}

interface Existing {
  readonly id: string
  /** Of whoever imports. */
  readonly access: Level | null
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
  readonly #owner: string | null
  readonly #added: { name: string; device: Existing }[] = []
  readonly #updated: { before: Existing; device: Existing }[] = []

  constructor(
    trx: Transaction<Tables>,
    pool: CredentialPool,
    drivers: DriverNames,
    existing: ReadonlyMap<string, Existing>,
    owner: string | null,
  ) {
    this.#owner = owner
    this.#trx = trx
    this.#drivers = drivers
    this.#pool = pool
    this.#existing = existing
  }

  /** What a row may not do to the login of its device, for want of a scope. */
  lackingScope(wanted: Wanted, who: Reacher): Scope | undefined {
    if (wanted.login && !who.scopes.has('write:credentials')) return 'write:credentials'
    const before = this.#existing.get(wanted.name.toLowerCase())
    const changed = <T>(given: T | undefined, present: T | undefined) => (given === present ? undefined : given)
    const credentials = wanted.credentialIds?.join() === before?.credentialIds.join() ? undefined : wanted.credentialIds
    return lackingUse(
      who,
      {
        credentials,
        site: changed(wanted.siteId, before?.siteId),
        address: changed(wanted.address, before?.address),
        port: changed(wanted.port, before?.port),
        transport: changed(wanted.transport, before?.transport),
        driver: changed(wanted.driver, before?.driver),
      },
      (before?.credentialIds.length ?? 0) > 0,
    )
  }

  plan(wanted: Wanted): 'added' | 'updated' | 'unchanged' {
    const before = this.#existing.get(wanted.name.toLowerCase())
    const credentialIds = wanted.login ? [this.#pool.credentialFor(wanted.login)] : wanted.credentialIds
    const transport = this.#transportOf(wanted, before)
    const device: Existing = {
      id: before?.id ?? newId(),
      access: before?.access ?? 'manage',
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

  async load(actor: Actor): Promise<void> {
    const before = await auditedDevices(
      this.#trx,
      this.#updated.map(({ device }) => device.id),
    )
    for (const rows of inChunks(this.#pool.made.map(({ row }) => row))) {
      await this.#trx.insertInto('credentials').values(rows).execute()
    }
    await recordImported(this.#trx, this.#pool.made, actor)
    for (const rows of inChunks(this.#added)) {
      const values = rows.map(({ name, device }) => ({
        ...{ id: device.id, name, owner_id: this.#owner, options: '{}' },
        ...columnsOf(device),
      }))
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
    const ids = [...this.#added, ...this.#updated].map(({ device }) => device.id)
    await applyTagRules(this.#trx, ids)
    await recordDevices(this.#trx, ids, actor, before)
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
  const facts = ({ tags, ...rest }: Existing) =>
    JSON.stringify([Object.entries(rest).toSorted(), Object.entries(tags).toSorted()])
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

async function existingDevices(trx: Transaction<Tables>, who: Reacher): Promise<Map<string, Existing>> {
  const rows = await trx
    .selectFrom('devices')
    .select(['id', 'name', 'site_id as siteId', 'address', 'port', 'driver', 'transport'])
    .select(sql<string[]>`array(select id from ${credentialsOf('devices')} own order by position)`.as('credentialIds'))
    .select(['group_name as group', 'tags', levelAt(who).as('access')])
    .where('removed_at', 'is', null)
    .execute()
  return new Map(rows.map(({ name, ...device }) => [name.toLowerCase(), device]))
}

function openableCredentials(trx: Transaction<Tables>) {
  return trx.selectFrom('credentials').select(['id', 'name', 'username', 'kind', 'sealed_secret as sealed']).execute()
}
