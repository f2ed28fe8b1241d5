/** The way in that a device asks for; a library is loaded when the first device asks for its way. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import type { Connection } from '../channel.ts'
import type { ConnectParts, Target } from '../target.ts'

type Connect = (target: Target, parts: ConnectParts) => Promise<Connection>

const http = async () => (await import('./http.ts')).connectHttp
const files = async () => (await import('./files.ts')).connectFiles

const ways: Partial<Readonly<Record<Transport, () => Promise<Connect>>>> = {
  ssh: async () => (await import('./ssh-line.ts')).connectSshLine,
  telnet: async () => (await import('./telnet.ts')).connectTelnet,
  netconf: async () => (await import('./netconf.ts')).connectNetconf,
  https: http,
  http,
  sftp: files,
  scp: files,
}

/** Ways in that this agent knows. */
export const transports: readonly Transport[] = (Object.keys(ways) as Transport[]).sort()

/**
 * Connects and logs in.
 * @throws Failure TRANSPORT_UNSUPPORTED, and what the transport throws
 */
export async function connect(target: Target, parts: ConnectParts): Promise<Connection> {
  const way = ways[target.transport]
  if (!way) throw new Failure('TRANSPORT_UNSUPPORTED', { transport: target.transport, driver: target.driver.name })
  const connectWay = await way()
  return connectWay(target, parts)
}
