/**
 * The one socket to the hub. It only ever dials out.
 *
 * It begins `waiting`: for a moment, or after a failure for a random part of a growing pause (full jitter, 1 s doubling to
 * 60 s), so that a thousand agents do not return at once. Then it is `dialling`: a WebSocket opens, the hub sends its
 * challenge. Now it is `proving`: the agent signs hello over that challenge with a challenge of its own; only an answer
 * signed by a key that it trusts makes it `online`. Online it calls and is nudged, until the socket closes, an answer does
 * not verify, or the hub says goodbye (with a pause of its own choice): back to `waiting`. `close()` ends in `closed`.
 *
 * Calls made while not online fail at once with LINK_DOWN: whoever calls keeps its own things and tries again when told that
 * the link is up.
 */
import { randomBytes } from 'node:crypto'
import type { Agent as HttpAgent } from 'node:http'
import {
  AGENT_NAMESPACE,
  AGENT_SOCKET_PATH,
  type AgentToHub,
  type Answer,
  AnswerBody,
  type Asked,
  type CallName,
  calls,
  type HubToAgent,
} from '@netraven/protocol/calls.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { Challenge, Refusal } from '@netraven/protocol/hello.ts'
import type { SigningKey } from '@netraven/protocol/keys.ts'
import { nudges } from '@netraven/protocol/nudges.ts'
import { Session } from '@netraven/protocol/session.ts'
import { PROTOCOL_VERSION } from '@netraven/protocol/version.ts'
import { io, type Socket } from 'socket.io-client'
import type { TrustedKeys } from './identity.ts'
import type { Log } from './log.ts'

const BASE_PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000

export type LinkState = 'waiting' | 'dialling' | 'proving' | 'online' | 'closed'

export interface LinkParts {
  readonly hubUrl: string
  readonly hubId: string
  readonly agentId: string
  readonly key: SigningKey
  readonly trusted: TrustedKeys
  /** What hello says, at the moment of each hello. */
  readonly hello: () => Omit<Asked<'hello'>, 'session'>
  readonly online: (answer: Answer<'hello'>) => void
  readonly offline: () => void
  /** There may be work. */
  readonly nudged: () => void
  /** Somebody may want to know what this agent sees. Absent: it does not look. */
  readonly look?: () => void
  /** The hub's keys changed. Absent: it learns them at the next hello. */
  readonly keysChanged?: () => void
  readonly httpAgent: HttpAgent | undefined
  readonly nowMs: () => number
  /** 0 ≤ x < 1. */
  readonly random: () => number
  readonly callTimeoutMs: number
  /** From dialling to the hub's challenge. */
  readonly dialTimeoutMs: number
  readonly log: Log
}

export class Link {
  readonly #parts: LinkParts
  #state: LinkState = 'waiting'
  #socket: Socket<HubToAgent, AgentToHub> | undefined
  #session: Session | undefined
  #failures = 0
  #pauseMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #clockAheadMs = 0
  #bytes = { read: 0, written: 0 }
  #raw: CountingSocket | undefined

  constructor(parts: LinkParts) {
    this.#parts = parts
  }

  get state(): LinkState {
    return this.#state
  }

