import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { greetingOf } from './greeting.ts'

const { signal } = new AbortController()
let server: Server | undefined
const heard: Buffer[] = []

async function listen(greet: (socket: Socket) => void): Promise<number> {
  const opened = createServer((socket) => {
    socket.on('data', (bytes: Buffer) => heard.push(bytes))
    greet(socket)
  })
  server = opened
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve))
  const address = opened.address()
  return typeof address === 'object' && address ? address.port : 0
}
afterEach(async () => {
  expect(heard).toEqual([])
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  server = undefined
})

const look = (port: number, lineMs = 5_000) => greetingOf('127.0.0.1', port, { signal, lineMs })

describe('a look at a port', () => {
  it.each([
    ['SSH', ['SSH-2.0-Exam', 'ple_1\r\nmore'], 'SSH-2.0-Example_1'],
    ['Telnet with options before', ['\xff\xfd\x01\xff\xfb\x03\r\n\r\nUser Access\r\n'], 'User Access'],
    ['one with odd bytes', ['\x1b[2Jhello\x00\xe9\n'], '[2Jhello'],
    ['one that never ends its line', ['x'.repeat(5000)], 'x'.repeat(300)],
  ])('[DEV-4] shows the first line of %s, and says nothing itself', async (_, pieces, line) => {
    const port = await listen((socket) => {
      for (const piece of pieces) socket.write(Buffer.from(piece, 'latin1'))
    })
    expect(await look(port)).toEqual({
      ...{ kind: 'tcp', address: '127.0.0.1', port, state: 'connected', ms: expect.any(Number) },
      ...{ line, lineMs: expect.any(Number) },
    })
  })

  it('shows a prompt that has no end, and does without a line where there is none', async () => {
    const prompting = await listen((socket) => void socket.write('login: '))
    expect(await look(prompting, 50)).toMatchObject({ state: 'connected', line: 'login:' })
    await new Promise((resolve) => server?.close(resolve))
    const hangingUp = await listen((socket) => void socket.end())
    expect(await look(hangingUp)).not.toHaveProperty('line')
  })

  it('[DEV-4] tells a refusal from silence', async () => {
    // Port 1 (tcpmux) is nobody's on a loopback.
    expect(await look(1)).toMatchObject({ state: 'refused', port: 1 })
    const clock = {
      nowMs: () => 0,
      after: (_: number, run: () => void) => {
        queueMicrotask(run)
        return () => undefined
      },
    }
    const port = await listen(() => undefined)
    expect(await greetingOf('127.0.0.1', port, { signal, clock })).toMatchObject({ state: 'silent' })
  })

  it('ends with whoever asked, before and after the connection', async () => {
    await expect(greetingOf('127.0.0.1', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    const abort = new AbortController()
    const port = await listen(() => abort.abort())
    await expect(greetingOf('127.0.0.1', port, { signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
