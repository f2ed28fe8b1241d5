/**
 * Pages in an order that was asked for: `-lastReadAt,name`. A cursor holds the sort keys of the last row as the database told them, so a
 * page neither repeats nor loses a row, whatever the order and however many rows have the same key.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type RawBuilder, sql } from 'kysely'
import { isUuid } from './api/fields.ts'
import { invalidCursor } from './pages.ts'

export interface SortKey {
  /** Never null. An index should begin with it. */
  readonly of: RawBuilder<unknown>
  readonly type: 'text' | 'timestamptz' | 'uuid'
}

export interface Sorting {
  readonly keys: Readonly<Record<string, SortKey>>
  /** The order when none is asked for. */
  readonly usual: string
  /** Unique; what ends every order. */
  readonly tie: SortKey
}

interface Step extends SortKey {
  readonly isDown: boolean
}

/** @throws Failure REQUEST_INVALID for an order that is not on offer, or a cursor that is not from this list in this order */
export function sortedPage(query: { sort?: string | undefined; cursor?: string | undefined }, sorting: Sorting) {
  const sort = query.sort ?? sorting.usual
  const steps = stepsOf(sort, sorting)
  const order = sql`${sql.join(steps.map(({ of, isDown }) => (isDown ? sql`${of} desc` : sql`${of} asc`)))}`
  const keys = sql<string[]>`array[${sql.join(steps.map(told))}]::text[]`.as('sortKeys')
  const after = query.cursor === undefined ? undefined : afterOf(steps, valuesOf(query.cursor, sort, steps))
  return { sort, order, keys, after }
}

/** @param rows one more than `limit` when there is a next page */
export function sortedRows<Row extends { readonly sortKeys: readonly string[] }, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  sort: string,
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  const cursor = last && Buffer.from(JSON.stringify([sort, ...last.sortKeys])).toString('base64url')
  return { items: shown.map(toItem), nextCursor: cursor ?? null }
}

function stepsOf(sort: string, { keys, tie }: Sorting): Step[] {
  const named = sort.split(',').map((word) => {
    const name = word.replace(/^-/, '')
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined
    if (!key) throw invalidSort(`${name} is none of ${Object.keys(keys).join(', ')}`)
    return { ...key, name, isDown: word.startsWith('-') }
  })
  if (new Set(named.map(({ name }) => name)).size < named.length) throw invalidSort('names a key twice')
  return [...named, { ...tie, isDown: named.at(-1)?.isDown ?? false }]
}

/** Exactly as the database has it: a Date would lose the microseconds. */
function told({ of, type }: Step): RawBuilder<unknown> {
  if (type !== 'timestamptz') return sql`(${of})::text`
  return sql`to_char((${of}) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

function valuesOf(cursor: string, sort: string, steps: readonly Step[]): string[] {
  const parsed = parsedCursor(cursor)
  if (!Array.isArray(parsed) || parsed[0] !== sort || parsed.length !== steps.length + 1) throw invalidCursor()
  return steps.map(({ type }, index) => {
    const value: unknown = parsed[index + 1]
    if (typeof value !== 'string' || !isOfType(value, type)) throw invalidCursor()
    return value
  })
}

function isOfType(value: string, type: SortKey['type']): boolean {
  if (type === 'uuid') return isUuid(value)
  if (type === 'timestamptz')
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value) && !Number.isNaN(Date.parse(value))
  return !value.includes('\0')
}

function parsedCursor(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Rows behind the last one: later in the first key, or the same there and later in the next, and so on. */
function afterOf(steps: readonly Step[], values: readonly string[]): RawBuilder<boolean> {
  const value = (index: number) => sql`${values[index]}::${sql.raw(steps[index]?.type ?? 'text')}`
  const [first] = steps
  if (!first) throw new RangeError('an order has at least one key')
  if (steps.every(({ isDown }) => isDown === first.isDown)) {
    const columns = sql.join(steps.map(({ of }) => of))
    return sql<boolean>`(${columns}) ${first.isDown ? sql`<` : sql`>`} (${sql.join(values.map((_, index) => value(index)))})`
  }
  const ways = steps.map((step, index) => {
    const same = steps.slice(0, index).map(({ of }, place) => sql`${of} = ${value(place)}`)
    return sql`(${sql.join([...same, sql`${step.of} ${step.isDown ? sql`<` : sql`>`} ${value(index)}`], sql` and `)})`
  })
  // The bound of the first key is what an index can begin with.
  return sql<boolean>`(${first.of} ${first.isDown ? sql`<=` : sql`>=`} ${value(0)} and (${sql.join(ways, sql` or `)}))`
}

function invalidSort(message: string): Failure {
  return new Failure('REQUEST_INVALID', { issues: [{ where: 'query', path: 'sort', message }] })
}
