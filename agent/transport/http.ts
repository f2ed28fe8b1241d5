/** HTTP and HTTPS to one device: one connection at a time, the driver's own requests and no others. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Failure } from '@netraven/protocol/failure.ts'
import { HEAD_BYTES } from '../artifact-check.ts'
import type { Channel, Connection, ExchangeLimits, ExchangeReply, Sink } from '../channel.ts'
import { systemClock } from '../clock.ts'
import type { Climb } from '../ladder.ts'
import { Patience } from '../patience.ts'
import type { ConnectParts, Target } from '../target.ts'
import { fileIn } from './http-file.ts'
import { HttpLogin } from './http-login.ts'
import { readable } from './media.ts'
import { connectTcp } from './tcp.ts'
import { connectTls } from './tls.ts'

/** As a driver writes a request: method, path, perhaps a body. */
const REQUEST = /^(GET|POST) (\/\S*)(?: ([\s\S]*))?$/
const REDIRECTS_MAX = 3
/** A whole body may be pretty-printed, which takes many times its size. */
const BODY_MAX_BYTES = 64 * 1024 * 1024
const SAID_MAX = 300

export interface Ask {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly body?: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

export interface Told {
  readonly status: number
  readonly message: IncomingMessage
  /** Empty when its bytes went elsewhere. */
  readonly body: Buffer
  /** How it begins. */
  readonly head: Buffer
}

/**
 * Connects, which verifies the certificate, and logs in where that is a step of its own.
 * @throws Failure as `connectTcp`, `connectTls` and `HttpLogin.begin`; TRANSPORT_UNSUPPORTED, NO_CREDENTIAL
 */
export async function connectHttp(target: Target, parts: ConnectParts): Promise<Connection> {
  const plan = target.driver.http
  if (!plan) throw new Failure('TRANSPORT_UNSUPPORTED', { transport: target.transport, driver: target.driver.name })
  if (target.password === undefined) throw new Failure('NO_CREDENTIAL', { reason: 'HTTP wants a password or a token' })
  const client = new HttpClient(target, parts)
  try {
    await client.open()
    const login = new HttpLogin(plan, target, client, parts.ladder)
    await login.begin()
    return new HttpConnection(client, login)
  } catch (error) {
    client.close()
    throw error
  }
}

class HttpConnection implements Connection {
  readonly #client: HttpClient
  readonly #login: HttpLogin

  constructor(client: HttpClient, login: HttpLogin) {
    this.#client = client
    this.#login = login
  }

  async exchange(command: string, limits: ExchangeLimits, into?: Sink): Promise<ExchangeReply> {
    const [, method, path, body] = REQUEST.exec(command) ?? []
    if (method === undefined || path === undefined)
      throw new Failure('POLICY_COMMAND', { command: command.slice(0, 200) })
    const told = await this.#login.ask({ method, path, body, headers: {} }, command, limits, into)
    return replyOf(
      told,
      into && path,
      this.#client.failure('HTTP_STATUS', { command, status: told.status, said: saidBy(told) }),
    )
  }

  async shell(): Promise<Channel> {
    throw new Failure('CHANNEL_REFUSED', { reason: 'HTTP has no shell' })
  }

  async exec(): Promise<Channel> {
    throw new Failure('CHANNEL_REFUSED', { reason: 'HTTP has no exec channel' })
  }

  close(): void {
    this.#login.end().finally(() => this.#client.close())
  }
}

/**
 * @param path of a file whose bytes have gone elsewhere already
 * @throws `failed` when the device itself has a problem
 */
function replyOf(told: Told, path: string | undefined, failed: Failure): ExchangeReply {
  const { status, body, message } = told
  if (isWell(message)) {
    if (path !== undefined) return { bytes: Buffer.alloc(0), ...fileIn(message, told.head, path) }
    const { bytes, doubt } = readable(body, message.headers['content-type'])
    return { bytes, ...(doubt === undefined ? {} : { doubt }) }
  }
  const nothing = { bytes: Buffer.alloc(0), aside: `${status} ${saidBy(told)}` }
  if (status === 401 || status === 403) return { ...nothing, refused: 'denied' }
  if (status >= 300 && status < 500 && status !== 408 && status !== 429) return { ...nothing, refused: 'unknown' }
  throw failed
}

const isWell = ({ statusCode = 0 }: IncomingMessage) => statusCode >= 200 && statusCode < 300

function saidBy({ body, message }: Told): string {
  const text = body.toString('utf8', 0, SAID_MAX * 4).replace(/<[^<>]{0,300}>/g, ' ')
  return `${message.statusMessage ?? ''} ${text}`
    .replace(/[^ -~]+/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, SAID_MAX)
}

/** Requests to this one device, one after the other. */
export class HttpClient {
  readonly #target: Target
  readonly #parts: ConnectParts
  readonly #agent: Agent
  readonly #cookies = new Map<string, string>()
  /** Connected and verified, for the next request. */
  #ready: Duplex | undefined

  constructor(target: Target, parts: ConnectParts) {
    this.#target = target
    this.#parts = parts
    this.#agent = new OneAtATime(() => this.#connect())
  }

  /** Sees that the device is there and is the right one. @throws Failure as `connectTcp` and `connectTls` */
  async open(): Promise<void> {
    this.#ready = await this.#connect(this.#parts.ladder)
  }

