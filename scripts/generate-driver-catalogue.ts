/**
 * protocol/driver-catalogue.ts, made from the agent's drivers: hub and agent share names and never each other's code, and the agent
 * knows what it has without loading it.
 */
import type { Driver } from '../agent/driver.ts'
import { driverDigest } from '../agent/driver-catalogue.ts'
import { loadAll } from '../agent/loaded-drivers.ts'

const head = `import type { Transport } from './transport.ts'

/** Made by \`npm run generate\` from agent/drivers/. Change it there. */

export interface DriverCatalogueEntry {
  readonly name: string
  /** As the vendor writes it. */
  readonly title: string
  readonly aliases: readonly string[]
  /** Ways in, the usual one first. */
  readonly transports: readonly Transport[]
  /** Of its content: what an agent of this release announces. 16 hex digits. */
  readonly digest: string
}

/** Every driver of this release, by name: what people call it and what it reads. */
export const driverCatalogue: readonly DriverCatalogueEntry[] = [
`

/** The whole file, as Biome would format it. */
export async function driverCatalogue(): Promise<string> {
  const { all } = await loadAll()
  return `${head}${all.map(entry).join('')}]\n`
}

function entry(driver: Driver): string {
  const { name, title, aliases, transports } = driver
  const words = aliases.map(quoted)
  const list = `    aliases: [${words.join(', ')}],\n`
  const aliasLines =
    list.length <= 121 ? list : `    aliases: [\n${words.map((word) => `      ${word},\n`).join('')}    ],\n`
  const lines = [
    `    name: ${quoted(name)},\n`,
    `    title: ${quoted(title)},\n`,
    aliasLines,
    `    transports: [${transports.map(quoted).join(', ')}],\n`,
    `    digest: ${quoted(driverDigest(driver))},\n`,
  ]
  return `  {\n${lines.join('')}  },\n`
}

/** @throws RangeError when a word needs escaping, which no name of a driver does */
function quoted(word: string): string {
  if (/['"\\\n]/.test(word)) throw new RangeError(`a driver's name, title or alias has a quote in it: ${word}`)
  return `'${word}'`
}
