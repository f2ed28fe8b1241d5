/**
 * The hub's API as the command line uses it: one place for time limits, for waiting as long as the hub says, and for turning
 * its refusals into failures. Only questions that change nothing are asked again.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { z } from 'zod'
import { ErrorEnvelope } from '../api/error.ts'

export interface ClientParts {
  /** Begins with https://, or http:// for this very machine. */
  readonly hub: string
  readonly token?: string | undefined
  readonly fetch: typeof fetch
  /** Clock in ms. */
  readonly clock: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** 0 up to 1. */
  readonly random: () => number
  readonly userAgent: string
}

export interface Asking {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Limit of one try, ms. Default 60,000. */
  readonly limitMs?: number
  /**
   * How long to go on when the hub is out of reach, ms. Default 0: say so at once. A hub that asks to wait (429, 503 with
   * Retry-After) is waited for up to 10 s in any case.
   */
  readonly patienceMs?: number
}

const BUSY_PATIENCE_MS = 10_000
const MAX_PAUSE_MS = 30_000

export class Client {
  readonly #parts: ClientParts

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  get hub(): string {
    return this.#parts.hub
  }

  async get<T>(path: string, schema: z.ZodType<T>, asking: Asking = {}): Promise<T> {
    return this.#parse(await this.#patiently(path, asking), schema)
  }

  async text(path: string, asking: Asking = {}): Promise<string> {
    return (await this.bytes(path, asking)).toString()
  }

  async bytes(path: string, asking: Asking = {}): Promise<Buffer> {
    const response = await this.#patiently(path, asking)
    return Buffer.from(await this.#received(response.arrayBuffer()))
  }

  /** All pages of a list, item by item. */
  async *items<T>(
    path: string,
    schema: z.ZodType<{ items: T[]; nextCursor: string | null }>,
    query: Asking['query'] = {},
  ): AsyncGenerator<T> {
    let cursor: string | undefined
    do {
      const page = await this.get(path, schema, { query: { ...query, cursor } })
      yield* page.items
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }

  async send<T>(method: 'POST' | 'PATCH', path: string, body: unknown, schema: z.ZodType<T>, asking: Asking = {}) {
    const isText = typeof body === 'string'
    const init: RequestInit = {
      method,
      headers: { 'content-type': isText ? 'text/csv' : 'application/json' },
      body: isText ? body : JSON.stringify(body),
    }
    return this.#parse(await this.#once(path, asking, init), schema)
  }

  /** POST or DELETE without question or answer. */
  async command(method: 'POST' | 'DELETE', path: string): Promise<void> {
    await this.#once(path, {}, { method })
  }

  async #patiently(path: string, asking: Asking): Promise<Response> {
    const { clock, sleep, random } = this.#parts
    const startedAt = clock()
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(path, asking, { method: 'GET' })
      } catch (error) {
        const pauseMs = pauseAfter(error, tries, clock() - startedAt, asking.patienceMs ?? 0)
        if (pauseMs === undefined) throw error
        // Never sooner than the hub asked for; all who wait spread over half as much again.
        await sleep(pauseMs * (1 + random() / 2))
      }
    }
  }

  async #once(path: string, { query = {}, limitMs = 60_000 }: Asking, init: RequestInit): Promise<Response> {
    const { hub, token, userAgent } = this.#parts
    const url = new URL(path, hub)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const headers = new Headers(init.headers)
    headers.set('user-agent', userAgent)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    const signal = AbortSignal.timeout(limitMs)
    const response = await this.#received(this.#parts.fetch(url, { ...init, headers, signal, redirect: 'error' }))
    if (response.ok) return response
    throw this.#refusal(response, await this.#received(response.text()))
  }

  async #received<T>(pending: Promise<T>): Promise<T> {
    try {
      return await pending
    } catch (error) {
      throw unreachable(this.#parts.hub, error)
    }
  }

  #refusal(response: Response, text: string): Failure {
    const parsed = ErrorEnvelope.safeParse(parseJson(text))
    if (!parsed.success) return notAHub(this.#parts.hub, `it answers with status ${response.status}`)
    const { error } = parsed.data
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    const isBusy = Number.isFinite(seconds) && [429, 503].includes(response.status)
    const cause = new Refused(error, response.status)
    const failure = Failure.fromWire(error)
    return new Failure(failure.code, failure.details, { cause: isBusy ? new Busy(cause, seconds) : cause })
  }

  async #parse<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
    const parsed = schema.safeParse(parseJson(await this.#received(response.text())))
    if (parsed.success) return parsed.data
    const where = parsed.error.issues[0]?.path.join('.') ?? ''
    throw notAHub(this.#parts.hub, where === '' ? 'its answer is not what a hub says' : `its answer lacks ${where}`)
  }
}

/** What the hub said about a failure, for showing it in the hub's own words: it may be newer than this command. */
export class Refused {
  readonly error: ErrorEnvelope['error']
  readonly status: number

  constructor(error: ErrorEnvelope['error'], status: number) {
    this.error = error
    this.status = status
  }
}

class Busy extends Refused {
  readonly retryAfterSeconds: number

  constructor({ error, status }: Refused, retryAfterSeconds: number) {
    super(error, status)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** @returns ms to wait before the next try; undefined when there is none */
function pauseAfter(error: unknown, tries: number, elapsedMs: number, patienceMs: number): number | undefined {
  if (!(error instanceof Failure)) return undefined
  if (error.code === 'HUB_UNREACHABLE') return elapsedMs < patienceMs ? Math.min(250 * 2 ** tries, 5_000) : undefined
  const seconds = error.cause instanceof Busy ? error.cause.retryAfterSeconds : undefined
  if (seconds === undefined) return undefined
  const pauseMs = Math.min(seconds * 1000, MAX_PAUSE_MS)
  return elapsedMs + pauseMs <= Math.max(patienceMs, BUSY_PATIENCE_MS) ? pauseMs : undefined
}

/** Tells a certificate that is not trusted from a hub that is away, by node's error codes. */
function unreachable(hub: string, error: unknown): Failure {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : ''
  if (/^(?:CERT_|ERR_TLS|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_SSL|HOSTNAME_MISMATCH)/.test(code)) {
    return new Failure('HUB_TLS', { hub, reason: code }, { cause: error })
  }
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  const reason = isLate ? 'no answer in time' : code || 'connection failed'
  return new Failure('HUB_UNREACHABLE', { hub, reason }, { cause: error })
}

function notAHub(hub: string, reason: string): Failure {
  return new Failure('HUB_UNREACHABLE', { hub, reason: `something else than a hub is there: ${reason}` })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
