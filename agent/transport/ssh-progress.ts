/** How far an SSH connection came, and what its end means there. */
import { Failure, type FailureCode, type FailureDetails } from '@netraven/protocol/failure.ts'
import type { Clock } from '../clock.ts'
import type { Climb } from '../ladder.ts'
import type { Target } from '../target.ts'
import { algorithmsFor, missingIn } from './algorithms.ts'
import type { Login } from './login.ts'
import { ServerHello } from './server-hello.ts'
import { failureCodeOf } from './socket-error.ts'

/** DISCONNECT reason of RFC 4253 section 11.1. */
const TOO_MANY_CONNECTIONS = 12

export type Place = Pick<Target, 'address' | 'port' | 'hostKey' | 'timeoutMs'> & { readonly legacyAlgorithms: boolean }

/** Decides what an end means. */
type Stage = 'connect' | 'banner' | 'key exchange' | 'login' | 'open' | 'over'

export class SshProgress {
  readonly #place: Place
  readonly #clock: Clock
  readonly #ladder: Climb | undefined
  readonly #hello = new ServerHello()
  readonly #startedMs: number
  #stage: Stage = 'connect'

  constructor(place: Place, clock: Clock, ladder: Climb | undefined) {
    this.#place = place
    this.#clock = clock
    this.#ladder = ladder
    this.#startedMs = clock.nowMs()
    ladder?.enter('tcp')
  }

  get isOver(): boolean {
    return this.#stage === 'over'
  }

  /** Whether nothing more is learnt from listening. */
  get hasHeardAll(): boolean {
    return this.#hello.over
  }

  connected(): void {
    this.#stage = 'banner'
    this.#ladder?.pass('tcp', `${this.#place.address} port ${this.#place.port}`)
    this.#ladder?.enter('banner')
  }

  /** What the server sends before encryption begins. */
  heard(bytes: Buffer): void {
    this.#hello.take(bytes)
    if (this.#stage !== 'banner' || this.#hello.version === undefined) return
    this.#stage = 'key exchange'
    this.#ladder?.pass('banner', this.#hello.version)
    this.#ladder?.enter('host-key')
  }

  /** The server has proved that it has this key. It does so again whenever the keys of a long session are renewed. */
  provedBy(hostKey: string): void {
    if (this.#stage === 'open' || this.#stage === 'over') return
    this.#stage = 'login'
    this.#ladder?.pass('host-key', `${hostKey}, ${this.#place.hostKey === undefined ? 'none pinned yet' : 'as pinned'}`)
    this.#ladder?.enter('login')
  }

  loggedIn(method: string | undefined): void {
    this.#stage = 'open'
    this.#ladder?.pass('login', method)
  }

  over(): void {
    this.#stage = 'over'
  }

  /** No answer in time. */
  late(): Failure {
    if (this.#stage === 'connect') return this.failure('TCP_TIMEOUT')
    if (this.#stage === 'banner') return this.failure('BANNER_TIMEOUT')
    return this.failure(this.#stage === 'login' ? 'CONNECTION_LOST' : 'SSH_PROTOCOL', { reason: 'no answer in time' })
  }

  failureOf(error: Error & { level?: string; code?: string | number }, login: Login): Failure {
    const { level, code } = error
    // Accepted and taken back, before we heard of it.
    if (this.#stage === 'connect' && code === 'ECONNRESET') this.connected()
    if (this.#stage === 'connect') return this.failure(failureCodeOf(String(code)), { reason: String(code) })
    if (level === 'handshake' || this.#stage === 'key exchange') {
      if (code === TOO_MANY_CONNECTIONS) return this.failure('CHANNEL_REFUSED', { reason: 'too many connections' })
      return this.#noCommonAlgorithm() ?? this.failure('SSH_PROTOCOL')
    }
    // A DISCONNECT has its reason as a number, and no level.
    if (this.#stage === 'login' && typeof code === 'number' && login.pending) {
      login.cutOff()
      return login.failure
    }
    return level === 'protocol' && this.#stage !== 'banner' ? this.failure('SSH_PROTOCOL') : this.ended()
  }

  /** The other side went away without a word. */
  ended(): Failure {
    if (this.#stage === 'connect') return this.failure('TCP_TIMEOUT')
    if (this.#stage === 'banner') return this.failure('BANNER_TIMEOUT', { closed: true })
    if (this.#stage === 'key exchange') return this.#noCommonAlgorithm() ?? this.failure('SSH_PROTOCOL')
    return this.failure('CONNECTION_LOST', { stage: this.#stage })
  }

  /** With what every failure of this connection says. */
  failure(code: FailureCode, details: FailureDetails = {}): Failure {
    return new Failure(code, { ...this.where, ...details })
  }

  get where(): FailureDetails {
    const { address, port } = this.#place
    const { version } = this.#hello
    const elapsedMs = Math.round(this.#clock.nowMs() - this.#startedMs)
    return { address, port, elapsedMs, ...(version === undefined ? {} : { server: version }) }
  }

  #noCommonAlgorithm(): Failure | undefined {
    const { offered } = this.#hello
    if (!offered) return undefined
    const ours = algorithmsFor(this.#place.legacyAlgorithms)
    const missing = missingIn(ours, offered)
    if (missing.length === 0) return undefined
    return this.failure('SSH_LEGACY_ALGOS', { missing, offered, ours })
  }
}
