/**
 * NETCONF over SSH (RFC 6241, RFC 6242). A driver's commands are `get-config SOURCE`, perhaps with a subtree filter, or `rpc` and
 * one element whose name begins with `get`: nothing else is ever sent but hello and close-session.
 */
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import type { Channel, Connection, End, ExchangeLimits, ExchangeReply } from '../channel.ts'
import { type Clock, systemClock } from '../clock.ts'
import { Patience } from '../patience.ts'
import type { ConnectParts, Target } from '../target.ts'
import { Deframer, FramingError, frame } from './netconf-framing.ts'
import { connectSsh } from './ssh.ts'
import { childOf, type Element, elementsOf, localName, parseXml, prettyXml, textOf, XmlError } from './xml.ts'

const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0'
const CAPABILITY = 'urn:ietf:params:netconf:base:'
const HELLO = `<?xml version="1.0" encoding="UTF-8"?>
<hello xmlns="${BASE}"><capabilities><capability>${CAPABILITY}1.0</capability><capability>${CAPABILITY}1.1</capability></capabilities></hello>`

const GET_CONFIG = /^get-config (running|candidate|startup)(?: (<filter[\s>][\s\S]*))?$/
const RPC = /^rpc (<[\s\S]*)$/

/** Memory for the parsed reply is many times its size; so much is enough for the largest configurations. */
const REPLY_MAX_BYTES = 32 * 1024 * 1024
const HELLO_MAX_BYTES = 4 * 1024 * 1024
/** A server has nothing to say by itself (RFC 6241 section 4), unless it was asked for notifications. */
const UNASKED_MAX_BYTES = 1024 * 1024
const SAID_MAX = 300

/**
 * Connects, logs in, opens the subsystem, exchanges capabilities.
 * @throws Failure as `connectSsh`, CHANNEL_REFUSED when the device has no such subsystem, NETCONF_PROTOCOL, CONNECTION_LOST
 */
export async function connectNetconf(target: Target, parts: ConnectParts): Promise<Connection> {
  const ssh = await connectSsh(target, parts)
  try {
    if (!ssh.subsystem) throw new Failure('CHANNEL_REFUSED', { reason: 'no subsystems' })
    const session = new NetconfSession(await ssh.subsystem('netconf'), target, parts)
    await session.hello()
    return {
      ...(ssh.hostKey === undefined ? {} : { hostKey: ssh.hostKey }),
      shell: refused,
      exec: refused,
      exchange: (request, limits) => session.exchange(request, limits),
      close: () => {
        session.close()
        ssh.close()
      },
    }
  } catch (error) {
    ssh.close()
    throw error
  }
}

async function refused(): Promise<Channel> {
  throw new Failure('CHANNEL_REFUSED', { reason: 'NETCONF has no shell' })
}

type Version = '1.0' | '1.1'

interface Waiting {
  readonly command: string
  readonly patience: Patience
  resolve(message: Buffer): void
  reject(failure: Failure): void
}

class NetconfSession {
  readonly #channel: Channel
  readonly #target: Target
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #deframer = new Deframer()
  #version: Version = '1.0'
  #capabilities: ReadonlySet<string> = new Set()
  #messageId = 0
  #waiting: Waiting | undefined
  #end: End | undefined
  /** Bytes that nobody had asked for. */
  #unaskedBytes = 0
  /** Nothing more is read. */
  #isOver = false

