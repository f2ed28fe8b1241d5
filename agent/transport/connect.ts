/** The way in that a device asks for. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import type { Connection } from '../channel.ts'
import type { ConnectParts, Target } from '../target.ts'
import { connectSsh } from './ssh.ts'

type Connect = (target: Target, parts: ConnectParts) => Promise<Connection>

const ways: Partial<Readonly<Record<Transport, Connect>>> = {
  ssh: connectSsh,
}

/** Ways in that this agent knows. */
export const transports: readonly Transport[] = (Object.keys(ways) as Transport[]).sort()

/**
 * Connects and logs in.
 * @throws Failure TRANSPORT_UNSUPPORTED, and what the transport throws
 */
export function connect(target: Target, parts: ConnectParts): Promise<Connection> {
  const way = ways[target.transport]
  if (!way) throw new Failure('TRANSPORT_UNSUPPORTED', { transport: target.transport, driver: target.driver.name })
  return way(target, parts)
}
