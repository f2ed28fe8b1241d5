/** Devices as files: export, and JSON for import; what one writes the other reads. */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Device, DeviceQuery } from './api/device.ts'
import { DeviceFile, type DeviceFileRow, type DeviceFileSchema } from './api/device-file.ts'
import type { Tables } from './db/tables.ts'
import { COLUMNS, type Column, type CsvRow, type DeviceCsv, isColumn } from './device-csv.ts'
import { listDevices } from './devices.ts'
import type { DriverNames } from './drivers.ts'
import type { Reacher } from './reach.ts'

const PAGE = 500
const SECRET: ReadonlySet<Column> = new Set(['username', 'password', 'enable'])
const exported = COLUMNS.filter((column) => !SECRET.has(column))

/** All devices that fit and that somebody may see, by name. */
export async function exportDevices(
  db: Kysely<Tables>,
  query: DeviceQuery,
  drivers: DriverNames,
  who: Reacher,
): Promise<DeviceFileRow[]> {
  const rows: DeviceFileRow[] = []
  let cursor: string | undefined
  do {
    const page = await listDevices(db, { ...query, limit: PAGE, cursor }, drivers, who)
    rows.push(...page.items.map(rowOf))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return rows
}

function rowOf(device: Device): DeviceFileRow {
  const { name, address, port, driver, transport, site, credentials, group, tags } = device
  return {
    ...{ name, address, port, driver, transport, site, tags },
    ...(credentials.length > 0 && { credential: credentials.join('; ') }),
    ...(group !== null && { group }),
  }
}

/** RFC 4180, with a column for each tag that any device has. */
export function csvOf(rows: readonly DeviceFileRow[]): string {
  const tags = [...new Set(rows.flatMap((row) => Object.keys(row.tags ?? {})))]
    .filter((tag) => !isColumn(tag.toLowerCase()))
    .toSorted()
  const cells = (row: DeviceFileRow) => [
    ...exported.map((column) => row[column as keyof DeviceFileRow] ?? ''),
    ...tags.map((tag) => row.tags?.[tag] ?? ''),
  ]
  return [[...exported, ...tags], ...rows.map(cells)]
    .map((line) => `${line.map((one) => quoted(String(one))).join(',')}\r\n`)
    .join('')
}

function quoted(cell: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** Rows of JSON as rows of a file; the first is line 1. */
export function fileOf({ devices }: DeviceFile): DeviceCsv {
  const tags = [...new Set(devices.flatMap((row) => Object.keys(row.tags ?? {})))].filter(
    (tag) => !isColumn(tag.toLowerCase()),
  )
  return { tags, rows: devices.map((row, index) => csvRow(row, index + 1)) }
}

function csvRow({ tags = {}, ...columns }: DeviceFileRow, line: number): CsvRow {
  const all = [...Object.entries(columns), ...Object.entries(tags).filter(([tag]) => !isColumn(tag.toLowerCase()))]
  const cells = Object.fromEntries(
    all.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, String(value)]])),
  )
  const wrong = Object.keys(tags).filter((tag) => isColumn(tag.toLowerCase()))
  return { line, cells, ...(wrong.length > 0 && { problem: `tags: ${wrong.join(', ')} is the name of a column` }) }
}

const about: Readonly<Record<Column, string>> = {
  name: 'One line, up to 120 characters; a device of that name is updated',
  address: 'IPv4, IPv6 or a host name',
  port: '1 to 65535; empty: the usual one of the transport',
  driver: 'A driver’s name or one of its aliases',
  transport: 'Way in; empty: the driver’s usual one',
  username: 'With a password it becomes a credential',
  password: 'Sealed, and never shown again',
  enable: 'Password of the privileged mode',
  credential: 'Name of a credential, or several with ; between them in the order in which they are tried',
  site: 'Name of a site; empty: the one that the import names',
  group: 'Any word',
}

export function fileSchema(drivers: DriverNames): DeviceFileSchema {
  const required: readonly Column[] = ['name', 'address', 'driver']
  return {
    columns: COLUMNS.map((name) => ({
      name,
      required: required.includes(name),
      description: about[name],
      exported: !SECRET.has(name),
    })),
    otherColumns: 'are kept as tags',
    delimiters: [',', ';', 'tab'],
    drivers: drivers.all.map(({ name }) => name),
    json: z.toJSONSchema(DeviceFile, { io: 'input' }) as Record<string, unknown>,
  }
}
