/**
 * Login by questions on a line: Telnet, the port of a console server, a system that asks once more after SSH. What an answer
 * means is told by the state, not by words: who is asked again for what it has given was rejected. Each secret is given once.
 * Before the first question there may be a screen that wants a key: the driver's `answers` know it, and Enter any that says so.
 */
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import type { Channel } from './channel.ts'
import { type Clock, systemClock } from './clock.ts'
import { Conversation } from './conversation.ts'
import { ANSWERS_MAX, type Answer } from './driver.ts'
import { ENTER, Guard } from './guard.ts'
import type { Climb } from './ladder.ts'
import { RelayChannel } from './relay-channel.ts'
import type { ConnectParts, Target } from './target.ts'

/** Questions as most systems put them; a driver may have its own. The unfinished last line, anchored at its end. */
const ASKS_NAME =
  /(?:log ?in|user(?: ?name|-?id)?|account|name|benutzer(?:name)?|usuario|utilisateur)[^\n:>]{0,30}[:>] ?$/i
const ASKS_PASSWORD =
  /(?:pass(?:word|code|phrase|wd)?|kennwort|passwort|contrase\S{1,3}a|mot de passe)[^\n:>]{0,40}[:>] ?$/i

/** A screen that wants a key; Enter is one. Also where more line ends stand behind it, as on a Cisco console. */
const ASKS_KEY = /\b(?:press|hit|strike|type)\b.{0,40}\b(?:return|enter|(?:any|a) key)\b.{0,60}$/i

/** A question has come whole when nothing follows it for so long, ms: banners have lines like `Password:` too. */
const QUESTION_QUIET_MS = 120
/** A last line that is no question stands for so long before it counts as a prompt, ms. */
const PROMPT_QUIET_MS = 1000
/** A silent console line is woken after so long, ms, and no more often than so. */
const WAKE_AFTER_MS = 1500
const WAKES_MAX = 3
/** Banner and questions, bytes. */
const LOGIN_MAX_BYTES = 1024 * 1024
/** The last line with something on it is looked for in so much, bytes. */
const LAST_BYTES = 1024
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
  /** How often each answer was given; Enter is the one without a pattern. */
  readonly #answered = new Map<Answer | undefined, number>()
  /** Where the last one was given: there it is not given again. */
  #answeredAt = { size: -1, tail: '' }

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
        const gave = this.#gaveName || this.#gavePassword
        const silent = this.#talk.terminal.tail.trim() === ''
        if (!gave && this.#answers(quietMs)) return undefined
        if (options.console && silent && !gave && this.#wakes < WAKES_MAX) this.#wake(quietMs)
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
    const { prompt } = this.#target.driver
    // Some systems echo a password; it is no prompt, and must stand in no failure.
    if (tail.trim() === '' || (this.#gavePassword && tail === this.#target.password)) return undefined
    const asked = this.#asked(tail)
    const patience = asked || (this.#gavePassword && prompt.test(tail)) ? QUESTION_QUIET_MS : PROMPT_QUIET_MS
    if (quietMs < patience) {
      this.#talk.wakeAfter(patience)
      return undefined
    }
    if (asked) return asked
    // Without a login only a prompt lets us in; behind one, whatever stands there is for the session to judge.
    return this.#gavePassword || prompt.test(tail) ? 'open' : undefined
  }

  #asked(tail: string): 'name' | 'password' | undefined {
    const { login, prompt } = this.#target.driver
    if ((login?.password ?? ASKS_PASSWORD).test(tail)) return 'password'
    return (login?.username ?? ASKS_NAME).test(tail) && !prompt.test(tail) ? 'name' : undefined
  }

  /** @returns whether the screen that stands there is one to be answered: it is, or is looked at again when it has stood for longer */
  #answers(quietMs: number): boolean {
    const { driver, options } = this.#target
    const { lines, tail } = this.#talk.terminal
    const silentConsole = options.console && this.#heard === 0
    const answer = silentConsole ? undefined : driver.answers.find(({ when }) => when.test(tail))
    const enters = !answer && ASKS_KEY.test(this.#lastWords()) && !this.#asked(tail) && !driver.prompt.test(tail)
    if (!answer && !enters) return false
    const last = this.#answeredAt
    const times = this.#answered.get(answer) ?? 0
    if (times === ANSWERS_MAX || (last.size === lines.length && tail.startsWith(last.tail))) return false
    // An answer to silence is for devices that say nothing before they are greeted.
    const patienceMs = tail === '' && answer ? WAKE_AFTER_MS : PROMPT_QUIET_MS
    if (quietMs < patienceMs) {
      this.#talk.wakeAfter(patienceMs)
      return true
    }
    this.#answered.set(answer, times + 1)
    this.#answeredAt = { size: lines.length, tail }
    this.#channel.forget()
    this.#talk.say(answer ? { kind: 'answer', text: answer.send } : { kind: 'enter' })
    return true
  }

  /** The last line with something on it. */
  #lastWords(): string {
    const { lines, tail } = this.#talk.terminal
    if (tail.trim() !== '') return tail
    const end = lines.slice(Math.max(0, lines.length - LAST_BYTES), lines.length).toString('latin1')
    return end.trimEnd().split('\n').at(-1) ?? ''
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
    const lastLine = this.#lastWords()
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
