/** SSH to one device: connects, checks the host key, logs in, opens channels; every way to fail gets its code. */
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { Failure } from '@netraven/protocol/failure.ts'
import ssh2, { type AnyAuthMethod, type Client, type ParsedKey } from 'ssh2'
import type { Channel, Connection, Files } from '../channel.ts'
import { type Clock, systemClock } from '../clock.ts'
import { reasonOf } from '../conversation.ts'
import type { Climb } from '../ladder.ts'
import type { ConnectParts, Target } from '../target.ts'
import { COLUMNS } from '../terminal.ts'
import { algorithmsFor } from './algorithms.ts'
import { quickenGroupExchange } from './group-exchange.ts'
import { Login, type Method } from './login.ts'
import { PacketSocket } from './packet-socket.ts'
import { sftpFiles } from './sftp-files.ts'
import { SshChannel, type SshStream } from './ssh-channel.ts'
import { type Place, SshProgress } from './ssh-progress.ts'

/** `vt100`: every system knows it; `dumb` makes some pagers ask for a confirmation first. Rows: more than pagers page at. */
const TERMINAL = { term: 'vt100', cols: COLUMNS, rows: 1000, width: 0, height: 0 }

/** A device has so long to close its side, ms. */
const LINGER_MS = 1000

/** What SSH needs of a target. */
export interface SshTarget extends Omit<Target, 'transport' | 'name' | 'driver'> {
  /** The system may let everybody in and ask behind SSH: no secret is offered before it wants one. */
  readonly open?: boolean
}

/**
 * Connects and logs in.
 * @throws Failure DNS_FAILED, NO_ROUTE, TCP_TIMEOUT, PORT_REFUSED, BANNER_TIMEOUT, SSH_LEGACY_ALGOS, SSH_PROTOCOL,
 *   HOST_KEY_CHANGED, PASSWORD_REJECTED, KEY_REJECTED, KEY_UNREADABLE, METHOD_UNSUPPORTED, NO_CREDENTIAL, CONNECTION_LOST,
 *   CHANNEL_REFUSED (no further session), or the reason of the signal
 */
export async function connectSsh(
  target: SshTarget,
  { signal, clock = systemClock, ladder, dial }: ConnectParts,
): Promise<Connection> {
  const key = target.privateKey === undefined ? undefined : readKey(target.privateKey, target.passphrase)
  if (!key && target.password === undefined) throw new Failure('NO_CREDENTIAL')
  if (signal.aborted) throw reasonOf(signal)
  const { username, password, address, port, hostKey, timeoutMs } = target
  const legacyAlgorithms = target.options.legacyAlgorithms ?? false
  const place = { address, port, hostKey, legacyAlgorithms, timeoutMs }
  const stream = await dial?.({ address, port })
  return new SshConnection(
    place,
    { username, password, key, open: target.open ?? false },
    { signal, clock, ladder, stream },
  ).login()
}

type Opened<Given> = (error: Error | undefined, given: Given) => void
interface SshParts {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly ladder: Climb | undefined
  /** Connected to the device already; absent: a TCP connection is made. */
  readonly stream: Duplex | undefined
}
type Secret = Pick<SshTarget, 'username' | 'password'> & { readonly key: ParsedKey | undefined; readonly open: boolean }

class SshConnection implements Connection {
  readonly #place: Place
  /** Gone once the login has ended. */
  #secret: Secret | undefined
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #progress: SshProgress
  readonly #client = new ssh2.Client()
  readonly #socket: Duplex
  /** The socket that has to be connected first. */
  readonly #own: PacketSocket | undefined
  readonly #login: Login
  #hostKey = ''
  #cancelTimer: (() => void) | undefined
  #settle: { resolve(connection: Connection): void; reject(reason: unknown): void } | undefined
  /** What ended the connection. */
  #broken: Error | undefined
  readonly #channels: SshChannel[] = []
  readonly #onAbort = () => this.#fail(reasonOf(this.#signal))

