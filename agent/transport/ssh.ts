/** SSH to one device: connects, checks the host key, logs in, opens channels; every way to fail gets its code. */
import { createHash } from 'node:crypto'
import { Failure, type FailureCode, type FailureDetails } from '@netraven/protocol/failure.ts'
import ssh2, { type AnyAuthMethod, type Client, type ParsedKey } from 'ssh2'
import type { Channel, Connection } from '../channel.ts'
import { type Clock, systemClock } from '../clock.ts'
import { reasonOf } from '../conversation.ts'
import type { ConnectParts, Target } from '../target.ts'
import { COLUMNS } from '../terminal.ts'
import { algorithmsFor, missingIn } from './algorithms.ts'
import { Login, type Method } from './login.ts'
import { PacketSocket } from './packet-socket.ts'
import { ServerHello } from './server-hello.ts'
import { failureCodeOf } from './socket-error.ts'
import { SshChannel, type SshStream } from './ssh-channel.ts'

/** `vt100`: every system knows it; `dumb` makes some pagers ask for a confirmation first. Rows: more than pagers page at. */
const TERMINAL = { term: 'vt100', cols: COLUMNS, rows: 1000, width: 0, height: 0 }

/** DISCONNECT reason of RFC 4253 section 11.1. */
const TOO_MANY_CONNECTIONS = 12

/** A device has so long to close its side, ms. */
const LINGER_MS = 1000

/** What SSH needs of a target. */
export type SshTarget = Omit<Target, 'transport' | 'name' | 'driver'>

/**
 * Connects and logs in.
 * @throws Failure DNS_FAILED, NO_ROUTE, TCP_TIMEOUT, PORT_REFUSED, BANNER_TIMEOUT, SSH_LEGACY_ALGOS, SSH_PROTOCOL,
 *   HOST_KEY_CHANGED, PASSWORD_REJECTED, KEY_REJECTED, KEY_UNREADABLE, METHOD_UNSUPPORTED, NO_CREDENTIAL, CONNECTION_LOST,
 *   CHANNEL_REFUSED (no further session), or the reason of the signal
 */
export async function connectSsh(
  target: SshTarget,
  { signal, clock = systemClock }: ConnectParts,
): Promise<Connection> {
  const key = target.privateKey === undefined ? undefined : readKey(target.privateKey, target.passphrase)
  if (!key && target.password === undefined) throw new Failure('NO_CREDENTIAL')
  if (signal.aborted) throw reasonOf(signal)
  const { username, password, address, port, hostKey, timeoutMs } = target
  const legacyAlgorithms = target.options.legacyAlgorithms ?? false
  const place = { address, port, hostKey, legacyAlgorithms, timeoutMs }
  return new SshConnection(place, { username, password, key }, signal, clock).login()
}

type Place = Pick<Target, 'address' | 'port' | 'hostKey' | 'timeoutMs'> & { readonly legacyAlgorithms: boolean }
type Secret = Pick<SshTarget, 'username' | 'password'> & { readonly key: ParsedKey | undefined }

/** How far it came: decides what an end means. */
type Stage = 'connect' | 'banner' | 'key exchange' | 'login' | 'open' | 'over'

class SshConnection implements Connection {
  readonly #place: Place
  /** Gone once the login has ended. */
  #secret: Secret | undefined
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #client = new ssh2.Client()
  readonly #socket = new PacketSocket()
  readonly #hello = new ServerHello()
  readonly #login: Login
  #stage: Stage = 'connect'
  #hostKey = ''
  #cancelTimer: (() => void) | undefined
  #settle: { resolve(connection: Connection): void; reject(reason: unknown): void } | undefined
  /** What ended the connection. */
  #broken: Error | undefined
  readonly #channels: SshChannel[] = []
  readonly #onAbort = () => this.#fail(reasonOf(this.#signal))

  constructor(place: Place, secret: Secret, signal: AbortSignal, clock: Clock) {
    this.#place = place
    this.#secret = secret
    this.#signal = signal
    this.#clock = clock
    this.#startedMs = clock.nowMs()
    this.#login = new Login({ key: secret.key !== undefined, password: secret.password !== undefined })
  }

