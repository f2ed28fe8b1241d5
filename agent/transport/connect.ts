/** The way in that a device asks for. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import type { Connection } from '../channel.ts'
import { logInOnLine } from '../line-login.ts'
import type { ConnectParts, Target } from '../target.ts'
import { connectFiles, filesOver } from './files.ts'
import { connectHttp } from './http.ts'
import { connectNetconf } from './netconf.ts'
import { connectSsh } from './ssh.ts'
import { connectTelnet } from './telnet.ts'

type Connect = (target: Target, parts: ConnectParts) => Promise<Connection>

const ways: Partial<Readonly<Record<Transport, Connect>>> = {
  ssh: connectSshLine,
  telnet: connectTelnet,
  netconf: connectNetconf,
  https: connectHttp,
  http: connectHttp,
  sftp: connectFiles,
  scp: connectFiles,
}

/** SSH, and behind it the login of a system that asks itself, or of the console whose line it is. */
async function connectSshLine(target: Target, parts: ConnectParts): Promise<Connection> {
  const open = target.driver.login?.afterSsh ?? false
  const connection = await connectSsh({ ...target, open }, parts)
  if (!target.options.console && !open) {
    return {
      hostKey: connection.hostKey,
      shell: () => connection.shell(),
      exec: (command) => connection.exec(command),
      exchange: filesOver(connection, target, parts),
      close: () => connection.close(),
    }
  }
  return {
    hostKey: connection.hostKey,
    shell: async () => logInOnLine(await connection.shell(), target, parts),
    exec: async () => {
      throw new Failure('CHANNEL_REFUSED', { reason: 'the line of a console has no exec channel' })
    },
    close: () => connection.close(),
  }
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
