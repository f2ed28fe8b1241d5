/**
 * Reads a device by its driver over any byte stream: which channel, which commands, which of several ways to say one, and
 * what an answer means. `shell.ts` is the talk itself.
 */

import type { DeviceOptions } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Connection, End, Sink } from './channel.ts'
import type { Clock } from './clock.ts'
import { Conversation, type Limits } from './conversation.ts'
import type { Command, Driver } from './driver.ts'
import { Guard } from './guard.ts'
import type { Climb } from './ladder.ts'
import type { Passphrase } from './passphrase.ts'
import { matchesAny, Shell } from './shell.ts'

export type { Channel, Connection, End } from './channel.ts'

/** Output of one command, bytes, when the device has no limit of its own. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
/** A refusal stands in the first lines of an answer; further down the same words may be configuration. */
const JUDGED_LINES = 5
const JUDGED_BYTES = 4096

export interface SessionParts {
  readonly driver: Driver
  readonly connection: Pick<Connection, 'shell' | 'exec' | 'exchange'>
  readonly secret: { readonly password?: string | undefined; readonly enable?: string | undefined }
  readonly options: DeviceOptions
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Is told how far the session came: `prompt`, `enable`, `command`. */
  readonly ladder?: Climb
}

export interface Output {
  readonly command: Command
  /** Which of its ways to say it the device took. */
  readonly run: string
  /** Lines, each with its line feed, in whatever the device's character set is. */
  readonly bytes: Buffer
  /** What makes it doubtful although it came: words for a person. */
  readonly doubt?: string
  /** A message of the system may stand in it. */
  readonly interrupted?: boolean
}

/** A file that came whole, as far as the transport can tell. */
export interface Fetched {
  /** Where it lay; what was asked for, where the transport has no paths. */
  readonly path: string
  readonly doubt?: string
}

interface Reply {
  readonly bytes: Buffer
  /** What came beside the output. */
  readonly aside: string
  readonly doubt?: string
  readonly interrupted?: boolean
  /** The transport itself says that the device does not know this, or that the user may not. */
  readonly refused?: 'unknown' | 'denied'
}

type Run = (command: string, limits: Limits, confirm: boolean) => Promise<Reply>

export class Session {
  readonly #parts: SessionParts
  readonly #run: Run
  readonly #leave: () => void

  /**
   * Opens the channel that the driver wants and makes it ready to read.
   * @throws Failure as `Shell.open`, CHANNEL_REFUSED, PASSPHRASE_MISSING, PASSPHRASE_UNSAFE
   */
  static async open(parts: SessionParts): Promise<Session> {
    if (parts.driver.channel === 'exchange') return Session.#overExchange(parts, new Guard(parts.driver))
    const guard = new Guard(parts.driver, parts.secret)
    if (parts.driver.channel === 'shell') return Session.#overShell(parts, guard)
    const exec: Run = (command, limits) => runExec(parts, guard, command, limits)
    let fallback: Session | undefined
    let refused = false
    const run: Run = async (command, limits, confirm) => {
      if (!refused && !fallback) {
        try {
          return await exec(command, limits, confirm)
        } catch (error) {
          if (!(error instanceof Failure) || error.code !== 'CHANNEL_REFUSED') throw error
          refused = true
        }
      }
      fallback ??= await Session.#overShell(parts, guard)
      return fallback.#run(command, limits, confirm)
    }
    return new Session(parts, run, () => fallback?.leave(), guard.passphrase)
  }

