/** How an HTTP session proves who asks. Each secret is given to the device once for each session, never again after a refusal. */
import { randomBytes } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import type { ExchangeLimits, Sink } from '../channel.ts'
import type { HttpPlan, HttpStep } from '../http-plan.ts'
import type { Climb } from '../ladder.ts'
import type { Target } from '../target.ts'
import type { Ask, Told } from './http.ts'
import { type DigestChallenge, digestAnswer, digestChallenge } from './http-digest.ts'

const STEP_MAX_BYTES = 4 * 1024 * 1024

interface Client {
  ask(ask: Ask, command: string, limits: ExchangeLimits, into?: Sink): Promise<Told>
}

type Values = Readonly<Record<string, string>>

export class HttpLogin {
  readonly #plan: HttpPlan
  readonly #target: Target
  readonly #client: Client
  readonly #values: Record<string, string>
  #challenge: DigestChallenge | undefined
  #count = 0
  #proved = false

  readonly #ladder: Climb | undefined

  constructor(plan: HttpPlan, target: Target, client: Client, ladder?: Climb) {
    this.#plan = plan
    this.#ladder = ladder
    this.#target = target
    this.#client = client
    this.#values = { username: target.username, password: target.password ?? '' }
  }

  /** Runs the steps of a session, where the plan has some. @throws Failure PASSWORD_REJECTED and as `HttpClient.ask` */
  async begin(): Promise<void> {
    const { login } = this.#plan
    if (login.kind !== 'session') return
    this.#ladder?.enter('login')
    for (const step of login.steps) await this.#step(step)
    this.#proved = true
    this.#ladder?.pass('login', login.kind)
  }

