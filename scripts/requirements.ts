/**
 * Which rows of test/requirements.json have a test that shows them: a test names a row in its title, `[STK-1] …`, several as
 * `[STK-1] [STK-2]` or `[STK-1..3]`.
 *
 *   node scripts/requirements.ts [--missing | --json]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { allSources, type Source } from '../test/source-tree.ts'

/** Row id to what it asks for. */
export const requirements: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../test/requirements.json', import.meta.url), 'utf8'),
)

/** Row ids that a test file's titles name. */
export function rowsOf(text: string): string[] {
  return [...text.matchAll(/\[([A-Z]+)-(\d+)(?:\.\.(\d+))?\]/g)].flatMap(([, group, first, last]) => {
    const count = Number(last ?? first) - Number(first) + 1
    return Array.from({ length: Math.max(count, 0) }, (_, index) => `${group}-${Number(first) + index}`)
  })
}

/** @returns row id to the test files that show it; ids that are in no list too */
export function coverage(sources: readonly Source[] = allSources()): Map<string, string[]> {
  const shown = new Map<string, string[]>()
  for (const { path, text } of sources.filter(({ path }) => path.endsWith('.test.ts'))) {
    for (const id of new Set(rowsOf(text))) shown.set(id, [...(shown.get(id) ?? []), path])
  }
  return shown
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { missing: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  })
  const shown = coverage()
  const rows = Object.entries(requirements).map(([id, what]) => ({ id, what, tests: shown.get(id) ?? [] }))
  const covered = rows.filter(({ tests }) => tests.length > 0)
  if (values.json) console.log(JSON.stringify(rows))
  else {
    for (const { id, what, tests } of values.missing ? rows.filter(({ tests }) => tests.length === 0) : covered) {
      console.log(`${id.padEnd(8)} ${what}${tests.length > 0 ? `\n         ${tests.join(' ')}` : ''}`)
    }
    console.log(`${covered.length} of ${rows.length} rows have a test`)
  }
}
