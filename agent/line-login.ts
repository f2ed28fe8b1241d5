/**
 * Login by questions on a line: Telnet, the port of a console server, a system that asks once more after SSH. What an answer
 * means is told by the state, not by words: who is asked again for what it has given was rejected. Each secret is given once.
 */
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import type { Channel } from './channel.ts'
import { type Clock, systemClock } from './clock.ts'
import { Conversation } from './conversation.ts'
import { ENTER, Guard } from './guard.ts'
import type { Climb } from './ladder.ts'
import { RelayChannel } from './relay-channel.ts'
import type { ConnectParts, Target } from './target.ts'

/** Questions as most systems put them; a driver may have its own. The unfinished last line, anchored at its end. */
const ASKS_NAME =
  /(?:log ?in|user(?: ?name|-?id)?|account|name|benutzer(?:name)?|usuario|utilisateur)[^\n:>]{0,30}[:>] ?$/i
const ASKS_PASSWORD =
  /(?:pass(?:word|code|phrase|wd)?|kennwort|passwort|contrase\S{1,3}a|mot de passe)[^\n:>]{0,40}[:>] ?$/i

/** A question has come whole when nothing follows it for so long, ms: banners have lines like `Password:` too. */
const QUESTION_QUIET_MS = 120
/** A last line that is no question stands for so long before it counts as a prompt, ms. */
const PROMPT_QUIET_MS = 1000
/** A silent console line is woken after so long, ms, and no more often than so. */
const WAKE_AFTER_MS = 1500
const WAKES_MAX = 3
/** Banner and questions, bytes. */
const LOGIN_MAX_BYTES = 1024 * 1024
/** So much of a line is shown in a failure. */
const SHOWN_MAX = 80

type Place = Pick<
  Target,
  'address' | 'port' | 'transport' | 'username' | 'password' | 'options' | 'driver' | 'timeoutMs'
>

type Step = 'name' | 'password' | 'open'

/**
 * Answers the questions until a prompt, or what else is no question, stands there.
 * @returns the channel from which that last line can be read
 * @throws Failure BANNER_TIMEOUT when nothing comes, PASSWORD_REJECTED, METHOD_UNSUPPORTED when something else is asked than the
 *   credential has, PROMPT_NOT_FOUND, CONNECTION_LOST, OUTPUT_TOO_LARGE, or the reason of the signal
 */
export async function logInOnLine(
  inner: Channel,
  target: Place,
  { signal, clock = systemClock, ladder }: Pick<ConnectParts, 'signal' | 'clock' | 'ladder'>,
): Promise<Channel> {
  const channel = new RelayChannel(inner)
  const talk = new Conversation({ channel, guard: new Guard(target.driver), clock, signal })
  await new LineLogin(channel, talk, target, clock, ladder).run()
  ladder?.pass('login', 'answered its questions')
  channel.release()
  return channel
}

class LineLogin {
  readonly #channel: RelayChannel
  readonly #talk: Conversation
  readonly #target: Place
  readonly #clock: Clock
  readonly #startedMs: number
  #gaveName = false
  #gavePassword = false
  #wakes = 0
  #heard = 0

  readonly #ladder: Climb | undefined

  constructor(channel: RelayChannel, talk: Conversation, target: Place, clock: Clock, ladder: Climb | undefined) {
    this.#ladder = ladder
    this.#channel = channel
    this.#talk = talk
    this.#target = target
    this.#clock = clock
    this.#startedMs = clock.nowMs()
  }

  async run(): Promise<void> {
    for (;;) {
      const step = await this.#next()
      if (step === 'open') return
      this.#answer(step)
    }
  }

