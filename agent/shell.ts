/**
 * One interactive session: from the login's banner to the learnt prompt, through enable, then command after command.
 * It knows no transport; it talks.
 */
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import type { Conversation, Limits } from './conversation.ts'
import type { Driver, Pager } from './driver.ts'
import { Echo } from './echo.ts'
import { Confirmation, interludeOf, withoutInterlude } from './prompt.ts'

/** A pager that was never seen is answered when it has stood for so long, ms: then it has come whole. */
const NEW_PAGER_QUIET_MS = 50
/** One that looks like an earlier one, ms: text of a configuration that looks like it goes on at once. */
const PAGER_QUIET_MS = 10
/** A prompt without an echo before it is believed after so long, ms. */
const ECHO_PATIENCE_MS = 1500
/** One answer is given so often at most. */
const ANSWERS_MAX = 4
/** So much of a line is shown in a failure. */
const SHOWN_MAX = 80

export interface ShellParts {
  readonly talk: Conversation
  readonly driver: Driver
  readonly secret: { readonly password?: string | undefined; readonly enable?: string | undefined }
  readonly limits: Limits
}

export class Shell {
  readonly #talk: Conversation
  readonly #driver: Driver
  readonly #secret: ShellParts['secret']
  readonly #limits: Limits
  #prompt = ''
  #interlude: readonly string[] = []
  #echoes: boolean | undefined
  readonly #knownPagers = new Set<string>()

  /**
   * Learns the prompt, gains the privilege, sends what prepares the session.
   * @throws Failure PROMPT_NOT_FOUND, ENABLE_FAILED, DEVICE_COMMAND_TIMEOUT, CONNECTION_LOST, OUTPUT_TOO_LARGE, POLICY_COMMAND
   */
  static async open(parts: ShellParts): Promise<Shell> {
    const shell = new Shell(parts)
    await shell.#learnPrompt()
    await shell.#enable()
    for (const command of parts.driver.prepare) await shell.run(command, parts.limits, false)
    return shell
  }

  private constructor({ talk, driver, secret, limits }: ShellParts) {
    this.#talk = talk
    this.#driver = driver
    this.#secret = secret
    this.#limits = limits
  }

