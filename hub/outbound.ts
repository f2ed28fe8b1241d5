/**
 * The one way out to addresses that users set: webhooks, sign-on servers. A name is looked up once, every address of it is judged, and
 * the connection goes to one of those very addresses, so that a name can't change its mind in between (DNS rebinding). Redirects are
 * not followed, proxies of the environment not used, and neither time nor size is without bound.
 */
import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { Failure } from '@netraven/protocol/failure.ts'
import { type AddressRange, isPublic, isWithin, parseAddress } from './address-ranges.ts'

export interface OutboundParts {
  /** Networks that may be reached although they are not public. */
  readonly allowed: readonly AddressRange[]
  /** All addresses of a name; the system's resolver when absent. @throws when it has none */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  /** Of a whole exchange, ms. */
  readonly limitMs?: number
  /** Of an answer, bytes. */
  readonly limitBytes?: number
}

export interface Outbound {
  /**
   * Whether an address that somebody sets could be reached, as far as that can be told now.
   * @throws Failure OUTBOUND_REFUSED, OUTBOUND_FAILED
   */
  check(url: string | URL): Promise<void>
  /**
   * Like the fetch of the platform, whose place it takes in libraries; a redirect is an answer like any other.
   * @throws Failure OUTBOUND_REFUSED, OUTBOUND_FAILED
   */
  fetch(url: string | URL, init?: OutboundInit): Promise<Response>
}

export interface OutboundInit {
  readonly method?: string
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: string | URLSearchParams | Uint8Array | null
  readonly signal?: AbortSignal | null
}

interface Target {
  readonly url: URL
  /** Where to connect to. */
  readonly address: string
}

const LIMIT_MS = 15_000
const LIMIT_BYTES = 1024 * 1024

export function openOutbound(parts: OutboundParts): Outbound {
  const { allowed, resolve = resolveAll, limitMs = LIMIT_MS, limitBytes = LIMIT_BYTES } = parts

  const targetOf = async (given: string | URL, signal: AbortSignal): Promise<Target> => {
    const url = URL.parse(String(given))
    const shown = url ? `${url.protocol}//${url.host}` : 'no URL'
    const refused = (reason: string) => new Failure('OUTBOUND_REFUSED', { url: shown, reason })
    if (!url || !['https:', 'http:'].includes(url.protocol)) throw refused('neither https:// nor http://')
    if (url.username !== '' || url.password !== '') throw refused('has a password in it')
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const literal = parseAddress(host)
    const texts = literal
      ? [host]
      : await within(signal, resolve(host)).catch((error) => Promise.reject(failed(url, error)))
    const addresses = texts.map((text) => parseAddress(text.replace(/%.*$/, '')))
    const first = addresses[0]
    if (!first) throw failed(url, new Error('the name has no address'))
    for (const address of addresses) {
      if (!address) throw refused('the name resolves to what is no address')
      const isAllowed = allowed.some((range) => isWithin(address, range))
      // One bad address is enough: which one is taken would be up to whoever keeps the name.
      if (!isAllowed && !isPublic(address)) throw refused(`it leads to ${address.toString()}, which is not public`)
      if (!isAllowed && url.protocol === 'http:') throw refused('http:// to the Internet')
    }
    return { url, address: first.toString() }
  }

  return {
    async check(url) {
      await targetOf(url, AbortSignal.timeout(limitMs))
    },
    async fetch(given, init = {}) {
      const limit = AbortSignal.timeout(limitMs)
      const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
      const target = await targetOf(given, signal)
      try {
        return await exchange(target, init, signal, limitBytes)
      } catch (error) {
        throw failed(target.url, error)
      }
    },
  }
}

async function exchange(
  target: Target,
  init: OutboundInit,
  signal: AbortSignal,
  limitBytes: number,
): Promise<Response> {
  const { url, address } = target
  const body = bodyOf(init.body)
  const headers = new Headers(init.headers)
  if (init.body instanceof URLSearchParams && !headers.has('content-type'))
    headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
  if (body) headers.set('content-length', String(body.length))
  headers.set('accept-encoding', 'identity')
  const options: RequestOptions = {
    method: init.method ?? 'GET',
    headers: Object.fromEntries(headers),
    // Its own connection: none that an earlier name has left open.
    agent: false,
    signal,
    lookup: pinnedTo(address),
  }
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    send(url, options, resolve).on('error', reject).end(body)
  })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limitBytes) throw new Error(`the answer has more than ${limitBytes} bytes`)
    chunks.push(chunk)
  }
  const status = answer.statusCode ?? 502
  const told = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  const isEmpty = [204, 205, 304].includes(status)
  return new Response(isEmpty ? null : new Uint8Array(Buffer.concat(chunks)), { status, headers: told })
}

/** Whatever is looked up, this is found. */
function pinnedTo(address: string): LookupFunction {
  const family = address.includes(':') ? 6 : 4
  return (_, { all }, found) => {
    if (all) found(null, [{ address, family }])
    else found(null, address, family)
  }
}

const bodyOf = (body: OutboundInit['body']) =>
  body === undefined || body === null ? undefined : Buffer.from(body instanceof Uint8Array ? body : body.toString())

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

/** The resolver of the system can't be told to stop; its answer is no longer waited for. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      const stop = () => reject(signal.reason)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    }),
  ])
}

function failed(url: URL, error: unknown): Failure {
  if (error instanceof Failure) return error
  const { code, name, message } = error as NodeJS.ErrnoException
  const isLate = name === 'TimeoutError' || (name === 'AbortError' && code === 'ABORT_ERR')
  const reason = isLate ? 'no answer in time' : (code ?? message)
  return new Failure('OUTBOUND_FAILED', { url: `${url.protocol}//${url.host}`, reason }, { cause: error })
}