  static async #overShell(parts: SessionParts, guard: Guard): Promise<Session> {
    const { connection, clock, signal, driver, secret, ladder } = parts
    const { passphrase } = guard
    ladder?.enter('prompt')
    const channel = await connection.shell()
    const talk = new Conversation({ channel, guard, clock, signal })
    const limits = limitsOf(parts)
    const shell = await Shell.open({ talk, driver, secret, passphrase, limits, ...(ladder && { ladder }) })
    const run: Run = async (command, limits, confirm) => ({
      ...(await shell.run(command, limits, confirm)),
      aside: '',
    })
    return new Session(parts, run, () => shell.leave(), passphrase)
  }

  static #overExchange(parts: SessionParts, guard: Guard): Session {
    const { connection, driver } = parts
    const run: Run = async (command, limits) => {
      if (!connection.exchange) throw new Failure('TRANSPORT_UNSUPPORTED', { driver: driver.name })
      const reply = await connection.exchange(guard.command(command), limits)
      return { aside: '', ...reply, bytes: lineFeeds(reply.bytes) }
    }
    return new Session(parts, run, () => undefined)
  }

  private constructor(parts: SessionParts, run: Run, leave: () => void, passphrase?: Passphrase) {
    this.#parts = parts
    this.#run = passphrase ? (...asked) => passphrase.veil(run(...asked)) : run
    this.#leave = leave
  }

  /**
   * Runs the driver's commands in order. Callable again: it reads anew.
   * @throws Failure COMMAND_REJECTED, PRIVILEGE_INSUFFICIENT, EMPTY_READ, and what `Shell.run` throws
   */
  async read(): Promise<Output[]> {
    const { driver, ladder } = this.#parts
    const outputs: Output[] = []
    ladder?.enter('command')
    for (const command of driver.commands) {
      if (command.as === 'artifact') continue
      const output = await this.#readOne(command)
      if (output) outputs.push(output)
    }
    ladder?.pass('command', outputs.map(({ run }) => shown(run)).join(', '))
    return outputs
  }

  /**
   * Fetches a file as it is.
   * @param into takes its bytes as they come, at most `maxBytes` of them
   * @returns undefined when the system does not have it, and need not
   * @throws Failure COMMAND_REJECTED, PRIVILEGE_INSUFFICIENT, TRANSPORT_UNSUPPORTED, and what the exchange throws
   */
  async fetch(command: Command, into: Sink, maxBytes: number): Promise<Fetched | undefined> {
    const { driver, connection } = this.#parts
    if (!connection.exchange) throw new Failure('TRANSPORT_UNSUPPORTED', { driver: driver.name })
    const guard = new Guard(driver)
    const limits = limitsOf(this.#parts, command)
    for (const run of runsOf(command)) {
      const within = { ...limits, maxBytes: Math.min(limits.maxBytes, maxBytes) }
      const reply = await connection.exchange(guard.command(run), within, into)
      if (reply.refused === 'denied' && !command.optional)
        throw new Failure('PRIVILEGE_INSUFFICIENT', { command: shown(run) })
      if (reply.refused !== undefined) continue
      if (reply.bytes.length > 0) into(reply.bytes)
      return { path: reply.file ?? run, ...(reply.doubt === undefined ? {} : { doubt: reply.doubt }) }
    }
    if (command.optional) return undefined
    throw new Failure('COMMAND_REJECTED', { driver: driver.name, command: runsOf(command).map(shown).join(' | ') })
  }

  /** Says good-bye. The connection is the caller's to close. */
  leave(): void {
    this.#leave()
  }

  async #readOne(command: Command): Promise<Output | undefined> {
    const { driver } = this.#parts
    const optional = command.optional ?? command.as === 'note'
    const limits = limitsOf(this.#parts, command)
    let empty: string | undefined
    for (const run of runsOf(command)) {
      const reply = await this.#run(run, limits, command.as === 'config')
      const lines = judgedLines(reply)
      if (reply.refused === 'denied' || lines.some((line) => matchesAny(driver.denied, line))) {
        if (optional) return undefined
        throw new Failure('PRIVILEGE_INSUFFICIENT', { command: shown(run) })
      }
      if (reply.refused === 'unknown' || lines.some((line) => matchesAny(driver.rejected, line))) continue
      const blank = !reply.bytes.some((byte) => byte > 32)
      if (blank && command.as === 'config') {
        if (reply.doubt === undefined) empty = run
        continue
      }
      if (blank && reply.doubt !== undefined) continue
      const { bytes, doubt, interrupted } = reply
      return { command, run, bytes, ...(doubt === undefined ? {} : { doubt }), ...(interrupted && { interrupted }) }
    }
    if (optional) return undefined
    if (empty !== undefined) throw new Failure('EMPTY_READ', { command: shown(empty) })
    throw new Failure('COMMAND_REJECTED', { driver: driver.name, command: runsOf(command).map(shown).join(' | ') })
  }
}

/** A command for a channel of its own: its output ends where the channel does. */
async function runExec(parts: SessionParts, guard: Guard, command: string, limits: Limits): Promise<Reply> {
  const { connection, clock, signal } = parts
  const channel = await connection.exec(guard.command(command))
  let aside = ''
  channel.onErrorData?.((bytes) => {
    if (aside.length < JUDGED_BYTES) aside += bytes.toString('latin1')
  })
  const talk = new Conversation({ channel, guard, clock, signal })
  const end = await talk.wait<End>({
    about: shown(command),
    limits,
    expired: (facts) => {
      channel.close()
      return new Failure('DEVICE_COMMAND_TIMEOUT', { command: shown(command), ...facts })
    },
    step: () => undefined,
    ended: (how) => how,
  })
  if (!end.clean) {
    const details = { command: shown(command), bytes: talk.bytes, clean: false }
    throw new Failure('CONNECTION_LOST', details, { cause: end.error })
  }
  const { terminal } = talk
  terminal.endLine()
  const doubt = doubtOf(end)
  return {
    bytes: Buffer.from(terminal.lines.slice(0, terminal.lines.length)),
    aside,
    ...(doubt === undefined ? {} : { doubt }),
  }
}

/** Many systems send no status at all; then the end mark alone must tell. */
function doubtOf({ exit, signal }: End): string | undefined {
  if (signal !== undefined) return `the command was ended by ${signal}`
  return exit === undefined || exit === 0 ? undefined : `the command ended with status ${exit}`
}

/** Lines end as they do in a terminal's text. */
function lineFeeds(bytes: Buffer): Buffer {
  return bytes.includes(13) ? Buffer.from(bytes.toString('latin1').replace(/\n\r|\r+\0?\n?/g, '\n'), 'latin1') : bytes
}

function runsOf(command: Command): readonly string[] {
  return typeof command.run === 'string' ? [command.run] : command.run
}

/** The device's setting wins over the command's, that over the driver's. */
function limitsOf({ driver, options }: SessionParts, command?: Command): Limits {
  return {
    idleMs: options.idleTimeoutMs ?? command?.idleMs ?? driver.idleMs,
    totalMs: options.commandTimeoutMs ?? command?.totalMs ?? driver.totalMs,
    maxBytes: options.maxOutputBytes ?? MAX_OUTPUT_BYTES,
  }
}

function judgedLines({ bytes, aside }: Reply): string[] {
  const head = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter(Boolean)
      .slice(0, JUDGED_LINES)
  return [...head(bytes.toString('utf8', 0, JUDGED_BYTES)), ...head(aside)]
}

/** Commands may be whole scripts. */
function shown(command: string): string {
  return command.length > 120 ? `${command.slice(0, 119)}…` : command
}