  /** Time by the hub's clock, as near as one round trip tells; ms since 1970. */
  hubNowMs = (): number => Math.round(this.#parts.nowMs() + this.#clockAheadMs)

  /** Begins to dial. */
  start(): void {
    this.#wait(0)
  }

  /** Hangs up for good. */
  close(): void {
    const wasOnline = this.#state === 'online'
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#socket?.disconnect()
    if (wasOnline) this.#parts.offline()
  }

  /**
   * Asks the hub.
   * @throws Failure LINK_DOWN, LINK_TIMEOUT, what the hub answers, or ENVELOPE_* for an answer that does not verify; such
   * an answer also ends the connection
   */
  call<Name extends CallName>(name: Name, question: Asked<Name>, bytes?: Uint8Array): Promise<Answer<Name>> {
    const socket = this.#socket
    const session = this.#session
    if (!socket?.connected || !session) return Promise.reject(new Failure('LINK_DOWN', { state: this.#state }))
    const value = calls[name].question.parse(question)
    const { envelope, sequence } = session.seal({ subject: `${name}?`, value, ...(bytes ? { bytes } : {}) })
    return new Promise((resolve, reject) => {
      const acknowledge = (error: Error | null, answer: unknown) => {
        if (error) return reject(new Failure(socket.connected ? 'LINK_TIMEOUT' : 'LINK_DOWN', { call: name }))
        try {
          resolve(this.#open(session, name, sequence, answer))
        } catch (failure) {
          this.#parts.log.warn({ call: name, err: failure }, 'call failed')
          if (failure instanceof Failure && isDistrust(failure)) socket.disconnect()
          reject(failure)
        }
      }
      const timed = socket.timeout(this.#parts.callTimeoutMs) as unknown as {
        emit(name: string, envelope: Uint8Array, acknowledge: (error: Error | null, answer: unknown) => void): void
      }
      timed.emit(name, envelope, acknowledge)
    })
  }

  #open<Name extends CallName>(session: Session, name: Name, inReplyTo: number, answer: unknown): Answer<Name> {
    if (!(answer instanceof Uint8Array)) {
      const refusal = Refusal.safeParse(answer)
      if (!refusal.success) throw new Failure('ENVELOPE_MALFORMED')
      // Nobody signed it: once the hub has proved itself, such a word tells only that the line is no good.
      const refused = Failure.fromWire(refusal.data.refused)
      throw name === 'hello' ? refused : new Failure('LINK_DOWN', { reason: refused.code })
    }
    const opened = session.open(answer, { subject: `${name}!`, inReplyTo, ignoreClock: name === 'hello' })
    if (name === 'hello') this.#clockAheadMs = opened.issuedAtMs - this.#parts.nowMs()
    const body = AnswerBody.safeParse(opened.value)
    if (!body.success) throw new Failure('BODY_INVALID', { call: name })
    if ('failure' in body.data) throw Failure.fromWire(body.data.failure)
    const parsed = calls[name].answer.safeParse(body.data.ok)
    if (!parsed.success) throw new Failure('BODY_INVALID', { call: name })
    return parsed.data as Answer<Name>
  }

  #wait(ms: number): void {
    this.#state = 'waiting'
    this.#timer = setTimeout(() => this.#dial(), ms)
  }

  #dial(): void {
    const { hubUrl, agentId, httpAgent, log } = this.#parts
    this.#state = 'dialling'
    const socket: Socket<HubToAgent, AgentToHub> = io(`${hubUrl}${AGENT_NAMESPACE}`, {
      path: AGENT_SOCKET_PATH,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: this.#parts.dialTimeoutMs,
      auth: { agent: agentId, protocol: PROTOCOL_VERSION },
      perMessageDeflate: false,
      ...(httpAgent ? { agent: httpAgent } : {}),
    } as unknown as Parameters<typeof io>[1])
    this.#socket = socket
    const over = once((reason: string) => {
      clearTimeout(challenged)
      this.#hungUp(socket, reason)
    })
    // A socket that was never let in says nothing when it is closed, so both are done here.
    const challenged = setTimeout(() => {
      socket.disconnect()
      over('no challenge from the hub')
    }, this.#parts.dialTimeoutMs)
    socket.on('connect', () => {
      const transport = socket.io.engine.transport as unknown as { ws?: { _socket?: CountingSocket } }
      this.#raw = transport.ws?._socket
    })
    socket.once('challenge', (challenge) => {
      clearTimeout(challenged)
      this.#prove(socket, challenge).catch((error: unknown) => {
        log.warn({ err: error }, error instanceof Failure ? error.line : 'hello failed')
        socket.disconnect()
      })
    })
    socket.on('work', () => this.#parts.nudged())
    socket.on('look', () => this.#parts.look?.())
    socket.on('keys', () => this.#parts.keysChanged?.())
    socket.on('goodbye', (nudge) => {
      const parsed = nudges.goodbye.safeParse(nudge)
      if (!parsed.success) return
      log.info(parsed.data, 'hub says goodbye')
      this.#pauseMs = parsed.data.waitMs
    })
    socket.on('disconnect', (reason) => over(reason))
    socket.on('connect_error', (error) => {
      const refusal = Refusal.safeParse('data' in error ? error.data : undefined)
      socket.disconnect()
      over(refusal.success ? Failure.fromWire(refusal.data.refused).line : reasonOf(error))
    })
  }

  async #prove(socket: Socket<HubToAgent, AgentToHub>, heard: unknown): Promise<void> {
    const { agentId, hubId, key, trusted, hello, online, log } = this.#parts
    const challenge = Challenge.safeParse(heard)
    if (!challenge.success) throw new Failure('ENVELOPE_MALFORMED', { part: 'challenge' })
    if (challenge.data.hub !== hubId)
      throw new Failure('HUB_UNTRUSTED', { reason: 'another installation answers there' })
    this.#state = 'proving'
    const ourChallenge = randomBytes(16).toString('hex')
    this.#session = new Session({
      me: agentId,
      peer: hubId,
      key,
      theirChallenge: () => challenge.data.session,
      ourChallenge,
      keys: trusted.find,
      nowMs: this.hubNowMs,
    })
    const answer = await this.call('hello', { ...hello(), session: ourChallenge })
    if (!socket.connected) return
    this.#state = 'online'
    this.#failures = 0
    log.info({ site: answer.site, agent: answer.name, clockAheadMs: this.#clockAheadMs }, 'connected to the hub')
    online(answer)
  }

  #hungUp(socket: Socket<HubToAgent, AgentToHub>, reason: string): void {
    socket.removeAllListeners()
    this.#count()
    const wasOnline = this.#state === 'online'
    this.#session = undefined
    this.#socket = undefined
    if (wasOnline) this.#parts.offline()
    if (this.#state === 'closed') return
    const most = Math.min(MAX_PAUSE_MS, BASE_PAUSE_MS * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 16)
    const pauseMs = Math.round((this.#pauseMs ?? 0) + this.#parts.random() * most)
    this.#pauseMs = undefined
    this.#parts.log.warn({ reason, pauseMs, hub: this.#parts.hubUrl }, 'no link to the hub')
    this.#wait(pauseMs)
  }

  #count(): void {
    this.#bytes.read += this.#raw?.bytesRead ?? 0
    this.#bytes.written += this.#raw?.bytesWritten ?? 0
    this.#raw = undefined
  }

  /** Bytes that crossed the link since the start, as TCP payload. */
  get traffic(): { read: number; written: number } {
    return {
      read: this.#bytes.read + (this.#raw?.bytesRead ?? 0),
      written: this.#bytes.written + (this.#raw?.bytesWritten ?? 0),
    }
  }
}

interface CountingSocket {
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** An answer that is not the hub's, or not to this question: the connection can't be trusted any more. */
function isDistrust(failure: Failure): boolean {
  return failure.code.startsWith('ENVELOPE_')
}

/** engine.io hides node's error code one or two levels down. */
function reasonOf(error: Error): string {
  const inner = error as { description?: { error?: NodeJS.ErrnoException; message?: string } }
  return inner.description?.error?.code ?? inner.description?.message ?? error.message
}

function once(action: (reason: string) => void): (reason: string) => void {
  let done = false
  return (reason) => {
    if (done) return
    done = true
    action(reason)
  }
}