  #next(): Promise<Step> {
    const { timeoutMs, options } = this.#target
    return this.#talk.wait<Step>({
      about: 'login',
      limits: { idleMs: timeoutMs, totalMs: timeoutMs, maxBytes: LOGIN_MAX_BYTES },
      step: (quietMs) => {
        if (this.#heard === 0 && this.#talk.bytes > 0) this.#greeted()
        this.#heard = Math.max(this.#heard, this.#talk.bytes)
        if (options.console && this.#heard === 0 && this.#wakes < WAKES_MAX) this.#wake(quietMs)
        return this.#judge(quietMs)
      },
      expired: () => this.#late(),
      ended: (end) => {
        throw this.#over(end.error)
      },
    })
  }

  #judge(quietMs: number): Step | undefined {
    const { tail } = this.#talk.terminal
    const { login, prompt } = this.#target.driver
    // Some systems echo a password; it is no prompt, and must stand in no failure.
    if (tail.trim() === '' || (this.#gavePassword && tail === this.#target.password)) return undefined
    const asked = (login?.password ?? ASKS_PASSWORD).test(tail)
      ? 'password'
      : (login?.username ?? ASKS_NAME).test(tail) && !prompt.test(tail)
        ? 'name'
        : undefined
    const patience = asked || (this.#gavePassword && prompt.test(tail)) ? QUESTION_QUIET_MS : PROMPT_QUIET_MS
    if (quietMs < patience) {
      this.#talk.wakeAfter(patience)
      return undefined
    }
    if (asked) return asked
    // Without a login only a prompt lets us in; behind one, whatever stands there is for the session to judge.
    return this.#gavePassword || prompt.test(tail) ? 'open' : undefined
  }

  #answer(step: 'name' | 'password'): void {
    const { username, password } = this.#target
    const again = step === 'name' ? this.#gaveName : this.#gavePassword
    if (again || (step === 'name' && this.#gavePassword)) throw this.#failure('PASSWORD_REJECTED')
    if (step === 'password' && password === undefined) throw this.#failure('METHOD_UNSUPPORTED', { asked: 'password' })
    if (step === 'name' && username === '') throw this.#failure('METHOD_UNSUPPORTED', { asked: 'user name' })
    if (step === 'name') this.#gaveName = true
    else this.#gavePassword = true
    this.#talk.terminal.forgetTail()
    this.#channel.forget()
    this.#channel.write((step === 'name' ? username : (password ?? '')) + ENTER)
  }

  /** Something is there and talks. Behind SSH that is no news. */
  #greeted(): void {
    if (this.#target.transport === 'telnet') this.#ladder?.pass('banner')
    this.#ladder?.enter('login')
  }

  /** A console line says nothing by itself. */
  #wake(quietMs: number): void {
    const dueMs = WAKE_AFTER_MS * (this.#wakes + 1)
    if (quietMs >= dueMs) {
      this.#wakes += 1
      this.#channel.write(ENTER)
    }
    if (this.#wakes < WAKES_MAX) this.#talk.wakeAfter(WAKE_AFTER_MS * (this.#wakes + 1))
  }

  /** The device hung up. Behind a secret that is as much as a rejection: trying again could lock the account. */
  #over(cause: Error | undefined): Failure {
    if (this.#gavePassword) return this.#failure('PASSWORD_REJECTED', { reason: 'the device ended the session' }, cause)
    if (this.#heard === 0) return this.#failure('BANNER_TIMEOUT', { closed: true }, cause)
    return this.#failure('CONNECTION_LOST', { stage: 'login' }, cause)
  }

  #late(): Failure {
    if (this.#heard === 0) return this.#failure('BANNER_TIMEOUT')
    if (this.#gavePassword) return this.#failure('CONNECTION_LOST', { stage: 'login', reason: 'no answer in time' })
    const lastLine = this.#talk.terminal.tail
      .replace(/[^ -~]/g, '?')
      .trim()
      .slice(0, SHOWN_MAX)
    return this.#failure('PROMPT_NOT_FOUND', { driver: this.#target.driver.name, lastLine })
  }

  #failure(
    code: 'PASSWORD_REJECTED' | 'METHOD_UNSUPPORTED' | 'BANNER_TIMEOUT' | 'CONNECTION_LOST' | 'PROMPT_NOT_FOUND',
    details: FailureDetails = {},
    cause?: Error,
  ): Failure {
    const { address, port } = this.#target
    const elapsedMs = Math.round(this.#clock.nowMs() - this.#startedMs)
    return new Failure(code, { address, port, elapsedMs, ...details }, cause ? { cause } : undefined)
  }
}
