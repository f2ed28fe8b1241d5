/** protocol/driver-catalogue.ts, made from the agent's drivers: hub and agent share names and never each other's code. */
import type { Driver } from '../agent/driver.ts'
import { drivers } from '../agent/drivers/index.ts'

const head = `import type { Transport } from './transport.ts'

/** Made by \`npm run generate\` from agent/drivers/. Change it there. */

export interface DriverCatalogueEntry {
  readonly name: string
  /** As the vendor writes it. */
  readonly title: string
  readonly aliases: readonly string[]
  /** Ways in, the usual one first. */
  readonly transports: readonly Transport[]
}

/** Every driver of this release, by name: what people call it and what it reads. */
export const driverCatalogue: readonly DriverCatalogueEntry[] = [
`

/** The whole file, as Biome would format it. */
export function driverCatalogue(): string {
  return `${head}${drivers.all.map(entry).join('')}]\n`
}

function entry({ name, title, aliases, transports }: Driver): string {
  const words = aliases.map(quoted)
  const list = `    aliases: [${words.join(', ')}],\n`
  const aliasLines =
    list.length <= 121 ? list : `    aliases: [\n${words.map((word) => `      ${word},\n`).join('')}    ],\n`
  return `  {\n    name: ${quoted(name)},\n    title: ${quoted(title)},\n${aliasLines}    transports: [${transports.map(quoted).join(', ')}],\n  },\n`
}

/** @throws RangeError when a word needs escaping, which no name of a driver does */
function quoted(word: string): string {
  if (/['"\\\n]/.test(word)) throw new RangeError(`a driver's name, title or alias has a quote in it: ${word}`)
  return `'${word}'`
}