  constructor(place: Place, secret: Secret, { signal, clock, ladder, stream }: SshParts) {
    const own = new PacketSocket()
    this.#own = stream ? undefined : own
    this.#socket = stream ?? own
    this.#place = place
    this.#secret = secret
    this.#signal = signal
    this.#clock = clock
    this.#progress = new SshProgress(place, clock, ladder)
    const { key, password, open } = secret
    this.#login = new Login({ key: key !== undefined, password: password !== undefined, open })
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

  files(): Promise<Files> {
    return this.#ask((opened) => this.#client.sftp(opened), sftpFiles)
  }

  forward({ address, port }: { readonly address: string; readonly port: number }): Promise<Duplex> {
    return this.#ask(
      (opened) => this.#client.forwardOut('127.0.0.1', 0, address, port, opened),
      (stream: Duplex) => stream,
    )
  }

  /** Leaves in order, and does not wait for the device. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#cancelTimer?.()
    if (this.#progress.isOver) return
    this.#progress.over()
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
    this.#limit()
    this.#client
      .on('error', (error: Error) => this.#fail(this.#progress.failureOf(error, this.#login), error))
      .on('close', () => this.#fail(this.#progress.ended()))
      .on('handshake', () => this.#progress.provedBy(this.#hostKey))
      .on('ready', () => this.#ready())
      .on('change password', () =>
        this.#fail(this.#progress.failure('PASSWORD_REJECTED', { reason: 'the device demands a new one' })),
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
    if (!this.#own) {
      this.#connected()
      return
    }
    this.#own.setNoDelay(true)
    this.#own.connect({ host: address, port }, () => this.#connected())
  }

  readonly #overhear = (bytes: Buffer): void => {
    this.#progress.heard(bytes)
    if (!this.#progress.hasHeardAll) return
    this.#socket.off('data', this.#overhear)
    // ssh2 may hear of these bytes after us, and has chosen the algorithms then.
    queueMicrotask(() => quickenGroupExchange(this.#client))
  }

  #connected(): void {
    this.#progress.connected()
    this.#limit()
  }

  #ready(): void {
    this.#cancelTimer?.()
    this.#progress.loggedIn(this.#login.method)
    this.#secret = undefined
    this.#settle?.resolve(this)
    this.#settle = undefined
  }

  /** Before anything secret is sent. The proof that the device has this key follows, and without it there is no login. */
  #knows(key: Buffer): boolean {
    this.#hostKey = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
    const pinned = this.#place.hostKey
    if (pinned === undefined || pinned === this.#hostKey) return true
    this.#fail(this.#progress.failure('HOST_KEY_CHANGED', { pinned, seen: this.#hostKey }))
    return false
  }

  #attempt(method: Method, { username, password = '', key }: Secret): AnyAuthMethod {
    if (method === 'none') return { type: 'none', username }
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

  #open(ask: (opened: Opened<SshStream>) => void): Promise<Channel> {
    return this.#ask(ask, (stream) => {
      const channel = new SshChannel(stream)
      this.#channels.push(channel)
      return channel
    })
  }

  #ask<Given, Made>(ask: (opened: Opened<Given>) => void, made: (given: Given) => Made): Promise<Made> {
    return new Promise((resolve, reject) => {
      const lost = () => this.#progress.failure('CONNECTION_LOST', { stage: 'opening a channel' })
      const cancel = this.#clock.after(this.#place.timeoutMs, () => {
        reject(this.#progress.failure('CHANNEL_REFUSED', { reason: 'no answer in time' }))
      })
      const opened: Opened<Given> = (error, given) => {
        cancel()
        if (this.#broken) reject(this.#broken instanceof Failure ? this.#broken : lost())
        else if (error) reject(new Failure('CHANNEL_REFUSED', this.#progress.where, { cause: error }))
        else resolve(made(given))
      }
      try {
        ask(opened)
      } catch {
        cancel()
        reject(lost())
      }
    })
  }

  #limit(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#clock.after(this.#place.timeoutMs, () => this.#fail(this.#progress.late()))
  }

  /** The end, once. */
  #fail(failure: Failure, cause?: Error): void {
    if (this.#progress.isOver) return
    this.#progress.over()
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
}

function readKey(privateKey: string, passphrase: string | undefined): ParsedKey {
  const parsed = ssh2.utils.parseKey(privateKey, passphrase)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (!key || key instanceof Error || !key.isPrivateKey()) throw new Failure('KEY_UNREADABLE')
  return key
}
