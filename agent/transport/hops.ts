/**
 * The way over other devices: SSH to the first, through it to the second, and so on (`direct-tcpip`, RFC 4254 section 7.2). Each has its
 * own credential and its own pinned host key; what is said beyond it is encrypted for the end of the way, and no hop can read it.
 */
import type { Duplex } from 'node:stream'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Connection } from '../channel.ts'
import type { ConnectParts, Dial, HopTarget, Way } from '../target.ts'
import { connectSsh } from './ssh.ts'

/** OPEN_FAILURE reasons of RFC 4254 section 5.1. */
const REASONS: Readonly<Record<string, string>> = {
  1: 'it does not allow forwarding',
  2: 'it can’t reach the next address',
  3: 'it does not know forwarding',
  4: 'it has no more room for connections',
}

/**
 * Connects hop by hop.
 * @param hops the one that the agent reaches first
 * @throws Failure JUMP_HOST_FAILED with the hop and its own code, or the reason of the signal
 */
export async function wayThrough(hops: readonly HopTarget[], parts: Omit<ConnectParts, 'ladder'>): Promise<Way> {
  const open: Connection[] = []
  const close = () => {
    for (const connection of open.toReversed()) connection.close()
  }
  let dial: Dial | undefined
  let last = ''
  try {
    for (const target of hops) {
      const { hop } = target
      const connection = await passed(hop, () => connectSsh(target, { ...parts, ...(dial ? { dial } : {}) }))
      open.push(connection)
      dial = (to) => passed(hop, () => forwarded(connection, to))
      last = hop
    }
  } catch (error) {
    close()
    throw error
  }
  if (!dial) throw new RangeError('a way has at least one hop')
  return { dial, hostKeys: open.map(({ hostKey = '' }) => hostKey), close }

  async function passed<T>(hop: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      // What fails behind an earlier hop is named by that one already.
      if (!(error instanceof Failure) || error.code === 'JUMP_HOST_FAILED' || parts.signal.aborted) throw error
      const reason = typeof error.details.reason === 'string' ? error.details.reason : error.message
      const details = { hop, hopCode: error.code, reason, ...(last === '' || last === hop ? {} : { behind: last }) }
      throw new Failure('JUMP_HOST_FAILED', details, { cause: error })
    }
  }
}

async function forwarded(connection: Connection, to: { address: string; port: number }): Promise<Duplex> {
  try {
    if (!connection.forward) throw new Failure('CHANNEL_REFUSED')
    return await connection.forward(to)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { cause } = error
    const number = cause instanceof Error && 'reason' in cause ? String(cause.reason) : ''
    const reason = REASONS[number]
    throw reason === undefined ? error : new Failure(error.code, { ...error.details, reason }, { cause })
  }
}
