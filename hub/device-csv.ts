/** CSV files of devices (RFC 4180, and what spreadsheets make of it): what stands in which line, nothing judged yet. */
import { Failure } from '@netraven/protocol/failure.ts'
import { CsvError, parse } from 'csv-parse/sync'

/** Columns with a meaning; all others are tags. */
export const COLUMNS = [
  'name',
  'address',
  'port',
  'driver',
  'transport',
  'username',
  'password',
  'enable',
  'credential',
  'site',
  'group',
] as const
export type Column = (typeof COLUMNS)[number]

const REQUIRED: readonly Column[] = ['name', 'address', 'driver']
/** A quoted cell spans no more lines. */
const MAX_LINES = 20
/** Spaces around these belong to them. */
const VERBATIM = new Set<string>(['password', 'enable'])

export interface CsvRow {
  /** Where the row begins; the header is line 1. */
  readonly line: number
  /** Cells by column, in lower case; empty ones are left out. */
  readonly cells: Readonly<Record<string, string>>
  /** Why the row can't be read at all. */
  readonly problem?: string
}

export interface DeviceCsv {
  readonly rows: readonly CsvRow[]
  /** Columns without a meaning. */
  readonly tags: readonly string[]
}

/**
 * Reads a file: UTF-8, with or without a byte order mark, any line ends, cells separated by commas, semicolons or tabs.
 * @throws Failure CSV_INVALID when it is not text, or its header lacks a column that every device needs
 */
export function readDeviceCsv(text: string): DeviceCsv {
  if (/[\uFFFD\0]/.test(text)) throw invalid('the file is not UTF-8 text')
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  const delimiter = delimiterOf(lines.find((line) => line.trim() !== '') ?? '')
  const [head, ...body] = readRecords(lines, delimiter)
  if (!head) throw invalid('the file is empty')
  const header = (head.cells ?? []).map((cell) => cell.trim().toLowerCase())
  checkHeader(header)
  const rows = body.flatMap(({ line, cells }) => rowOf(header, cells, line))
  return { rows, tags: header.filter((column) => column !== '' && !isColumn(column)) }
}

export function isColumn(name: string): name is Column {
  return COLUMNS.some((column) => column === name)
}

interface CsvRecord {
  readonly line: number
  /** Absent: its quotes do not match. */
  readonly cells: string[] | undefined
}

/**
 * Cuts a file into records: a line with an open quote goes on in the next. A quote that is never closed, or should not be
 * there, spoils its own line alone and not the rest of the file; hence this cut of our own before the parser.
 */
function readRecords(lines: readonly string[], delimiter: string): CsvRecord[] {
  const records: CsvRecord[] = []
  for (let start = 0; start < lines.length; ) {
    let end = start + 1
    let raw = lines[start] ?? ''
    while (isOpen(raw) && end < lines.length && end - start < MAX_LINES) raw += `\n${lines[end++]}`
    const cells = isOpen(raw) ? undefined : parseRecord(raw, delimiter)
    if (raw.trim() !== '') records.push({ line: start + 1, cells })
    start = cells ? end : start + 1
  }
  return records
}

const isOpen = (raw: string) => raw.split('"').length % 2 === 0

/** @returns undefined when the record breaks the rules of quotes; the parser's own words quote the file, passwords and all */
function parseRecord(raw: string, delimiter: string): string[] | undefined {
  try {
    return parse(raw, { delimiter, columns: false, relax_column_count: true })[0] ?? []
  } catch (error) {
    if (error instanceof CsvError) return undefined
    throw error
  }
}

function delimiterOf(head: string): string {
  const count = (delimiter: string) => head.split(delimiter).length
  return [',', ';', '\t'].toSorted((one, other) => count(other) - count(one))[0] ?? ','
}

function checkHeader(header: readonly string[]): void {
  const missing = REQUIRED.filter((column) => !header.includes(column))
  const named = header.filter((column) => column !== '')
  const twice = named.filter((column, index) => header.indexOf(column) !== index && named.indexOf(column) !== index)
  if (missing.length > 0) throw invalid(`the header lacks ${missing.join(', ')}`, { missing, found: named })
  if (twice.length > 0) throw invalid(`the header has a column twice: ${twice.join(', ')}`, { found: named })
}

function rowOf(header: readonly string[], record: readonly string[] | undefined, line: number): CsvRow[] {
  if (!record) return [{ line, cells: {}, problem: 'its quotes do not match; a quote inside quotes is written twice' }]
  if (record.every((cell) => cell.trim() === '')) return []
  const cells = Object.fromEntries(
    header.flatMap((column, index) => {
      const cell = record[index] ?? ''
      const value = VERBATIM.has(column) ? cell : cell.trim()
      return column === '' || value === '' ? [] : [[column, value]]
    }),
  )
  const isLong = record.slice(header.length).some((cell) => cell.trim() !== '')
  return [
    { line, cells, ...(isLong && { problem: 'it has more cells than the header; a cell with a comma needs quotes' }) },
  ]
}

function invalid(reason: string, details: Record<string, unknown> = {}): Failure {
  return new Failure('CSV_INVALID', { reason, ...details })
}
