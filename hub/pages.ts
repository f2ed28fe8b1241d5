/** Keyset pages: a cursor is the sort key of the last row, so a page costs the same however deep it lies. */
import { Failure } from '@netraven/protocol/failure.ts'

/** @throws Failure REQUEST_INVALID when the cursor is not one of ours */
export function pageAfter(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!text.startsWith('after ')) throw invalidCursor()
  return text.slice('after '.length)
}

export function invalidCursor(): Failure {
  return new Failure('REQUEST_INVALID', { issues: [{ where: 'query', path: 'cursor', message: 'not from an answer' }] })
}

/**
 * @param rows one more than `limit` when there is a next page
 * @param keyOf the sort key of a row
 */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => string,
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    items: shown.map(toItem),
    nextCursor: last === undefined ? null : Buffer.from(`after ${keyOf(last)}`).toString('base64url'),
  }
}
