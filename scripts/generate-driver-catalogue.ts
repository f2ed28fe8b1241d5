/** protocol/driver-catalogue.ts, made from the agent's drivers: hub and agent share names and never each other's code. */
import { drivers } from '../agent/drivers/index.ts'

const head = `/** Made by \`npm run generate\` from agent/drivers/. Change it there. */

/** Every driver of this release, by name: what people call it and what it reads. */
export const driverCatalogue: readonly { name: string; title: string; aliases: readonly string[] }[] = [
`

/** The whole file, as Biome would format it. */
export function driverCatalogue(): string {
  return `${head}${drivers.all.map(entry).join('')}]\n`
}

function entry({ name, title, aliases }: { name: string; title: string; aliases: readonly string[] }): string {
  const words = aliases.map(quoted)
  const line = `  { name: ${quoted(name)}, title: ${quoted(title)}, aliases: [${words.join(', ')}] },\n`
  if (line.length <= 121) return line
  const list = `    aliases: [${words.join(', ')}],\n`
  const aliasLines =
    list.length <= 121 ? list : `    aliases: [\n${words.map((word) => `      ${word},\n`).join('')}    ],\n`
  return `  {\n    name: ${quoted(name)},\n    title: ${quoted(title)},\n${aliasLines}  },\n`
}

/** @throws RangeError when a word needs escaping, which no name of a driver does */
function quoted(word: string): string {
  if (/['"\\\n]/.test(word)) throw new RangeError(`a driver's name, title or alias has a quote in it: ${word}`)
  return `'${word}'`
}