  constructor(channel: Channel, target: Target, { signal, clock = systemClock }: ConnectParts) {
    this.#channel = channel
    this.#target = target
    this.#signal = signal
    this.#clock = clock
    channel.onData((bytes) => this.#heard(bytes))
    channel.onEnd((end) => {
      this.#end = end
      this.#fail(this.#lost(end))
    })
  }

  /** @throws Failure NETCONF_PROTOCOL, CONNECTION_LOST, DEVICE_COMMAND_TIMEOUT */
  async hello(): Promise<void> {
    const { timeoutMs } = this.#target
    const limits = { idleMs: timeoutMs, totalMs: timeoutMs, maxBytes: HELLO_MAX_BYTES }
    const theirs = this.#parsed(await this.#ask('hello', frame(HELLO, '1.0'), limits))
    const capabilities = childOf(theirs, 'capabilities')
    if (localName(theirs) !== 'hello' || !capabilities) throw this.#wrong('no hello')
    this.#capabilities = new Set(elementsOf(capabilities).map((one) => textOf(one).trim()))
    // Both have it: RFC 6242 section 4.1.
    if (this.#capabilities.has(`${CAPABILITY}1.1`)) this.#version = '1.1'
    else if (!this.#capabilities.has(`${CAPABILITY}1.0`)) throw this.#wrong('no common version of NETCONF')
    this.#deframer.use(this.#version)
  }

  /** @throws Failure as `Connection.exchange`, NETCONF_PROTOCOL, POLICY_COMMAND */
  async exchange(request: string, limits: ExchangeLimits): Promise<ExchangeReply> {
    const operation = this.#operation(request)
    if (operation === undefined) return { bytes: Buffer.alloc(0), refused: 'unknown', aside: 'no such datastore' }
    this.#messageId += 1
    const id = String(this.#messageId)
    const rpc = `<?xml version="1.0" encoding="UTF-8"?>\n<rpc message-id="${id}" xmlns="${BASE}">${operation}</rpc>`
    const maxBytes = Math.min(limits.maxBytes, REPLY_MAX_BYTES)
    const reply = this.#parsed(await this.#ask(request, frame(rpc, this.#version), { ...limits, maxBytes }))
    if (localName(reply) !== 'rpc-reply') throw this.#wrong(`a ${localName(reply)} instead of a reply`)
    if (reply.attributes['message-id'] !== id) throw this.#wrong('the reply to another question')
    return refusalOf(reply) ?? { bytes: Buffer.from(GET_CONFIG.test(request) ? configOf(reply) : answerOf(reply)) }
  }

  close(): void {
    if (this.#end) return
    const bye = `<rpc message-id="${this.#messageId + 1}" xmlns="${BASE}"><close-session/></rpc>`
    this.#channel.write(frame(bye, this.#version))
    this.#channel.close()
  }

  /** @returns undefined when the device has no such datastore */
  #operation(request: string): string | undefined {
    const rpc = RPC.exec(request)?.[1]
    const [whole, named = '', filter = ''] = GET_CONFIG.exec(request) ?? []
    const reads = rpc === undefined ? whole !== undefined : isOne(rpc, /^get/)
    if (!reads || (filter !== '' && !isOne(filter, /^filter$/)))
      throw new Failure('POLICY_COMMAND', { command: request.slice(0, 200) })
    if (rpc !== undefined) return rpc
    const source = named === 'running' ? (this.#target.options.netconfSource ?? named) : named
    const has = (capability: string) => this.#capabilities.has(`urn:ietf:params:netconf:capability:${capability}:1.0`)
    if (source !== 'running' && !has(source)) return undefined
    return `<get-config><source><${source}/></source>${filter}</get-config>`
  }

  #ask(command: string, message: Buffer, limits: ExchangeLimits): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const patience = new Patience({
        command,
        limits,
        clock: this.#clock,
        signal: this.#signal,
        over: (failure) => this.#fail(failure),
      })
      this.#waiting = { command, patience, resolve, reject }
      if (this.#end) this.#fail(this.#lost(this.#end))
      else this.#channel.write(message)
    })
  }

  #heard(bytes: Buffer): void {
    if (this.#isOver) return
    if (!this.#waiting) this.#unaskedBytes += bytes.length
    if (this.#unaskedBytes > UNASKED_MAX_BYTES) {
      this.#giveUp()
      return
    }
    if (this.#waiting && !this.#waiting.patience.heard(bytes.length)) return
    this.#settle(bytes)
  }

  #settle(bytes: Buffer): void {
    try {
      // What nobody asked for is dropped, and counted past.
      const message = this.#deframer.take(bytes)
      if (!message) return
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting?.patience.end()
      waiting?.resolve(message)
    } catch (error) {
      if (!(error instanceof FramingError)) throw error
      this.#fail(this.#wrong(error.message))
    }
  }

  #fail(failure: Failure): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.patience.end()
    waiting?.reject(failure)
    if (waiting) this.#giveUp()
  }

  /** What comes from now on is dropped, so that a device that never ends fills no memory. */
  #giveUp(): void {
    this.#isOver = true
    this.#channel.close()
  }

  #parsed(message: Buffer): Element {
    try {
      return parseXml(message.toString('utf8').trim())
    } catch (error) {
      if (error instanceof XmlError) throw this.#wrong(error.message)
      throw error
    }
  }

  #lost({ clean, error }: End): Failure {
    const command = this.#waiting?.command ?? 'netconf'
    return new Failure('CONNECTION_LOST', { ...this.#where(), command, clean }, error ? { cause: error } : undefined)
  }

  #wrong(reason: string): Failure {
    return new Failure('NETCONF_PROTOCOL', { ...this.#where(), reason: reason.slice(0, SAID_MAX) })
  }

  #where(): FailureDetails {
    const { address, port } = this.#target
    return { address, port, base: this.#version }
  }
}

/** Whether it is just one element, of such a name: nothing else can be smuggled along. */
function isOne(text: string, name: RegExp): boolean {
  try {
    return name.test(localName(parseXml(text)))
  } catch (error) {
    if (error instanceof XmlError) return false
    throw error
  }
}

/** What restores the device: an edit-config takes it as it is (RFC 6241 section 7.2). */
function configOf(reply: Element): string {
  const data = childOf(reply, 'data')
  const children = data?.children ?? []
  if (!children.some((child) => typeof child !== 'string')) return ''
  return prettyXml({
    name: 'config',
    attributes: { ...namespacesOf(reply), ...namespacesOf(data), xmlns: BASE },
    children,
  })
}

/** Prefixes may be declared above the data. */
function namespacesOf(element: Element | undefined): Record<string, string> {
  const attributes = Object.entries(element?.attributes ?? {})
  return Object.fromEntries(attributes.filter(([name]) => name.startsWith('xmlns:')))
}

/** The answer of a vendor's own call: its text, when it is one text, otherwise its elements. */
function answerOf(reply: Element): string {
  const [only, ...others] = elementsOf(reply)
  if (only && others.length === 0 && elementsOf(only).length === 0) return `${textOf(only).trim()}\n`
  return elementsOf(reply).map(prettyXml).join('')
}

/** RFC 6241 section 4.3 and appendix A; a warning refuses nothing. */
function refusalOf(reply: Element): ExchangeReply | undefined {
  const part = (error: Element, name: string) => textOf(childOf(error, name) ?? error).trim()
  const errors = elementsOf(reply).filter(
    (child) => localName(child) === 'rpc-error' && part(child, 'error-severity') !== 'warning',
  )
  const [first] = errors
  if (!first) return undefined
  const tag = part(first, 'error-tag')
  const message = childOf(first, 'error-message')
  const aside = `${tag}${message ? `: ${textOf(message).trim()}` : ''}`.slice(0, SAID_MAX)
  return { bytes: Buffer.alloc(0), refused: tag === 'access-denied' ? 'denied' : 'unknown', aside }
}
