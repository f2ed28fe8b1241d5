/** What every command has: the surroundings it works in, `--json`, examples, an exit code. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Command, Option } from 'commander'
import { Login } from '../api/session.ts'
import { SOFTWARE } from '../software.ts'
import { Client } from './client.ts'
import type { CliConfig, Environment } from './config.ts'
import { readLogin, type StoredLogin } from './stored-login.ts'
import { type Bearer, fixedToken, storedSession } from './stored-session.ts'
import type { Terminal } from './terminal.ts'

export interface CliParts {
  readonly terminal: Terminal
  readonly config: CliConfig
  readonly environment: Environment
  readonly fetch: typeof fetch
  /** Clock in ms. */
  readonly clock: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** 0 up to 1. */
  readonly random: () => number
}

/** Of one exchange of a refresh token, ms: others wait for it. */
const REFRESH_LIMIT_MS = 15_000

export interface JsonOption {
  readonly json?: boolean
}

/** The surroundings of one command. */
export class Cli {
  readonly parts: CliParts
  exitCode = 0

  constructor(parts: CliParts) {
    this.parts = parts
  }

  get terminal(): Terminal {
    return this.parts.terminal
  }

  /** A client for a hub that nobody is logged in to yet, or of somebody. */
  clientOf(hub: string, bearer?: Bearer): Client {
    const { fetch, clock, sleep, random } = this.parts
    const onLimited = (seconds: number) =>
      this.terminal.err(`The hub limits how much is asked a minute: going on in about ${seconds} s.`)
    return new Client({ hub, bearer, fetch, clock, sleep, random, onLimited, userAgent: `netraven/${SOFTWARE}` })
  }

  /** A client of a stored login, which it keeps fresh. */
  clientOfLogin(login: StoredLogin): Client {
    const { config, clock } = this.parts
    const visitor = this.clientOf(login.hub)
    const refresh = (token: string) =>
      visitor.send('POST', '/api/auth/refresh', { refresh_token: token }, Login, { limitMs: REFRESH_LIMIT_MS })
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
    return this.clientOf(login.hub, storedSession({ folder: config.folder, login, refresh, clock, sleep }))
  }

  /** @throws Failure NOT_LOGGED_IN; HUB_PLAINTEXT or USAGE when NETRAVEN_HUB is no good */
  async client(): Promise<Client> {
    const { config } = this.parts
    const login = config.hub && config.token ? undefined : await readLogin(config.folder)
    const hub = config.hub ? checkHub(config.hub, false, 'NETRAVEN_HUB') : login?.hub
    if (hub === undefined) throw new Failure('NOT_LOGGED_IN')
    if (config.token !== undefined) return this.clientOf(hub, fixedToken(config.token))
    if (login?.hub !== hub) throw new Failure('NOT_LOGGED_IN', { hub })
    return this.clientOfLogin(login)
  }

  /** Shows a result: as JSON when asked for, in words otherwise. */
  show(options: JsonOption, value: unknown, words: () => string): void {
    if (options.json) this.terminal.json(value)
    else this.terminal.out(words())
  }
}

/** A noun that only groups its verbs. */
export function noun(program: Command, name: string, summary: string): Command {
  return program.command(name).summary(summary).description(sentence(summary))
}

/**
 * A command that does something.
 * @param usage such as `add <name>`
 * @param examples whole lines that can be typed
 */
export function verb(parent: Command, usage: string, summary: string, examples: readonly string[]): Command {
  const command = parent.command(usage).summary(summary).description(sentence(summary))
  command.addOption(new Option('--json', 'print the result as JSON'))
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`)
  return command
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`

/** Runs a command's work; the number it gives back is the exit code, nothing means done. */
export function acting<Arguments extends readonly unknown[]>(
  cli: Cli,
  work: (...args: Arguments) => Promise<number | undefined>,
): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    cli.exitCode = (await work(...args)) ?? 0
  }
}

/**
 * Checks the address of a hub: https, or http to this very machine.
 * @param option where it was given, for the failure
 * @throws Failure USAGE, HUB_PLAINTEXT
 */
export function checkHub(text: string, allowPlaintext: boolean, option: string): string {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  if (!url || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') {
    throw new Failure('USAGE', { option, value: text, expected: 'a URL such as https://hub.example.net' })
  }
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol === 'http:' && !isHere && !allowPlaintext) throw new Failure('HUB_PLAINTEXT', { hub: url.origin })
  return url.origin
}

/** A name inside a path of the API. */
export function inPath(name: string): string {
  return encodeURIComponent(name)
}
