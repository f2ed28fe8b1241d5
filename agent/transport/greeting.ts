/** A look at one TCP port: whether it takes a connection, and what the server says by itself. Nothing is sent to it. */
import type { Socket } from 'node:net'
import type { TcpSeen } from '@netraven/protocol/diagnostic.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Clock, systemClock } from '../clock.ts'
import { reasonOf } from '../conversation.ts'
import { connectTcp } from './tcp.ts'

/** For the connection, ms. */
const CONNECT_MS = 6_000
/** For the first line, ms. Servers that wait for their client say none. */
const LINE_MS = 3_000
/** No more is read, bytes. */
const LINE_MAX = 300

export interface GreetingParts {
  /** Aborting it ends the look; its reason is thrown. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  readonly connectMs?: number
  readonly lineMs?: number
}

/**
 * @param address IP address
 * @throws the reason of the signal
 */
export async function greetingOf(address: string, port: number, parts: GreetingParts): Promise<TcpSeen> {
  const { signal, clock = systemClock, connectMs = CONNECT_MS, lineMs = LINE_MS } = parts
  const startedMs = clock.nowMs()
  const since = (ms: number) => Math.max(0, Math.round(clock.nowMs() - ms))
  const seen = { kind: 'tcp', address, port } as const
  let socket: Socket
  try {
    socket = await connectTcp({ address, port, timeoutMs: connectMs }, { signal, clock })
  } catch (error) {
    const state = error instanceof Failure ? STATES[error.code] : undefined
    if (state === undefined) throw error
    return { ...seen, state, ms: since(startedMs) }
  }
  const ms = since(startedMs)
  const connectedMs = clock.nowMs()
  const { line, atMs } = await firstLine(socket, clock, lineMs)
  if (signal.aborted) throw reasonOf(signal)
  const said = { line, lineMs: Math.max(0, Math.round(atMs - connectedMs)) }
  return { ...seen, state: 'connected', ms, ...(line === '' ? {} : said) }
}

const STATES: Readonly<Record<string, TcpSeen['state']>> = {
  PORT_REFUSED: 'refused',
  TCP_TIMEOUT: 'silent',
  NO_ROUTE: 'no route',
}

/** Hangs up when the line is there, the server is done, or the time is over. */
function firstLine(socket: Socket, clock: Clock, limitMs: number): Promise<{ line: string; atMs: number }> {
  return new Promise((resolve) => {
    let text = ''
    // A prompt such as `login: ` has no end: what counts is when it came.
    let atMs = 0
    const cancel = clock.after(limitMs, () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      atMs = clock.nowMs()
      if (text.length >= LINE_MAX || plain(text).ended) socket.destroy()
    })
    socket.once('error', () => socket.destroy())
    socket.once('close', () => {
      cancel()
      resolve({ line: plain(text).line, atMs })
    })
  })
}

/** Without the options that a Telnet server begins with (RFC 854: 255, 251 up to 254, and the option), and without empty lines. */
function plain(text: string): { line: string; ended: boolean } {
  const words = text.replace(/\xff[\xfb-\xfe][\s\S]/g, '').trimStart()
  const [line = ''] = words.split(/[\r\n]/, 1)
  return {
    line: line
      .replace(/[^\x20-\x7e]/g, ' ')
      .trim()
      .slice(0, LINE_MAX),
    ended: line.length < words.length,
  }
}
