import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { PacketSocket } from './packet-socket.ts'

it('a packet written in pieces travels in one piece, and the next turn’s in another', async () => {
  const arrived: string[] = []
  const server = createServer((peer) =>
    peer.on('data', (bytes) => {
      arrived.push(bytes.toString())
      peer.write('heard')
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const socket = new PacketSocket()
  const heard = () => new Promise<void>((resolve) => socket.once('data', () => resolve()))
  socket.setNoDelay(true)
  socket.connect({ host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  for (const packet of ['length body tag', 'again in pieces']) {
    const answer = heard()
    for (const piece of packet.split(' ')) socket.write(piece)
    // The loopback would join what was sent one by one.
    expect(socket.writableCorked).toBe(1)
    await answer
    expect(socket.writableCorked).toBe(0)
  }
  socket.destroy()
  server.close()
  expect(arrived).toEqual(['lengthbodytag', 'againinpieces'])
})

it('tells when the bytes are out, however it is asked to', async () => {
  const server = createServer((peer) => peer.resume())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const socket = new PacketSocket()
  socket.connect({ host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  await new Promise<void>((resolve) => socket.write('one', () => resolve()))
  await new Promise<void>((resolve) => socket.write('two', 'utf8', () => resolve()))
  await new Promise<void>((resolve) => socket.write('three', undefined, () => resolve()))
  socket.destroy()
  server.close()
})
