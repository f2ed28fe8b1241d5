/** One row of a file of devices, judged: what it wants, or everything that is wrong with it. */
import { Transport } from '@netraven/protocol/transport.ts'
import type { z } from 'zod'
import { Username } from './api/credential.ts'
import { Address } from './api/device.ts'
import { Name } from './api/fields.ts'
import type { CsvRow } from './device-csv.ts'
import type { DriverNames } from './drivers.ts'
import { nearest } from './nearest.ts'

interface Named {
  readonly id: string
  readonly name: string
}

/** What a row may refer to; keys are names in lower case. */
export interface Known {
  readonly drivers: DriverNames
  readonly sites: ReadonlyMap<string, Named>
  readonly credentials: ReadonlyMap<string, Named>
  readonly devices: ReadonlySet<string>
  readonly defaultSite: Named | undefined
}

export interface Login {
  readonly username: string
  readonly password: string
  readonly enable?: string
}

/** Absent: the row does not say. */
export interface Wanted {
  readonly name: string
  readonly address: string
  readonly driver: string
  readonly transport?: Transport
  readonly port?: number
  readonly siteId?: string
  readonly credentialIds?: readonly string[]
  readonly login?: Login
  readonly group?: string
  readonly tags: Readonly<Record<string, string>>
}

/** @param firstLines where each name was first seen in this file; the row adds its own */
export function judgeRow(
  row: CsvRow,
  tagColumns: readonly string[],
  known: Known,
  firstLines: Map<string, number>,
): { wanted: Wanted } | { problems: string[] } {
  const problems: string[] = row.problem === undefined ? [] : [row.problem]
  if (row.problem !== undefined && Object.keys(row.cells).length === 0) return { problems }
  const { cells } = row
  const name = checked(Name, 'name', cells.name, problems) ?? ''
  const address = checked(Address, 'address', cells.address, problems) ?? ''
  const driver = driverOf(cells.driver, known.drivers, problems)
  const port = portOf(cells.port, problems)
  const transport = transportOf(cells.transport, driver, known.drivers, problems)
  const site = siteOf(cells.site, known, name, problems)
  const { credentials, login } = loginOf(cells, known, problems)
  const group = cells.group === undefined ? undefined : checked(Name, 'group', cells.group, problems)
  const tags = tagsOf(cells, tagColumns, problems)

  const first = firstLines.get(name.toLowerCase())
  if (name !== '' && first !== undefined) problems.push(`name: "${name}" stands in line ${first} already`)
  else if (name !== '') firstLines.set(name.toLowerCase(), row.line)
  if (problems.length > 0) return { problems }
  return {
    wanted: {
      name,
      address,
      driver,
      tags,
      ...(transport !== undefined && { transport }),
      ...(port !== undefined && { port }),
      ...(site && { siteId: site.id }),
      ...(credentials && { credentialIds: credentials.map(({ id }) => id) }),
      ...(login && { login }),
      ...(group !== undefined && { group }),
    },
  }
}

function checked(schema: z.ZodType<string>, column: string, cell: string | undefined, problems: string[]) {
  if (cell === undefined) {
    problems.push(`${column}: is missing`)
    return undefined
  }
  const result = schema.safeParse(cell)
  if (result.success) return result.data
  problems.push(`${column}: ${shown(cell)} ${result.error.issues[0]?.message ?? 'is wrong'}`)
  return undefined
}

function driverOf(cell: string | undefined, drivers: DriverNames, problems: string[]): string {
  const found = cell === undefined ? undefined : drivers.find(cell)
  if (found === undefined) {
    const near = cell === undefined ? undefined : drivers.nearest(cell)
    problems.push(cell === undefined ? 'driver: is missing' : `driver: ${shown(cell)} is not known${hint(near)}`)
  }
  return found ?? ''
}

function transportOf(
  cell: string | undefined,
  driver: string,
  drivers: DriverNames,
  problems: string[],
): Transport | undefined {
  if (cell === undefined) return undefined
  const parsed = Transport.safeParse(cell.toLowerCase())
  if (!parsed.success) {
    problems.push(`transport: ${shown(cell)} is not known; one of ${Transport.options.join(', ')}`)
    return undefined
  }
  if (driver !== '' && drivers.transportOf(driver, parsed.data) === undefined)
    problems.push(`transport: ${driver} can't be read over ${parsed.data}`)
  return parsed.data
}

function portOf(cell: string | undefined, problems: string[]): number | undefined {
  if (cell === undefined) return undefined
  const port = /^\d{1,5}$/.test(cell) ? Number(cell) : 0
  if (port >= 1 && port <= 65_535) return port
  problems.push(`port: ${shown(cell)} must be a whole number from 1 to 65535`)
  return undefined
}

function siteOf(cell: string | undefined, known: Known, name: string, problems: string[]): Named | undefined {
  if (cell !== undefined) {
    const found = known.sites.get(cell.toLowerCase())
    if (!found) problems.push(`site: ${shown(cell)} is not known${hint(nearestOf(cell, known.sites))}`)
    return found
  }
  if (known.devices.has(name.toLowerCase())) return undefined
  if (!known.defaultSite) problems.push('site: is missing, and no --site was given')
  return known.defaultSite
}

/** Never shows a password, not even a wrong one. */
function loginOf(cells: CsvRow['cells'], known: Known, problems: string[]): { credentials?: Named[]; login?: Login } {
  const { credential, username, password, enable } = cells
  if (credential !== undefined) {
    if (username ?? password ?? enable)
      problems.push('credential: stands beside a username or password; give one of both')
    return { credentials: credentialsOf(credential, known, problems) }
  }
  if (username === undefined && password === undefined && enable === undefined) return {}
  if (password === undefined) {
    problems.push('password: is missing beside the username')
    return {}
  }
  if ([password, enable].some((secret) => (secret?.length ?? 0) > 1024)) problems.push('password: is too long')
  const user = username === undefined ? '' : (checked(Username, 'username', username, problems) ?? '')
  return { login: { username: user, password, ...(enable !== undefined && { enable }) } }
}

/** Several stand in their order, between semicolons or spaces; a name that has spaces itself is known as it is. */
function credentialsOf(cell: string, known: Known, problems: string[]): Named[] {
  const whole = known.credentials.get(cell.toLowerCase())
  if (whole) return [whole]
  const words = cell.split(cell.includes(';') ? ';' : /\s+/).flatMap((word) => word.trim() || [])
  const found = words.flatMap((word) => {
    const one = known.credentials.get(word.toLowerCase())
    if (!one) problems.push(`credential: ${shown(word)} is not known${hint(nearestOf(word, known.credentials))}`)
    return one ?? []
  })
  if (new Set(found).size < found.length) problems.push(`credential: ${shown(cell)} names one twice`)
  if (words.length === 0) problems.push(`credential: ${shown(cell)} names none`)
  return found
}

function tagsOf(cells: CsvRow['cells'], columns: readonly string[], problems: string[]): Record<string, string> {
  const tags = columns.flatMap((column) => {
    const cell = cells[column]
    if (cell === undefined) return []
    if (cell.length > 500 || column.length > 60) problems.push(`${column.slice(0, 60)}: is longer than a tag may be`)
    return [[column, cell] as const]
  })
  return Object.fromEntries(tags)
}

function nearestOf(word: string, known: ReadonlyMap<string, Named>): string | undefined {
  return nearest(
    word,
    [...known.values()].map(({ name }) => name),
  )
}

const shown = (cell: string) => `"${cell.length > 60 ? `${cell.slice(0, 60)}…` : cell}"`
const hint = (near: string | undefined) => (near === undefined ? '' : `; did you mean ${near}?`)
