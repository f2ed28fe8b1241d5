/** Whether anything listens on the ports that devices are managed by, for a person who looks for the right one. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { ConnectParts } from '../target.ts'
import { connectTcp } from './tcp.ts'

/** SSH, NETCONF over SSH (RFC 6242), Telnet, HTTPS. */
const PORTS = [22, 830, 23, 443] as const

/** A port that says nothing for so long is not waited for, ms. */
const PATIENCE_MS = 2_000

/** How a port answered: `silent` is what a firewall makes of it. */
export type Answer = 'open' | 'refused' | 'silent' | 'no route'

/**
 * Knocks at all ports at once and hangs up; nothing is sent.
 * @param except port that was tried already
 * @returns answer by port
 */
export async function probePorts(
  address: string,
  except: number,
  parts: Pick<ConnectParts, 'signal' | 'clock'>,
  candidates: readonly number[] = PORTS,
): Promise<Record<string, Answer>> {
  const ports = candidates.filter((port) => port !== except)
  const answers = await Promise.all(ports.map((port) => knock({ address, port, timeoutMs: PATIENCE_MS }, parts)))
  return Object.fromEntries(ports.map((port, index) => [String(port), answers[index] ?? 'silent']))
}

async function knock(
  to: Parameters<typeof connectTcp>[0],
  { signal, clock }: Pick<ConnectParts, 'signal' | 'clock'>,
): Promise<Answer> {
  try {
    const socket = await connectTcp(to, { signal, ...(clock && { clock }) })
    socket.destroy()
    return 'open'
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    if (error.code === 'PORT_REFUSED') return 'refused'
    return error.code === 'NO_ROUTE' ? 'no route' : 'silent'
  }
}
