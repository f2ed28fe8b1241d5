/**
 * One interactive session: from the login's banner to the learnt prompt, through enable, then command after command.
 * It knows no transport; it talks.
 */
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import type { Conversation, Limits } from './conversation.ts'
import { ANSWERS_MAX, type Driver } from './driver.ts'
import { Echo } from './echo.ts'
import { isInterrupted, isMessage } from './interruption.ts'
import type { Climb } from './ladder.ts'
import { LearntPrompt } from './learnt-prompt.ts'
import { type Kept, Pagers } from './pager.ts'
import type { Passphrase } from './passphrase.ts'
import { Confirmation, interludeOf, withoutInterlude } from './prompt.ts'

/** A prompt without an echo before it is believed after so long, ms. */
const ECHO_PATIENCE_MS = 1500
/** The same while it may be the late answer to an Enter, ms. */
const LATE_PATIENCE_MS = 10_000
/** A message of the system took the place of the prompt when nothing more came for so long, ms: an Enter brings it back. */
const MESSAGE_QUIET_MS = 3000
/** The prompt is learnt so often at most while messages stand between. */
const LEARN_MAX = 4
/** A device is silent when nothing came for so long, ms. */
const SILENCE_MS = 300
/** A longer line is no message. */
const LINE_MAX = 1024
/** So much of a line is shown in a failure. */
const SHOWN_MAX = 80

export interface ShellParts {
  readonly talk: Conversation
  readonly driver: Driver
  readonly secret: { readonly password?: string | undefined; readonly enable?: string | undefined }
  /** Goes into the commands that want one; the guard puts it in, here its echo is looked for. */
  readonly passphrase?: Passphrase | undefined
  readonly limits: Limits
  /** Is told how far it came: `prompt`, `enable`, and `command` from there on. */
  readonly ladder?: Climb
}

export interface ShellOutput extends Kept {
  /** A message of the system may stand in it. */
  readonly interrupted?: boolean
}

export class Shell {
  readonly #talk: Conversation
  readonly #driver: Driver
  readonly #secret: ShellParts['secret']
  readonly #passphrase: Passphrase | undefined
  readonly #limits: Limits
  #prompt: LearntPrompt
  #interlude: readonly string[] = []
  #echoes: boolean | undefined
  /** Enters that have not come back. */
  #outstanding = 0
  readonly #pagers: Pagers
  /** Where the lines ended when a prompt was last called back. */
  #wokenAt: number | undefined

