import { createServer, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import sophos from '../drivers/sophos_sfos.ts'
import { connectHttp } from './http.ts'

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})
const bodyOf = async (request: IncomingMessage) => (await Array.fromAsync(request)).join('')

/** Answers as the XML API of Sophos does: with status 200, whatever the password. */
async function serve(right: string) {
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    const xml = new URLSearchParams(await bodyOf(request)).get('reqxml') ?? ''
    seen.push(xml)
    const isRight = xml.includes(`<Username>admin</Username><Password>${right}</Password>`)
    const status = isRight ? 'Authentication Successful' : 'Authentication Failure'
    const zones = isRight && xml.includes('<Zone></Zone>') ? '<Zone transactionid=""><Name>LAN</Name></Zone>' : ''
    response.setHeader('content-type', 'text/xml')
    response.end(`<Response APIVersion="2000.1"><Login><status>${status}</status></Login>${zones}</Response>`)
  })
  closing.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : 0, seen }
}

const connect = async (port: number, password: string) => {
  const place = { address: '127.0.0.1', name: '127.0.0.1', port, username: 'admin', password, options: {} }
  const connection = await connectHttp(
    { transport: 'http', ...place, timeoutMs: 5000, driver: sophos },
    { signal: new AbortController().signal },
  )
  closing.push(() => connection.close())
  return connection
}

describe('a login inside each request', () => {
  const [{ run } = { run: '' }] = sophos.commands
  const command = typeof run === 'string' ? run : ''

  it('is written as XML in a form, also with signs that mean something there, and not in the command', async () => {
    const { port, seen } = await serve('a&amp;&lt;b&quot;%')
    const connection = await connect(port, 'a&<b"%')
    const reply = await connection.exchange?.(command, { idleMs: 5000, totalMs: 5000, maxBytes: 100_000 })
    expect(reply?.bytes.toString()).toContain('    <Name>LAN</Name>\n')
    expect(seen).toHaveLength(2)
    expect(command).toContain('{password}')
  })

  it('[DAUTH-1] that is refused with status 200 is a rejection, before anything is asked for', async () => {
    const { port, seen } = await serve('right')
    await expect(connect(port, 'wrong')).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' })
    expect(seen).toHaveLength(1)
  })
})
