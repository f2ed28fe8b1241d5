/**
 * Some systems print their configuration only to somebody who gives a pass phrase, under which they encrypt the secrets in it. It is
 * the enable secret of the credential; a driver's command names its place, `{enable}`. It is put in where a command is written to the
 * device and nowhere before: policy, guard, failures, the ladder, logs and recordings know the driver's words alone. What the device
 * says is looked through, so that it is kept nowhere either.
 */
import { PASSPHRASE_PLACE } from '@netraven/protocol/driver-file.ts'
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import { commandsOf, type Driver } from './driver.ts'

/** Shorter ones, and plain words, might stand in a configuration by chance. */
const MIN = 8
const MAX = 128
/** One word for every shell and line editor, that is no option either. */
const SAFE = /^[A-Za-z\d][\w.+=@:,-]*$/
const TAKEN_OUT = 'the pass phrase stood in the output and was taken out of it'

interface Secret {
  readonly enable?: string | undefined
}

/** What came from a device. */
interface Told {
  readonly bytes: Buffer
  readonly aside: string
  readonly doubt?: string
}

export class Passphrase {
  readonly #word: string
  /** The word, also where a narrow terminal broke it. */
  readonly #anywhere: RegExp

  /**
   * @param driver its name, for failures
   * @param commands that it may send
   * @returns undefined when none of them wants one
   * @throws Failure PASSPHRASE_MISSING, PASSPHRASE_UNSAFE
   */
  static for(driver: string, commands: readonly string[], { enable }: Secret): Passphrase | undefined {
    if (!commands.some(wants)) return undefined
    if (!enable) throw new Failure('PASSPHRASE_MISSING', { driver })
    const reason = unsafe(enable)
    if (reason !== undefined) throw new Failure('PASSPHRASE_UNSAFE', { driver, reason })
    return new Passphrase(enable)
  }

  /** As `for`, with all commands of the driver. */
  static of(driver: Driver, secret: Secret): Passphrase | undefined {
    return Passphrase.for(driver.name, commandsOf(driver), secret)
  }

  static isWantedBy(driver: Driver): boolean {
    return commandsOf(driver).some(wants)
  }

  private constructor(word: string) {
    this.#word = word
    const characters = [...word].map((one) => (/\w/.test(one) ? one : `\\${one}`))
    this.#anywhere = new RegExp(characters.join(String.raw`(?:\r?\n[ \t]{0,8})?`), 'g')
  }

  /** @returns what is typed for this command of the driver */
  fill(command: string): string {
    return command.replace(PASSPHRASE_PLACE, () => this.#word)
  }

  /** @returns the text with the place instead of the word */
  hide(text: string): string {
    return text.replace(this.#anywhere, PASSPHRASE_PLACE)
  }

  /** What a device tells, or fails with, without the word; output that had it is doubtful, since it is no longer the device's own. */
  async veil<T extends Told>(work: Promise<T>): Promise<T> {
    const told = await work.catch((error: unknown) => {
      throw this.#veiled(error)
    })
    const aside = this.hide(told.aside)
    const text = told.bytes.toString('latin1')
    const hidden = this.hide(text)
    if (hidden === text) return { ...told, aside }
    return { ...told, aside, bytes: Buffer.from(hidden, 'latin1'), doubt: told.doubt ?? TAKEN_OUT }
  }

  #veiled(error: unknown): unknown {
    if (error instanceof Failure) {
      const details: FailureDetails = JSON.parse(this.hide(JSON.stringify(error.details)))
      return new Failure(error.code, details, { cause: this.#veiled(error.cause) })
    }
    if (!(error instanceof Error)) return typeof error === 'string' ? this.hide(error) : error
    const said = `${error.message}\n${error.stack ?? ''}`
    if (this.hide(said) === said) return error
    const veiled = new Error(this.hide(error.message))
    veiled.stack = this.hide(error.stack ?? '')
    return veiled
  }
}

/** Whether a pass phrase goes into this command. */
export function wants(command: string): boolean {
  return command.includes(PASSPHRASE_PLACE)
}

/** Why it can't be typed; never what it is. */
function unsafe(word: string): string | undefined {
  if (word.length < MIN || word.length > MAX) return `it must have ${MIN} to ${MAX} characters`
  if (!SAFE.test(word))
    return 'it must be letters, digits and . _ + = @ : , - alone, and begin with a letter or a digit'
  return /[A-Za-z]/.test(word) && /\d/.test(word) ? undefined : 'it must have a letter and a digit at least'
}
