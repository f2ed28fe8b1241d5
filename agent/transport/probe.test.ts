import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { probePorts } from './probe.ts'

const { signal } = new AbortController()
const heard: Buffer[] = []
const server = createServer((socket) => socket.on('data', (bytes: Buffer) => heard.push(bytes)))
let port = 0

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address ? address.port : 0
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

it('[DEV-5] an open port is told from one where nobody listens, and nothing is said to it', async () => {
  const hungUp = new Promise<void>((resolve) =>
    server.once('connection', (socket) => socket.once('close', () => resolve())),
  )
  // Port 1 (tcpmux) is nobody's on a loopback.
  expect(await probePorts('127.0.0.1', 9, { signal }, [port, 1])).toEqual({ [port]: 'open', 1: 'refused' })
  await hungUp
  expect(heard).toEqual([])
})

it('[DEV-5] SSH and NETCONF are looked at both, but not the port that was tried already', async () => {
  expect(Object.keys(await probePorts('127.0.0.1', 443, { signal }))).toEqual(['22', '23', '830'])
})

it('one that waits no longer gets its answer at once', async () => {
  const ended = AbortSignal.abort()
  expect(await probePorts('127.0.0.1', 9, { signal: ended }, [port])).toEqual({ [port]: 'silent' })
})