  get hostKey(): string {
    return this.#hostKey
  }

  login(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#begin()
    })
  }

  shell(): Promise<Channel> {
    return this.#open((opened) => this.#client.shell(TERMINAL, opened))
  }

  exec(command: string): Promise<Channel> {
    return this.#open((opened) => this.#client.exec(command, opened))
  }

  subsystem(name: string): Promise<Channel> {
    return this.#open((opened) => this.#client.subsys(name, opened))
  }

  /** Leaves in order, and does not wait for the device. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#cancelTimer?.()
    if (this.#stage === 'over') return
    this.#stage = 'over'
    const closed = new Error('the connection was closed')
    this.#broken ??= closed
    for (const channel of this.#channels) channel.break(closed)
    this.#client.end()
    // Cut at once, an answer still under way would be met by a reset, which devices log as a fault.
    const cancel = this.#clock.after(LINGER_MS, () => this.#socket.destroy())
    this.#socket.once('close', cancel)
  }

  #begin(): void {
    const { address, port, legacyAlgorithms } = this.#place
    const ours = algorithmsFor(legacyAlgorithms)
    this.#signal.addEventListener('abort', this.#onAbort)
    this.#limit(() => this.#failure('TCP_TIMEOUT'))
    this.#socket.once('connect', () => this.#connected())
    this.#client
      .on('error', (error: Error) => this.#fail(this.#failureOf(error), error))
      .on('close', () => this.#fail(this.#ended()))
      .on('handshake', () => {
        this.#stage = 'login'
      })
      .on('ready', () => this.#ready())
      .on('change password', () =>
        this.#fail(this.#failure('PASSWORD_REJECTED', { reason: 'the device demands a new one' })),
      )
      .connect({
        sock: this.#socket,
        username: this.#secret?.username ?? '',
        readyTimeout: 0,
        algorithms: {
          kex: [...ours.kex],
          serverHostKey: [...ours.serverHostKey],
          cipher: [...ours.cipher],
          hmac: [...ours.mac],
          compress: ['none'],
        } as Parameters<Client['connect']>[0]['algorithms'] & object,
        hostVerifier: (key: Buffer) => this.#knows(key),
        authHandler: (methods, partial, next) => {
          const method = this.#login.next(methods, partial)
          if (method && this.#secret) next(this.#attempt(method, this.#secret))
          else this.#fail(this.#login.failure)
        },
      })
    // After ssh2 has paused the socket: a listener before that would set it flowing.
    this.#socket.on('data', this.#overhear)
    this.#socket.setNoDelay(true)
    this.#socket.connect({ host: address, port })
  }

  readonly #overhear = (bytes: Buffer): void => {
    this.#hello.take(bytes)
    if (this.#stage === 'banner' && this.#hello.version !== undefined) this.#stage = 'key exchange'
    if (this.#hello.over) this.#socket.off('data', this.#overhear)
  }

  #connected(): void {
    this.#stage = 'banner'
    this.#limit(() => {
      if (this.#stage === 'banner') return this.#failure('BANNER_TIMEOUT')
      return this.#failure(this.#stage === 'login' ? 'CONNECTION_LOST' : 'SSH_PROTOCOL', {
        reason: 'no answer in time',
      })
    })
  }

  #ready(): void {
    this.#cancelTimer?.()
    this.#stage = 'open'
    this.#secret = undefined
    this.#settle?.resolve(this)
    this.#settle = undefined
  }

  /** Before anything secret is sent. The proof that the device has this key follows, and without it there is no login. */
  #knows(key: Buffer): boolean {
    this.#hostKey = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
    const pinned = this.#place.hostKey
    if (pinned === undefined || pinned === this.#hostKey) return true
    this.#fail(this.#failure('HOST_KEY_CHANGED', { pinned, seen: this.#hostKey }))
    return false
  }

  #attempt(method: Method, { username, password = '', key }: Secret): AnyAuthMethod {
    if (method === 'publickey' && key) return { type: 'publickey', username, key }
    if (method === 'password') return { type: 'password', username, password }
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        if (this.#login.mayAnswer(prompts.map(({ prompt }) => prompt))) finish(prompts.map(() => password))
        else this.#fail(this.#login.failure)
      },
    }
  }

  #open(ask: (opened: (error: Error | undefined, stream: SshStream) => void) => void): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const lost = () => this.#failure('CONNECTION_LOST', { stage: 'opening a channel' })
      const cancel = this.#clock.after(this.#place.timeoutMs, () => {
        reject(this.#failure('CHANNEL_REFUSED', { reason: 'no answer in time' }))
      })
      const opened = (error: Error | undefined, stream: SshStream) => {
        cancel()
        if (this.#broken) reject(this.#broken instanceof Failure ? this.#broken : lost())
        else if (error) reject(new Failure('CHANNEL_REFUSED', this.#where(), { cause: error }))
        else {
          const channel = new SshChannel(stream)
          this.#channels.push(channel)
          resolve(channel)
        }
      }
      try {
        ask(opened)
      } catch {
        cancel()
        reject(lost())
      }
    })
  }

  #limit(failure: () => Failure): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#clock.after(this.#place.timeoutMs, () => this.#fail(failure()))
  }

  /** The end, once. */
  #fail(failure: Failure, cause?: Error): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.#broken = failure
    if (cause && failure.cause === undefined) failure.cause = cause
    this.#cancelTimer?.()
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#secret = undefined
    this.#socket.destroy()
    for (const channel of this.#channels) channel.break(failure)
    this.#settle?.reject(failure)
    this.#settle = undefined
  }

  #failureOf(error: Error & { level?: string; code?: string | number }): Failure {
    const { level, code } = error
    // Accepted and taken back, before we heard of it.
    if (this.#stage === 'connect' && code === 'ECONNRESET') this.#stage = 'banner'
    if (this.#stage === 'connect') return this.#failure(failureCodeOf(String(code)), { reason: String(code) })
    if (level === 'handshake' || this.#stage === 'key exchange') {
      if (code === TOO_MANY_CONNECTIONS) return this.#failure('CHANNEL_REFUSED', { reason: 'too many connections' })
      return this.#noCommonAlgorithm() ?? this.#failure('SSH_PROTOCOL')
    }
    // A DISCONNECT has its reason as a number, and no level.
    if (this.#stage === 'login' && typeof code === 'number' && this.#login.pending) {
      this.#login.cutOff()
      return this.#login.failure
    }
    return level === 'protocol' && this.#stage !== 'banner' ? this.#failure('SSH_PROTOCOL') : this.#ended()
  }

  /** The other side went away without a word. */
  #ended(): Failure {
    if (this.#stage === 'connect') return this.#failure('TCP_TIMEOUT')
    if (this.#stage === 'banner') return this.#failure('BANNER_TIMEOUT', { closed: true })
    if (this.#stage === 'key exchange') return this.#noCommonAlgorithm() ?? this.#failure('SSH_PROTOCOL')
    return this.#failure('CONNECTION_LOST', { stage: this.#stage })
  }

  #noCommonAlgorithm(): Failure | undefined {
    const { offered } = this.#hello
    if (!offered) return undefined
    const ours = algorithmsFor(this.#place.legacyAlgorithms)
    const missing = missingIn(ours, offered)
    if (missing.length === 0) return undefined
    return this.#failure('SSH_LEGACY_ALGOS', { missing, offered, ours })
  }

  #failure(code: FailureCode, details: FailureDetails = {}): Failure {
    return new Failure(code, { ...this.#where(), ...details })
  }

  #where(): FailureDetails {
    const { address, port } = this.#place
    const { version } = this.#hello
    const elapsedMs = Math.round(this.#clock.nowMs() - this.#startedMs)
    return { address, port, elapsedMs, ...(version === undefined ? {} : { server: version }) }
  }
}

function readKey(privateKey: string, passphrase: string | undefined): ParsedKey {
  const parsed = ssh2.utils.parseKey(privateKey, passphrase)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (!key || key instanceof Error || !key.isPrivateKey()) throw new Failure('KEY_UNREADABLE')
  return key
}