  /**
   * @param confirm whether a bare Enter must prove the prompt at the end
   * @returns the lines between echo and prompt, each with its line feed
   * @throws Failure DEVICE_COMMAND_TIMEOUT, CONNECTION_LOST, OUTPUT_TOO_LARGE, POLICY_COMMAND
   */
  async run(command: string, limits: Limits, confirm: boolean): Promise<Buffer> {
    const { terminal } = this.#talk
    terminal.lines.clear()
    // Without an echo the first line of output would stand behind the prompt.
    if (this.#echoes === false) terminal.forgetTail()
    const echo = new Echo(this.#prompt, command, this.#echoes === true)
    const confirmation = confirm ? new Confirmation(this.#talk, this.#interlude) : undefined
    let start: number | undefined
    this.#talk.say({ kind: 'command', text: command })
    const end = await this.#talk.wait<number>({
      about: command,
      limits,
      expired: (facts) => new Failure('DEVICE_COMMAND_TIMEOUT', { command, ...facts }),
      step: (quietMs) => {
        start ??= this.#echoOf(echo)
        const { tail } = terminal
        if (this.#answersPager(tail, quietMs) || tail !== this.#prompt) return undefined
        start ??= this.#startWithoutEcho(echo, quietMs)
        if (start === undefined) return undefined
        return confirmation ? confirmation.check(tail, start, quietMs) : terminal.lines.length
      },
    })
    const { lines } = terminal
    const from = Math.min(start ?? 0, end)
    return Buffer.from(lines.slice(from, withoutInterlude(lines, from, end, this.#interlude)))
  }

  /** Says good-bye; the device need not answer. */
  leave(): void {
    for (const text of this.#driver.logout) this.#talk.say({ kind: 'command', text })
  }

  async #learnPrompt(): Promise<void> {
    const { terminal } = this.#talk
    const confirmation = new Confirmation(this.#talk)
    const answered = new Map<RegExp, number>()
    let last = { size: -1, tail: '' }
    await this.#talk.wait<true>({
      about: 'login',
      limits: this.#limits,
      expired: ({ elapsedMs, bytes }) =>
        new Failure('PROMPT_NOT_FOUND', { driver: this.#driver.name, elapsedMs, bytes, ...this.#lastLine() }),
      step: (quietMs) => {
        const { tail } = terminal
        const size = terminal.lines.length
        if (this.#answersPager(tail, quietMs)) return undefined
        const answer = this.#driver.answers.find(({ when }) => when.test(tail))
        if (answer) {
          const times = answered.get(answer.when) ?? 0
          const same = last.size === size && tail.startsWith(last.tail)
          if (same || times === ANSWERS_MAX) return undefined
          answered.set(answer.when, times + 1)
          last = { size, tail }
          this.#talk.say({ kind: 'answer', text: answer.send })
          return undefined
        }
        if (!this.#driver.prompt.test(tail)) return undefined
        if (confirmation.check(tail, 0, quietMs) === undefined) return undefined
        this.#prompt = tail
        this.#interlude = interludeOf(terminal.lines, tail)
        return true
      },
    })
  }

  async #enable(): Promise<void> {
    const { enable, prompt, denied, rejected } = this.#driver
    if (!enable?.from.test(this.#prompt)) return
    const { terminal } = this.#talk
    const password = this.#secret.enable ?? this.#secret.password
    const failed = (reason: string) => new Failure('ENABLE_FAILED', { command: enable.run, reason })
    let sentAt: number | undefined
    terminal.lines.clear()
    this.#talk.say({ kind: 'command', text: enable.run })
    await this.#talk.wait<true>({
      about: enable.run,
      limits: this.#limits,
      expired: (facts) => new Failure('DEVICE_COMMAND_TIMEOUT', { command: enable.run, ...facts }),
      step: () => {
        const { tail } = terminal
        const size = terminal.lines.length
        if (enable.password.test(tail)) {
          if (size === sentAt) return undefined
          if (sentAt !== undefined) throw failed('the device asked for the password again')
          if (password === undefined) throw failed('the device asks for a password and the credential has none')
          sentAt = size
          this.#talk.say({ kind: 'password', text: password, asked: tail })
          return undefined
        }
        if (size === 0 || size === sentAt || !prompt.test(tail)) return undefined
        const said = terminal.lines.slice(0, size).toString('latin1').split('\n')
        if (said.some((line) => matchesAny(denied, line) || matchesAny(rejected, line)))
          throw failed('the device refused')
        return true
      },
    })
    await this.#learnPrompt()
    if (enable.from.test(this.#prompt)) throw failed('the prompt is still the one without privilege')
  }

  #echoOf(echo: Echo): number | undefined {
    if (this.#echoes === false) return undefined
    const start = echo.find(this.#talk.terminal.lines)
    if (start !== undefined) this.#echoes = true
    return start
  }

  /** A prompt stands there and no echo came before it. @returns where the output begins, or undefined to wait */
  #startWithoutEcho(echo: Echo, quietMs: number): number | undefined {
    const { lines } = this.#talk.terminal
    if (this.#echoes === false) return 0
    // Still the prompt on which the command was typed.
    if (lines.length === 0) return undefined
    if (quietMs < ECHO_PATIENCE_MS) {
      this.#talk.wakeAfter(ECHO_PATIENCE_MS)
      return undefined
    }
    if (this.#echoes) return echo.afterPrompt ?? 0
    this.#echoes = false
    // The first line of output stands behind the prompt.
    const behind = this.#prompt.length
    return lines.slice(0, behind).toString('latin1') === this.#prompt ? behind : 0
  }

  #answersPager(tail: string, quietMs: number): boolean {
    const { terminal } = this.#talk
    if (tail === '' || terminal.inPager) return false
    const found = pagerIn(this.#driver.pagers, tail)
    if (!found) return false
    const shape = tail.slice(found.at).replace(/\d+/g, '#')
    const standMs = this.#knownPagers.has(shape) ? PAGER_QUIET_MS : NEW_PAGER_QUIET_MS
    if (quietMs < standMs) {
      this.#talk.wakeAfter(standMs)
      return true
    }
    this.#knownPagers.add(shape)
    terminal.pager(found.at)
    this.#talk.say({ kind: 'key', text: found.pager.send })
    return true
  }

  /** The last line with something on it, fit to be shown: no credential, nothing that a terminal obeys, not too long. */
  #lastLine(): FailureDetails {
    const { lines, tail } = this.#talk.terminal
    const text = lines.slice(Math.max(0, lines.length - 2048), lines.length).toString('latin1') + tail
    let line = text.split('\n').findLast((one) => one.trim() !== '') ?? ''
    for (const secret of [this.#secret.password, this.#secret.enable]) {
      if (secret) line = line.replaceAll(secret, '<secret>')
    }
    return {
      lastLine: line
        .replace(/[^ -~]/g, '?')
        .trim()
        .slice(0, SHOWN_MAX),
    }
  }
}

export function matchesAny(patterns: readonly RegExp[], line: string): boolean {
  return patterns.some((pattern) => pattern.test(line))
}

function pagerIn(pagers: readonly Pager[], tail: string): { pager: Pager; at: number } | undefined {
  for (const pager of pagers) {
    const match = pager.when.exec(tail)
    if (match) return { pager, at: match.index }
  }
  return undefined
}
