/** .env.example, made from the hub's settings: every variable, what it is for, what it takes, and its default. */
import { settings } from '../hub/config.ts'

interface Shown {
  readonly about: string
  readonly expected: string
  readonly default?: string
  readonly isSecret?: true
}

const head = `# Made by \`npm run generate\` from hub/config.ts. Change it there.
#
# Settings of the hub. Copy this file to .env and start with: node --env-file=.env hub/netraven.js hub
# (systemd: EnvironmentFile=, see netraven-hub.service in deploy/). Every line is optional: what is commented out has the
# value shown, or none. Secrets may stand in a file of their own, whose path goes into NAME_FILE.
`

/** The whole file. */
export function envExample(): string {
  const all: readonly (readonly [string, Shown])[] = Object.entries(settings)
  return [head, ...all.map(([name, one]) => entry(name, one))].join('\n')
}

function entry(name: string, { about, expected, default: standard, isSecret }: Shown): string {
  const lines = [`# ${about}: ${expected}.`, `#${name}=${standard ?? ''}`]
  if (isSecret) lines.push(`#${name}_FILE=`)
  return `${lines.join('\n')}\n`
}
