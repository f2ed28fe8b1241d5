/** A TCP relay on the loopback that counts what passes: what the link between agent and hub costs, framing and all. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface ByteCounter {
  readonly port: number
  /** Payload of TCP in both directions since the start. */
  bytes(): number
  close(): Promise<void>
}

export async function startByteCounter(target: { host: string; port: number }): Promise<ByteCounter> {
  let bytes = 0
  const sockets = new Set<Socket>()
  const join = (from: Socket, to: Socket) => {
    sockets.add(from)
    from.on('data', (data: Buffer) => {
      bytes += data.length
    })
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  const server = createServer((agent) => {
    const hub = connect({ ...target, noDelay: true })
    agent.setNoDelay(true)
    join(agent, hub)
    join(hub, agent)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the byte counter has no port')
  return {
    port: address.port,
    bytes: () => bytes,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