  /** A request with what proves who asks. @throws Failure PASSWORD_REJECTED and as `HttpClient.ask` */
  async ask(ask: Ask, command: string, limits: ExchangeLimits, into?: Sink): Promise<Told> {
    if (this.#proved) return this.#ask(ask, command, limits, into)
    // Without a step of its own the login is judged with the first request.
    this.#ladder?.enter('login')
    const told = await this.#ask(ask, command, limits, into)
    this.#ladder?.pass('login', this.#plan.login.kind)
    this.#ladder?.enter('command')
    return told
  }

  async #ask(ask: Ask, command: string, limits: ExchangeLimits, into?: Sink): Promise<Told> {
    const headers = { ...filled(this.#plan.headers, this.#values), ...ask.headers, ...this.#standing() }
    if (this.#plan.login.kind === 'digest') return this.#digest({ ...ask, headers }, command, limits, into)
    const told = await this.#client.ask({ ...this.#filled(ask), headers }, command, limits, into)
    if (told.status === 401 && !this.#proved) throw this.#rejected({ status: 401 })
    this.#proved = true
    return told
  }

  #filled(ask: Ask): Ask {
    const { fill: kind } = this.#plan
    if (kind === undefined) return ask
    const encode = ENCODINGS[kind]
    const body = ask.body === undefined ? undefined : fill(ask.body, this.#values, encode)
    return {
      ...ask,
      path: fill(
        ask.path,
        this.#values,
        kind === 'url' || kind === 'xml in a form' ? encode : (text) => encodeURIComponent(encode(text)),
      ),
      body,
    }
  }

  /** Says good-bye; whatever comes of it. */
  async end(): Promise<void> {
    const { logout } = this.#plan
    if (!logout || !this.#proved) return
    await this.#send(logout).catch(() => undefined)
  }

  #standing(): Values {
    const { login } = this.#plan
    const { username, password } = this.#values
    if (login.kind === 'basic') return { authorization: basic(username, password) }
    if (login.kind === 'token') return filled({ [login.header]: login.value }, this.#values)
    return login.kind === 'session' ? filled(login.headers, this.#values) : {}
  }

  /** The first request goes without; the challenge that it brings is answered, once (RFC 7616 section 3.3). */
  async #digest(ask: Ask, command: string, limits: ExchangeLimits, into?: Sink): Promise<Told> {
    const told = await this.#client.ask(this.#answered(ask), command, limits, into)
    if (told.status !== 401) return told
    const challenges = headerValues(told, 'www-authenticate')
    const challenge = digestChallenge(challenges)
    const isStale = challenges.some((text) => /\bstale="?true/i.test(text))
    if (this.#challenge && !isStale) throw this.#rejected({ status: 401 })
    const headers = challenge ? undefined : this.#fallBack(challenges)
    if (challenge) [this.#challenge, this.#count] = [challenge, 0]
    const again = await this.#client.ask(
      headers ? { ...ask, headers: { ...ask.headers, ...headers } } : this.#answered(ask),
      command,
      limits,
      into,
    )
    if (again.status === 401) throw this.#rejected({ status: 401 })
    this.#proved = true
    return again
  }

  #answered(ask: Ask): Ask {
    const { username = '', password = '' } = this.#values
    if (!this.#challenge) return ask
    this.#count += 1
    const { method, path: uri } = ask
    const cnonce = randomBytes(16).toString('hex')
    const authorization = digestAnswer(this.#challenge, { method, uri, username, password, count: this.#count, cnonce })
    return { ...ask, headers: { ...ask.headers, authorization } }
  }

  /** A device that wants Basic gets it, but only where nobody can listen. */
  #fallBack(challenges: readonly string[]): Values {
    const { username, password } = this.#values
    const wantsBasic = challenges.some((text) => /(?:^|,\s*)Basic\b/i.test(text))
    if (wantsBasic && this.#target.transport === 'https') return { authorization: basic(username, password) }
    throw new Failure('METHOD_UNSUPPORTED', { ...this.#where(), methods: challenges.map((text) => text.slice(0, 60)) })
  }

  async #step(step: HttpStep): Promise<void> {
    const told = await this.#send(step)
    const { status } = told
    const body = told.body.toString('utf8')
    if (status === 401 || status === 403 || step.refusedStatus?.includes(status) || step.refused?.test(body))
      throw this.#rejected({ status })
    if (status >= 400) throw new Failure('HTTP_STATUS', { ...this.#where(), command: step.request, status })
    const header = Object.entries(told.message.headers).map(([name, value]) => `${name}: ${value}`)
    const text = `${body}\n${header.join('\n')}`
    for (const [name, pattern] of Object.entries(step.take ?? {})) {
      const value = pattern.exec(text)?.groups?.value
      if (value === undefined) throw this.#rejected({ status, missing: name })
      this.#values[name] = value
    }
  }

  #send(step: HttpStep): Promise<Told> {
    const { timeoutMs } = this.#target
    const [method = 'GET', path = '/'] = step.request.split(' ')
    const limits = { idleMs: timeoutMs, totalMs: timeoutMs, maxBytes: STEP_MAX_BYTES }
    const content = this.#content(step)
    const headers = {
      ...filled(this.#plan.headers, this.#values),
      ...content.headers,
      ...filled(step.headers, this.#values),
    }
    const filledPath = fill(path, this.#values, encodeURIComponent)
    return this.#client.ask({ method, path: filledPath, body: content.body, headers }, `${method} ${path}`, limits)
  }

  #content(step: HttpStep): { body?: string; headers: Values } {
    if (step.form) {
      const isXml = this.#plan.fill?.startsWith('xml') ?? false
      const fields = Object.entries(step.form).map(([name, text]): [string, string] => [
        name,
        fill(text, this.#values, isXml ? inXml : undefined),
      ])
      const body = new URLSearchParams(fields).toString()
      return { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    }
    if (step.json === undefined) return { headers: {} }
    const body = fill(step.json, this.#values, ENCODINGS.json)
    return { body, headers: { 'content-type': 'application/json' } }
  }

  #rejected(details: object): Failure {
    return new Failure('PASSWORD_REJECTED', { ...this.#where(), ...details })
  }

  #where() {
    const { address, port } = this.#target
    return { address, port }
  }
}

const XML_SIGNS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

const inXml = (text: string) => text.replace(/[&<>"']/g, (sign) => XML_SIGNS[sign] ?? sign)

const ENCODINGS: Readonly<Record<NonNullable<HttpPlan['fill']>, (text: string) => string>> = {
  xml: inXml,
  'xml in a form': (text) => encodeURIComponent(inXml(text)),
  json: (text) => JSON.stringify(text).slice(1, -1),
  url: encodeURIComponent,
}

function basic(username = '', password = ''): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function headerValues({ message }: Told, name: string): string[] {
  const { rawHeaders } = message
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
}

function filled(texts: Values | undefined, values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(texts ?? {}).map(([name, text]) => [name, fill(text, values)]))
}

/** A value is put in as it is, and never looked at for further names. */
function fill(text: string, values: Values, encode: (value: string) => string = (value) => value): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? encode(values[name] ?? '') : whole,
  )
}
