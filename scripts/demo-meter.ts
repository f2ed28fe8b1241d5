/** Stands between agent and hub and counts every byte that crosses the link, in both directions, as a network would see them. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** The link is silent when nothing crossed it for so long, ms. */
const SILENCE_MS = 400

export interface Meter {
  /** What the agent dials instead of the hub. */
  readonly url: string
  /** Bytes in both directions since the start. */
  readonly bytes: () => number
  /** Waits until nothing has crossed for a moment. @returns bytes until then */
  silent(): Promise<number>
  close(): Promise<void>
}

export async function startMeter(hubUrl: string): Promise<Meter> {
  const { hostname, port } = new URL(hubUrl)
  const sockets = new Set<Socket>()
  let bytes = 0
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket.on('data', (part) => {
      bytes += part.length
    })
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
    socket.pipe(other)
  }
  const server = createServer((agent) => {
    const hub = connect(Number(port), hostname)
    keep(agent, hub)
    keep(hub, agent)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    bytes: () => bytes,
    silent: async () => {
      for (let seen = -1; seen !== bytes; ) {
        seen = bytes
        await new Promise((resolve) => setTimeout(resolve, SILENCE_MS))
      }
      return bytes
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
