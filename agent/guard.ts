/**
 * The one place through which everything goes that is written to a device. It knows the driver's own list of commands,
 * answers and keys as they were when the session began; whatever is not in it stays here.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { commandsOf, type Driver } from './driver.ts'
import { Passphrase, wants } from './passphrase.ts'

/** How Enter is sent: what a keyboard sends (RFC 4254 section 8 leaves it raw). Every system takes it. */
export const ENTER = '\r'

/** An answer that ends in this is sent without Enter. */
const NO_ENTER = '\\c'

const KEY_MAX = 3
const CURSOR_REPORT = /^\x1b\[1;\d{1,3}R$/
/** A line end or any other control character inside a command would begin another command. */
const CONTROL = /[\x00-\x1f\x7f]/

export type Utterance =
  | { readonly kind: 'command' | 'answer' | 'key' | 'cursor'; readonly text: string }
  | { readonly kind: 'enter' }
  /** `asked`: the unfinished line that asks for it. */
  | { readonly kind: 'password'; readonly text: string; readonly asked: string }

export class Guard {
  readonly #driver: string
  readonly #commands: ReadonlySet<string>
  readonly #answers: ReadonlySet<string>
  readonly #keys: ReadonlySet<string>
  readonly #password: RegExp | undefined
  /** Goes into the commands that want one; absent: none does, or there is no secret, and they are refused. */
  readonly passphrase: Passphrase | undefined

  /** @throws Failure PASSPHRASE_MISSING, PASSPHRASE_UNSAFE, with a secret */
  constructor(driver: Driver, secret?: { readonly enable?: string | undefined }) {
    const commands = commandsOf(driver)
    this.#driver = driver.name
    this.passphrase = secret && Passphrase.for(driver.name, commands, secret)
    this.#commands = new Set(commands.filter((command) => !CONTROL.test(command)))
    this.#answers = new Set(driver.answers.map((answer) => answer.send))
    this.#keys = new Set(driver.pagers.map((pager) => pager.send).filter((key) => key.length <= KEY_MAX))
    this.#password = driver.enable?.password
  }

  /**
   * A command for a channel of its own.
   * @param text in the driver's words
   * @returns what is typed
   * @throws Failure POLICY_COMMAND when it is not one of the driver's
   */
  command(text: string): string {
    if (!this.#commands.has(text) || (wants(text) && !this.passphrase)) throw this.#refusal(text)
    return this.passphrase?.fill(text) ?? text
  }

  /**
   * @returns the characters to write
   * @throws Failure POLICY_COMMAND when the driver does not provide for it; nothing of it was written then
   */
  pass(utterance: Utterance): string {
    switch (utterance.kind) {
      case 'command':
        return this.command(utterance.text) + ENTER
      case 'answer':
        if (!this.#answers.has(utterance.text)) throw this.#refusal(utterance.text)
        return utterance.text.endsWith(NO_ENTER) ? utterance.text.slice(0, -NO_ENTER.length) : utterance.text + ENTER
      case 'key':
        if (!this.#keys.has(utterance.text)) throw this.#refusal(utterance.text)
        return utterance.text
      case 'cursor':
        if (!CURSOR_REPORT.test(utterance.text)) throw this.#refusal('cursor report')
        return utterance.text
      case 'password':
        if (!this.#password?.test(utterance.asked) || CONTROL.test(utterance.text))
          throw this.#refusal('enable password')
        return utterance.text + ENTER
      case 'enter':
        return ENTER
    }
  }

  #refusal(command: string): Failure {
    return new Failure('POLICY_COMMAND', { driver: this.#driver, command: command.slice(0, 200) })
  }
}
