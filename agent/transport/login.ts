/**
 * In which order a login is tried (RFC 4252), and what its end means: `none` where the system asks behind SSH itself, then the key, then
 * the password, then the password as the answer to questions. Never an ssh-agent. A secret is tried once: many devices lock an account
 * after a few wrong ones, so what was rejected one way is not offered another way.
 */
import { Failure } from '@netraven/protocol/failure.ts'

export type Method = 'none' | 'publickey' | 'password' | 'keyboard-interactive'

/** Questions that want the password; another (a token code) can't be answered. */
const ASKS_PASSWORD = /pass|kennwort|contrase|mot de/i
const ASKED_MAX = 80

export class Login {
  readonly #order: readonly Method[]
  readonly #tried: Method[] = []
  /** What the device accepts, as it last said. */
  #methods: readonly string[] = []
  #answered = false
  #passwordRejected = false
  #keyRejected = false
  #asked: string | undefined

  /** @param has what there is to show; `open`: the device may let everybody in and ask then */
  constructor(has: { readonly key: boolean; readonly password: boolean; readonly open: boolean }) {
    this.#order = [
      ...(has.open ? (['none'] as const) : []),
      ...(has.key ? (['publickey'] as const) : []),
      ...(has.password ? (['password', 'keyboard-interactive'] as const) : []),
    ]
  }

  /** A secret is under way and the device has not judged it. */
  get pending(): boolean {
    return this.#tried.some((method) => method !== 'none')
  }

  /** What was tried last; after a login, what it was taken for. */
  get method(): Method | undefined {
    return this.#tried.at(-1)
  }

  /**
   * @param methods what the device accepts now; null: it has not said
   * @param partial whether the last attempt was right but not enough
   * @returns what to try next; undefined: nothing is left
   */
  next(methods: readonly string[] | null, partial: boolean | null): Method | undefined {
    if (methods) {
      this.#methods = methods
      if (!partial) this.#judge()
    }
    const next = this.#order.find((method) => this.#mayTry(method, methods))
    if (next) this.#tried.push(next)
    return next
  }

  /** @returns whether these questions of a keyboard-interactive login can be answered with the password, now */
  mayAnswer(questions: readonly string[]): boolean {
    const question = questions.find((text) => !ASKS_PASSWORD.test(text))
    if (this.#answered || question !== undefined) {
      this.#passwordRejected ||= this.#answered && question === undefined
      this.#asked = (question ?? questions[0] ?? '')
        .replace(/[^ -~]/g, '?')
        .trim()
        .slice(0, ASKED_MAX)
      return false
    }
    this.#answered = true
    return true
  }

  /** The device ends the login instead of answering: as much as a rejection, since trying again could lock the account. */
  cutOff(): void {
    this.#judge()
  }

  get failure(): Failure {
    const details = { methods: this.#methods, tried: this.#tried }
    if (this.#passwordRejected) return new Failure('PASSWORD_REJECTED', details)
    if (this.#asked !== undefined) return new Failure('METHOD_UNSUPPORTED', { ...details, asked: this.#asked })
    if (this.#keyRejected) return new Failure('KEY_REJECTED', details)
    return new Failure('METHOD_UNSUPPORTED', details)
  }

  /** The last attempt failed. It was a rejection only when the device knows that method at all. */
  #judge(): void {
    const last = this.#tried.at(-1)
    const known = last !== undefined && (this.#methods.length === 0 || this.#methods.includes(last))
    if (last === 'publickey' && known) this.#keyRejected = true
    if (last === 'password' && known) this.#passwordRejected = true
    if (last === 'keyboard-interactive' && this.#answered) this.#passwordRejected = true
  }

  #mayTry(method: Method, methods: readonly string[] | null): boolean {
    if (this.#tried.includes(method)) return false
    if (method === 'none') return methods === null
    if (methods && !methods.includes(method)) return false
    if (method !== 'keyboard-interactive') return true
    return methods !== null && !this.#passwordRejected
  }
}