  /**
   * Learns the prompt, gains the privilege, sends what prepares the session.
   * @throws Failure PROMPT_NOT_FOUND, ENABLE_FAILED, DEVICE_COMMAND_TIMEOUT, CONNECTION_LOST, OUTPUT_TOO_LARGE, POLICY_COMMAND
   */
  static async open(parts: ShellParts): Promise<Shell> {
    const shell = new Shell(parts)
    const { ladder } = parts
    ladder?.enter('prompt')
    await shell.#learnPrompt()
    await shell.#enable(ladder)
    ladder?.pass('prompt', shell.#prompt.text)
    ladder?.enter('command')
    for (const command of parts.driver.prepare) await shell.run(command, parts.limits, false)
    return shell
  }

  private constructor({ talk, driver, secret, passphrase, limits }: ShellParts) {
    this.#talk = talk
    this.#pagers = new Pagers(talk, driver.pagers)
    this.#driver = driver
    this.#prompt = new LearntPrompt(driver.prompt, '')
    this.#secret = secret
    this.#passphrase = passphrase
    this.#limits = limits
  }

  /**
   * @param confirm whether a bare Enter must prove the prompt at the end
   * @returns the lines between echo and prompt, each with its line feed
   * @throws Failure DEVICE_COMMAND_TIMEOUT, CONNECTION_LOST, OUTPUT_TOO_LARGE, POLICY_COMMAND
   */
  async run(command: string, limits: Limits, confirm: boolean): Promise<ShellOutput> {
    const { terminal } = this.#talk
    terminal.clear()
    this.#pagers.begin()
    // Without an echo the first line of output would stand behind the prompt.
    if (this.#echoes === false) terminal.forgetTail()
    const typed = this.#passphrase?.fill(command) ?? command
    const echo = new Echo(this.#prompt, typed, this.#echoes === true)
    const confirmation = confirm ? new Confirmation(this.#talk, this.#interlude) : undefined
    const isPrompt = (line: string) => this.#pagers.isPrompt(line, this.#prompt)
    let start: number | undefined
    this.#wokenAt = undefined
    this.#talk.say({ kind: 'command', text: command })
    const end = await this.#talk.wait<number>({
      about: command,
      limits,
      expired: (facts) => new Failure('DEVICE_COMMAND_TIMEOUT', { command, ...facts }),
      step: (quietMs) => {
        start ??= this.#echoOf(echo)
        const { tail } = terminal
        if (this.#pagers.answers(tail, quietMs)) return undefined
        if (!isPrompt(tail)) return this.#wakePrompt(quietMs)
        start ??= this.#startWithoutEcho(echo, quietMs)
        if (start === undefined) return undefined
        return confirmation ? confirmation.check(isPrompt, start, quietMs) : terminal.lines.length
      },
    })
    this.#outstanding += confirmation?.outstanding ?? 0
    const { lines } = terminal
    const from = Math.min(start ?? 0, end)
    const kept = this.#pagers.settle(from, withoutInterlude(lines, from, end, this.#interlude))
    return isInterrupted(lines, end) ? { ...kept, interrupted: true } : kept
  }

  /** Says good-bye; the device need not answer. */
  leave(): void {
    for (const text of this.#driver.logout) this.#talk.say({ kind: 'command', text })
  }

  async #learnPrompt(): Promise<void> {
    const { terminal } = this.#talk
    let confirmation = new Confirmation(this.#talk)
    let from = 0
    let learnt = 0
    this.#wokenAt = undefined
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
        if (this.#pagers.answers(tail, quietMs)) return undefined
        const answer = this.#driver.answers.find(({ when }) => when.test(tail))
        if (answer) {
          // An answer to silence is for devices that say nothing before they are greeted, not for a pause in what they say.
          if (tail === '' && quietMs < SILENCE_MS) {
            this.#talk.wakeAfter(SILENCE_MS)
            return undefined
          }
          const times = answered.get(answer.when) ?? 0
          const same = last.size === size && tail.startsWith(last.tail)
          if (same || times === ANSWERS_MAX) return undefined
          answered.set(answer.when, times + 1)
          last = { size, tail }
          this.#talk.say({ kind: 'answer', text: answer.send })
          return undefined
        }
        if (!this.#driver.prompt.test(tail)) return this.#wakePrompt(quietMs)
        const prompt = new LearntPrompt(this.#driver.prompt, tail)
        const isPrompt = (line: string) => prompt.is(line)
        if (confirmation.check(isPrompt, from, quietMs) === undefined) return undefined
        this.#prompt = prompt
        this.#interlude = interludeOf(terminal.lines, isPrompt)
        this.#outstanding += confirmation.outstanding
        learnt += 1
        if (learnt === LEARN_MAX || !this.#interlude.some(isMessage)) return true
        confirmation = new Confirmation(this.#talk)
        from = size
        confirmation.check(isPrompt, from, quietMs)
        return undefined
      },
    })
  }

  async #enable(ladder: Climb | undefined): Promise<void> {
    const { enable, prompt, denied, rejected } = this.#driver
    if (!enable?.from.test(this.#prompt.text)) return
    ladder?.enter('enable')
    const { terminal } = this.#talk
    const password = this.#secret.enable ?? this.#secret.password
    const failed = (reason: string) => new Failure('ENABLE_FAILED', { command: enable.run, reason })
    let sentAt: number | undefined
    terminal.clear()
    this.#talk.say({ kind: 'command', text: enable.run })
    await this.#talk.wait<true>({
      about: enable.run,
      limits: this.#limits,
      expired: (facts) => new Failure('DEVICE_COMMAND_TIMEOUT', { command: enable.run, ...facts }),
      step: (quietMs) => {
        const { tail } = terminal
        const size = terminal.lines.length
        if (this.#pagers.answers(tail, quietMs)) return undefined
        if (enable.password.test(tail)) {
          if (size === sentAt) return undefined
          if (sentAt !== undefined) throw failed('the device asked for the password again')
          if (password === undefined) throw failed('the device asks for a password and the credential has none')
          sentAt = size
          this.#talk.say({ kind: 'password', text: password, asked: tail })
          return undefined
        }
        if (size === 0 || size === sentAt || !prompt.test(tail)) return undefined
        if (this.#prompt.is(tail) && this.#outstanding > 0 && quietMs < LATE_PATIENCE_MS) {
          this.#talk.wakeAfter(LATE_PATIENCE_MS)
          return undefined
        }
        const said = terminal.lines.slice(0, size).toString('latin1').split('\n')
        if (said.some((line) => matchesAny(denied, line) || matchesAny(rejected, line)))
          throw failed('the device refused')
        return true
      },
    })
    await this.#learnPrompt()
    if (enable.from.test(this.#prompt.text)) throw failed('the prompt is still the one without privilege')
    ladder?.pass('enable', enable.run)
    ladder?.enter('prompt')
  }

  /** Where a message stands last and then nothing, the prompt may have gone before it. */
  #wakePrompt(quietMs: number): undefined {
    const { lines } = this.#talk.terminal
    if (lines.length === 0 || this.#wokenAt === lines.length) return
    if (quietMs < MESSAGE_QUIET_MS) {
      this.#talk.wakeAfter(MESSAGE_QUIET_MS)
      return
    }
    const start = lines.startOf(lines.length, LINE_MAX)
    if (start < 0 || !isMessage(lines.slice(start, lines.length).toString('latin1'))) return
    this.#wokenAt = lines.length
    this.#talk.say({ kind: 'enter' })
  }

  #echoOf(echo: Echo): number | undefined {
    const { lines } = this.#talk.terminal
    const start = this.#echoes === false ? echo.atFirst(lines) : echo.find(lines)
    if (start !== undefined) this.#echoes = true
    return start
  }

  /** A prompt stands there and no echo came before it. @returns where the output begins, or undefined to wait */
  #startWithoutEcho(echo: Echo, quietMs: number): number | undefined {
    const { lines } = this.#talk.terminal
    if (this.#echoes === false) return 0
    // Still the prompt on which the command was typed.
    if (lines.length === 0) return undefined
    const patienceMs = this.#outstanding > 0 ? LATE_PATIENCE_MS : ECHO_PATIENCE_MS
    if (quietMs < patienceMs) {
      this.#talk.wakeAfter(patienceMs)
      return undefined
    }
    if (this.#echoes || isInterrupted(lines, lines.length)) return echo.afterPrompt ?? 0
    this.#echoes = false
    // The first line of output stands behind the prompt.
    return this.#prompt.lengthIn(lines.slice(0, Math.min(lines.length, LINE_MAX)).toString('latin1'))
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
