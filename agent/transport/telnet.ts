/** Telnet to one device: RFC 854 on a byte stream, then a login by questions. Everything on it can be overheard. */
import type { Duplex } from 'node:stream'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Channel, Connection, End } from '../channel.ts'
import { logInOnLine } from '../line-login.ts'
import type { ConnectParts, Target } from '../target.ts'
import { COLUMNS } from '../terminal.ts'
import { connectTcp } from './tcp.ts'
import { TelnetProtocol } from './telnet-protocol.ts'

/** As over SSH: every system knows the kind, no pager pages at so many rows. */
const WINDOW = { term: 'vt100', columns: COLUMNS, rows: 1000 }

/**
 * Connects and logs in.
 * @throws Failure NO_ROUTE, TCP_TIMEOUT, PORT_REFUSED, NO_CREDENTIAL, and as `logInOnLine`
 */
export async function connectTelnet(target: Target, parts: ConnectParts): Promise<Connection> {
  if (target.password === undefined) throw new Failure('NO_CREDENTIAL', { reason: 'Telnet wants a password' })
  const stream = await (parts.dial?.(target) ?? connectTcp(target, parts))
  parts.ladder?.enter('banner')
  const line = new TelnetChannel(stream)
  const abort = () => line.close()
  parts.signal.addEventListener('abort', abort, { once: true })
  try {
    return new TelnetConnection(await logInOnLine(line, target, parts), line)
  } catch (error) {
    line.close()
    throw error
  } finally {
    stream.once('close', () => parts.signal.removeEventListener('abort', abort))
  }
}

/** One line, one session. */
class TelnetConnection implements Connection {
  readonly #line: TelnetChannel
  #session: Channel | undefined

  constructor(session: Channel, line: TelnetChannel) {
    this.#session = session
    this.#line = line
  }

  async shell(): Promise<Channel> {
    const session = this.#session
    if (!session) throw new Failure('CHANNEL_REFUSED', { reason: 'Telnet has one session' })
    this.#session = undefined
    return session
  }

  async exec(): Promise<Channel> {
    throw new Failure('CHANNEL_REFUSED', { reason: 'Telnet has no exec channel' })
  }

  close(): void {
    this.#line.close()
  }
}

class TelnetChannel implements Channel {
  readonly #stream: Duplex
  readonly #protocol: TelnetProtocol
  #error: Error | undefined
  #end: End | undefined
  #onEnd: ((end: End) => void) | undefined

  constructor(stream: Duplex) {
    this.#stream = stream
    this.#protocol = new TelnetProtocol(WINDOW, (bytes) => this.#send(bytes))
    stream.on('error', (error) => {
      this.#error = error
    })
    stream.on('close', () => this.#finish())
    // A device that has said all it wants closes its side only.
    stream.on('end', () => stream.end())
  }

  write(data: string | Uint8Array): void {
    this.#send(this.#protocol.encode(data))
  }

  onData(listener: (bytes: Buffer) => void): void {
    this.#stream.on('data', (bytes: Buffer) => {
      const data = this.#protocol.take(bytes)
      if (data.length > 0) listener(data)
    })
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd = listener
    if (this.#end) listener(this.#end)
  }

  close(): void {
    this.#stream.destroy()
  }

  #send(bytes: Buffer): void {
    if (this.#stream.writable) this.#stream.write(bytes)
  }

  #finish(): void {
    this.#end = { clean: this.#error === undefined, ...(this.#error && { error: this.#error }) }
    this.#onEnd?.(this.#end)
  }
}
