/** A real telnetd: Debian's inetutils-telnetd with login(1) behind it, started for each connection as inetd would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { type LinuxUser, makeUser } from './linux-user.ts'
import { endAll, makeFolder } from './programs.ts'

export interface TelnetdPeer {
  readonly address: string
  readonly port: number
  readonly user: LinuxUser
  /** Connections that were made until now. */
  connections(): number
  stop(): Promise<void>
}

const ADDRESS = '127.0.0.1'

export async function startTelnetd(shell = '/bin/bash'): Promise<TelnetdPeer> {
  const folder = await makeFolder()
  const user = await makeUser({ folder, shell })
  const children = new Set<ChildProcess>()
  let connections = 0
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    connections += 1
    const child = spawn('/usr/sbin/telnetd', ['--no-keepalive', '--authmode=off'], { stdio: [socket, socket, socket] })
    children.add(child)
    child.once('exit', () => children.delete(child))
    // The child has its own handle of the connection.
    socket.destroy()
  })
  server.listen(0, ADDRESS)
  await once(server, 'listening')
  const bound = server.address()
  if (typeof bound !== 'object' || bound === null) throw new Error('no port')
  return {
    address: ADDRESS,
    port: bound.port,
    user,
    connections: () => connections,
    stop: async () => {
      server.close()
      for (const { pid } of children) if (pid !== undefined) await endAll({ root: pid })
      await user.remove()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
