/** deploy/DRIVERS.md, made from the agent's drivers and their recordings: which systems can be read, and by what names. */
import { readdirSync, readFileSync } from 'node:fs'
import { loadAll } from '../agent/loaded-drivers.ts'
import { parseRecording } from '../agent/replay/recording.ts'

const folder = new URL('../agent/drivers/recordings/', import.meta.url)

const head = `<!-- Made by \`npm run generate\` from agent/drivers/. Change it there. -->
# Drivers

A driver knows how to read one operating system. In a CSV file or in \`netraven devices add --driver\`, its name works and so does
each other name here, in any case: they are those of Oxidized, netmiko and RANCID.

*Ways in* are the transports it can be read over, the usual one first; Telnet and plain HTTP must also be allowed by the agent's policy.

*Tried with* says what each driver was tested with, and claims no more: \`real\` is the software itself, run and read by a test or recorded
from a device; \`transcript\` follows the output of a session that its vendor published; \`documented\` was written after vendor documentation
and public facts as far as they were at hand, the rest from knowledge of the system; it has met no device here, and its recording's \`source\`
says what is not confirmed. Look at the first masked backup of such a device before you rely on the masks. If you have one,
\`npm run driver:record\` makes a recording without its secrets.

| driver | system | other names | ways in | tried with |
|---|---|---|---|---|
`

/** The whole page in Markdown. */
export async function driverPage(): Promise<string> {
  const drivers = await loadAll()
  const evidence = evidenceOf(readdirSync(folder).filter((file) => file.endsWith('.session')))
  const rows = drivers.all.map(({ name, title, aliases, transports }) => {
    const tried = [...(evidence.get(name) ?? [])].toSorted().join(', ')
    return `| \`${name}\` | ${title} | ${aliases.join(', ')} | ${transports.join(', ')} | ${tried} |\n`
  })
  return `${head}${rows.join('')}
${drivers.all.length} systems: ${tally(evidence)}.

A system that is not here: a driver of your own needs no new release, \`netraven drivers add --help\`; [how to add it for everybody](../CONTRIBUTING.md#adding-a-driver).
`
}

/** How many drivers have what as their best evidence. */
function tally(evidence: ReadonlyMap<string, ReadonlySet<string>>): string {
  const best = [...evidence.values()].map((kinds) =>
    ['real', 'transcript', 'documented'].find((kind) => kinds.has(kind)),
  )
  return ['real', 'transcript', 'documented']
    .map((kind) => `${best.filter((one) => one === kind).length} ${kind}`)
    .join(', ')
}

/** @returns driver to kinds of evidence */
function evidenceOf(files: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const file of files) {
    const { driver, evidence } = parseRecording(readFileSync(new URL(file, folder), 'utf8'))
    found.set(driver, (found.get(driver) ?? new Set()).add(evidence))
  }
  return found
}
