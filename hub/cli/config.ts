/** What the command line takes from its environment. The hub's own settings are `hub/config.ts`'s matter. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

export interface CliConfig {
  /** NETRAVEN_HUB: wins over the stored login. */
  readonly hub: string | undefined
  /** NETRAVEN_TOKEN: wins over the stored login. */
  readonly token: string | undefined
  /** Where the login is stored: `$XDG_CONFIG_HOME/netraven`, or `~/.config/netraven`. */
  readonly folder: string
  /** https://no-color.org */
  readonly color: boolean
}

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env
}

export function readCliConfig(env: Environment, home: string = homedir()): CliConfig {
  return {
    hub: env.NETRAVEN_HUB || undefined,
    token: env.NETRAVEN_TOKEN || undefined,
    folder: join(env.XDG_CONFIG_HOME || join(home, '.config'), 'netraven'),
    color: !env.NO_COLOR && env.TERM !== 'dumb',
  }
}
