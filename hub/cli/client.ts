/**
 * The hub's API as the command line uses it: one place for time limits, for waiting as long as the hub says, for tokens that expire,
 * and for turning refusals into failures. Questions that change nothing are asked again; a change is sent again only when the hub did
 * nothing about it: its token had expired, or its sender asked too often.
 */
import { randomUUID } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import type { z } from 'zod'
import { ErrorEnvelope } from '../api/error.ts'
import { Busy, isLimited, pauseAfter, pauseOfLimit, Refused } from './refusal.ts'
import type { Bearer } from './stored-session.ts'

export interface ClientParts {
  /** Begins with https://, or http:// for this very machine. */
  readonly hub: string
  /** Absent: nobody is logged in yet. */
  readonly bearer?: Bearer | undefined
  readonly fetch: typeof fetch
  /** Clock in ms. */
  readonly clock: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** 0 up to 1. */
  readonly random: () => number
  /** Called once for each pause that the hub asks for because too much was asked. */
  readonly onLimited?: (seconds: number) => void
  readonly userAgent: string
}

export interface Asking {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Limit of one try, ms. Default 60,000. */
  readonly limitMs?: number
  /**
   * How long to go on when the hub is out of reach, ms. Default 0: say so at once. A hub that asks to wait (429, 503 with
   * Retry-After) is waited for up to 10 s in any case, a limit of calls a minute (RATE_LIMITED_…) up to 70 s.
   */
  readonly patienceMs?: number
}

const SILENCE_MS = 45_000
/** All who wait spread over half as much again as they were asked to wait, but not over more than this, ms. */
const MAX_SPREAD_MS = 5_000

export class Client {
  readonly #parts: ClientParts
  /** Until when it was already said that the hub asks to wait, by the clock in ms. */
  #toldUntil = 0

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

  /** As it comes, so that it need not fit into memory. */
  async *stream(path: string, asking: Asking = {}): AsyncGenerator<Uint8Array> {
    const { body } = await this.#patiently(path, asking)
    const reader = body?.getReader()
    if (!reader) return
    try {
      for (let part = await this.#received(reader.read()); !part.done; part = await this.#received(reader.read()))
        yield part.value
    } finally {
      await reader.cancel()
    }
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

  /**
   * Server-sent events as they come (HTML standard, 9.2), until the hub ends them; comments are left out.
   * @throws Failure HUB_UNREACHABLE also when nothing came for 45 s: a hub says something every 15
   */
  async *events(path: string): AsyncGenerator<{ event: string; data: string }> {
    const limitMs = 24 * 60 * 60_000
    const { body } = await this.#once(path, { limitMs }, { method: 'GET', headers: { accept: 'text/event-stream' } })
    if (!body) return
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    let isSilent = false
    const silence = setTimeout(() => {
      isSilent = true
      void reader.cancel()
    }, SILENCE_MS)
    try {
      let text = ''
      for (let part = await this.#received(reader.read()); !part.done; part = await this.#received(reader.read())) {
        silence.refresh()
        text += part.value
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const field = (name: string) =>
            block
              .split('\n')
              .find((line) => line.startsWith(`${name}: `))
              ?.slice(name.length + 2)
          const data = field('data')
          if (data !== undefined) yield { event: field('event') ?? 'message', data }
        }
      }
      if (isSilent) throw unreachable(this.#parts.hub, new DOMException('silent', 'TimeoutError'))
    } finally {
      clearTimeout(silence)
      await reader.cancel()
    }
  }

  async send<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    asking: Asking = {},
  ) {
    const isText = typeof body === 'string'
    const content = { 'content-type': isText ? 'text/csv' : 'application/json' }
    const headers = { ...(body !== undefined && content), ...keyOf(method) }
    const init = { method, headers, ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }) }
    return this.#parse(await this.#unlessLimited(path, asking, init), schema)
  }

  /** POST or DELETE without question or answer. */
  async command(method: 'POST' | 'DELETE', path: string): Promise<void> {
    await this.#unlessLimited(path, {}, { method, headers: keyOf(method) })
  }

  #patiently(path: string, asking: Asking): Promise<Response> {
    const patienceMs = asking.patienceMs ?? 0
    return this.#again(path, asking, { method: 'GET' }, (...args) => pauseAfter(...args, patienceMs))
  }

  /** A change: what was refused for asking too often was not begun. */
  #unlessLimited(path: string, asking: Asking, init: RequestInit): Promise<Response> {
    return this.#again(path, asking, init, (error, _, elapsedMs) => pauseOfLimit(error, elapsedMs))
  }

  /** @param pauseOf ms to wait before the next try; undefined when there is none */
  async #again(
    path: string,
    asking: Asking,
    init: RequestInit,
    pauseOf: (error: unknown, tries: number, elapsedMs: number) => number | undefined,
  ): Promise<Response> {
    const { clock, sleep, random } = this.#parts
    const startedAt = clock()
    let waitedMs = 0
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once(path, asking, init)
      } catch (error) {
        // Patience with a limit is for the waiting alone, however slow the answers are.
        const pauseMs = pauseOf(error, tries, isLimited(error) ? waitedMs : clock() - startedAt)
        if (pauseMs === undefined) throw error
        if (isLimited(error)) this.#tellOfLimit(pauseMs)
        // Never sooner than the hub asked for.
        const spreadMs = Math.min(pauseMs / 2, MAX_SPREAD_MS) * random()
        waitedMs += pauseMs
        await sleep(pauseMs + spreadMs)
      }
    }
  }

  /** Several questions that wait at once say so once. */
  #tellOfLimit(pauseMs: number): void {
    const now = this.#parts.clock()
    if (now < this.#toldUntil) return
    this.#toldUntil = now + pauseMs + MAX_SPREAD_MS
    this.#parts.onLimited?.(Math.ceil(pauseMs / 1000))
  }

  async #once(path: string, asking: Asking, init: RequestInit): Promise<Response> {
    const { bearer } = this.#parts
    const token = await bearer?.token()
    try {
      return await this.#asked(path, asking, init, token)
    } catch (error) {
      if (token === undefined || !(error instanceof Failure) || error.code !== 'TOKEN_EXPIRED') throw error
      // The hub did nothing yet, so even a change may be sent again.
      const next = await bearer?.next(token)
      if (next === undefined) throw error
      return this.#asked(path, asking, init, next)
    }
  }

  async #asked(
    path: string,
    { query = {}, limitMs = 60_000 }: Asking,
    init: RequestInit,
    token: string | undefined,
  ): Promise<Response> {
    const { hub, userAgent } = this.#parts
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

/** Names a POST, so that it is done once however often it is sent. */
function keyOf(method: string): Record<string, string> {
  return method === 'POST' ? { 'idempotency-key': randomUUID() } : {}
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
