/**
 * Writes the files that are made from code, so that a page and the program can't disagree.
 *
 *   npm run generate             writes them
 *   npm run generate -- --check  changes nothing; names each file that is out of date, exit 1 if there is one
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { driverCatalogue } from './generate-driver-catalogue.ts'
import { driverPage } from './generate-driver-page.ts'
import { envExample } from './generate-env-example.ts'
import { troubleshooting } from './generate-troubleshooting.ts'

/** Path from the root of the repository, and what makes its text. */
export const generated: Readonly<Record<string, () => string | Promise<string>>> = {
  '.env.example': envExample,
  'deploy/DRIVERS.md': driverPage,
  'deploy/TROUBLESHOOTING.md': troubleshooting,
  'protocol/driver-catalogue.ts': driverCatalogue,
}

const root = new URL('../', import.meta.url)

/** @returns paths of generated files whose text is not what the code makes of them now */
export async function stale(): Promise<string[]> {
  const texts = await Promise.all(Object.entries(generated).map(async ([path, make]) => ({ path, text: await make() })))
  return texts.filter(({ path, text }) => current(path) !== text).map(({ path }) => path)
}

function current(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const paths = await stale()
  for (const path of paths) {
    if (values.check) console.error(`${path} is out of date: npm run generate`)
    else {
      writeFileSync(new URL(path, root), (await generated[path]?.()) ?? '')
      console.log(`${path} written`)
    }
  }
  if (values.check && paths.length > 0) process.exitCode = 1
}