  /**
   * One request; cookies are kept, redirections on the same device followed.
   * @param command for failures
   * @param into takes the bytes of a good answer as they come, and of no other
   * @throws Failure DEVICE_COMMAND_TIMEOUT, OUTPUT_TOO_LARGE, CONNECTION_LOST, as `open`, or the reason of the signal
   */
  async ask(ask: Ask, command: string, limits: ExchangeLimits, into?: Sink): Promise<Told> {
    let told = await this.#once(ask, command, limits, into)
    for (let times = 0; times < REDIRECTS_MAX && ask.method === 'GET'; times += 1) {
      const path = this.#redirection(told, ask.path)
      if (path === undefined) break
      told = await this.#once({ ...ask, path }, command, limits, into)
    }
    return told
  }

  failure(code: 'HTTP_STATUS' | 'CONNECTION_LOST', details: object, cause?: Error): Failure {
    const { address, port } = this.#target
    return new Failure(code, { address, port, ...details }, cause ? { cause } : undefined)
  }

  close(): void {
    this.#ready?.destroy()
    this.#agent.destroy()
  }

  /** @param ladder absent: a later connection, which is no rung of its own */
  async #connect(ladder?: Climb): Promise<Duplex> {
    const ready = this.#ready
    this.#ready = undefined
    if (ready && !ready.destroyed) return ready
    const parts = { ...this.#parts, ladder }
    const stream = await (parts.dial?.(this.#target) ?? connectTcp(this.#target, parts))
    return this.#target.transport === 'https' ? connectTls(stream, this.#target, parts) : stream
  }

  #once({ method, path, body, headers }: Ask, command: string, limits: ExchangeLimits, into?: Sink): Promise<Told> {
    const { signal, clock = systemClock } = this.#parts
    const maxBytes = Math.min(limits.maxBytes, BODY_MAX_BYTES)
    return new Promise((resolve, reject) => {
      const over = (error: unknown) => {
        patience.end()
        request.destroy()
        reject(error)
      }
      const fail = (error: Error) =>
        over(
          error instanceof Failure ? error : this.failure('CONNECTION_LOST', { command, bytes: patience.bytes }, error),
        )
      const patience = new Patience({ command, limits: { ...limits, maxBytes }, clock, signal, over })
      const request = httpRequest({
        agent: this.#agent,
        method,
        path,
        headers: {
          host: this.#host(),
          accept: '*/*',
          'accept-encoding': 'identity',
          'user-agent': 'NetRaven',
          ...this.#cookieHeader(),
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      })
      request.on('error', fail)
      request.on('response', (message) => {
        const pieces: Buffer[] = []
        let head: Buffer = Buffer.alloc(0)
        const take = into && isWell(message) ? into : (bytes: Buffer) => pieces.push(bytes)
        this.#keepCookies(message)
        message.on('data', (bytes: Buffer) => {
          if (!patience.heard(bytes.length)) return
          if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)])
          try {
            take(bytes)
          } catch (error) {
            over(error)
          }
        })
        message.on('error', fail)
        message.on('close', () => {
          // Fewer bytes than were announced, or chunks without their end.
          if (!message.complete) fail(new Error('the answer broke off'))
        })
        message.on('end', () => {
          if (!message.complete) return
          patience.end()
          resolve({ status: message.statusCode ?? 0, message, body: Buffer.concat(pieces), head })
        })
      })
      request.end(body)
    })
  }

  #host(): string {
    const { name, port, transport } = this.#target
    const host = name.includes(':') ? `[${name}]` : name
    return port === (transport === 'https' ? 443 : 80) ? host : `${host}:${port}`
  }

  #redirection({ status, message }: Told, from: string): string | undefined {
    const { location } = message.headers
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined
    const base = `${this.#target.transport}://${this.#host()}`
    const to = URL.canParse(location, base + from) ? new URL(location, base + from) : undefined
    return to && to.origin === new URL(base).origin ? to.pathname + to.search : undefined
  }

  #cookieHeader(): { cookie?: string } {
    if (this.#cookies.size === 0) return {}
    return { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
  }

  /** One host, one session: what a browser would do with paths and dates does not matter here (RFC 6265). */
  #keepCookies({ headers }: IncomingMessage): void {
    for (const cookie of headers['set-cookie'] ?? []) {
      const [, name, value = ''] = /^\s*([^=;\s]{1,256})=([^;]{0,4096})/.exec(cookie) ?? []
      if (name === undefined) continue
      if (value === '' || /;\s*max-age=(?:0|-)/i.test(cookie)) this.#cookies.delete(name)
      else this.#cookies.set(name, value.trim())
    }
  }
}

/** Keeps its connection for the next request, and makes a new one by our own way. */
class OneAtATime extends Agent {
  readonly #connect: () => Promise<Duplex>

  constructor(connect: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 1 })
    this.#connect = connect
  }

  /** A stream through other devices is used once: Node can keep sockets only. */
  override keepSocketAlive(stream: Duplex): boolean {
    const kept: unknown = stream instanceof Socket && super.keepSocketAlive(stream)
    return kept !== false
  }

  override createConnection(_options: object, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#connect().then(
      (stream) => callback?.(null, stream),
      (error: Error) => (callback as ((error: Error) => void) | undefined)?.(error),
    )
    return undefined
  }
}
