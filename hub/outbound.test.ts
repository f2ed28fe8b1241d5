import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type AddressRange, parseRange } from './address-ranges.ts'
import { type OutboundParts, openOutbound } from './outbound.ts'

const ranges = (...texts: string[]) =>
  texts.map(parseRange).filter((range): range is AddressRange => range !== undefined)
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
/** @returns its port on 127.0.0.1 */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const told = (work: Promise<unknown>) =>
  work.then(
    () => 'reached',
    (error: { code: string; details: { reason: string } }) => `${error.code}: ${error.details.reason}`,
  )
/** A resolver that knows these names only. */
const zone =
  (names: Record<string, readonly string[]>): OutboundParts['resolve'] =>
  async (host) => {
    const found = names[host]
    if (!found) throw Object.assign(new Error(`no ${host}`), { code: 'ENOTFOUND' })
    return found
  }
const local = { allowed: ranges('127.0.0.0/8') }

describe('addresses that users set', () => {
  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.100.100.200/',
    'https://192.0.0.192/',
    'https://168.63.129.16/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:7f00:1::]/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://[ff02::1]/',
  ])('%s is not reached', async (url) => {
    expect(await told(openOutbound({ allowed: [] }).fetch(url))).toMatch(/^OUTBOUND_REFUSED: it leads to/)
  })

  it.each([
    ['file:///etc/passwd', 'neither https:// nor http://'],
    ['gopher://127.0.0.1:25/', 'neither https:// nor http://'],
    ['ftp://203.0.113.7/', 'neither https:// nor http://'],
    ['no url', 'neither https:// nor http://'],
    ['https://user:canary@example.net/', 'has a password in it'],
    ['http://8.8.8.8/', 'http:// to the Internet'],
  ])('%s is refused: %s', async (url, reason) => {
    const outbound = openOutbound({ allowed: [], resolve: zone({}) })
    expect(await told(outbound.check(url))).toBe(`OUTBOUND_REFUSED: ${reason}`)
  })

  it('a name counts by what it leads to, and one bad address among good ones is enough', async () => {
    const resolve = zone({
      'good.test': ['8.8.8.8', '2001:4860:4860::8888'],
      'inside.test': ['10.0.0.1'],
      'both.test': ['8.8.8.8', '127.0.0.1'],
      'odd.test': ['nonsense', '8.8.8.8'],
    })
    const { check } = openOutbound({ allowed: [], resolve })
    expect(await told(check('https://good.test/'))).toBe('reached')
    expect(await told(check('https://inside.test/'))).toBe(
      'OUTBOUND_REFUSED: it leads to 10.0.0.1, which is not public',
    )
    expect(await told(check('https://both.test/'))).toBe('OUTBOUND_REFUSED: it leads to 127.0.0.1, which is not public')
    expect(await told(check('https://nowhere.test/'))).toBe('OUTBOUND_FAILED: ENOTFOUND')
    expect(await told(check('https://odd.test/'))).toMatch(/^OUTBOUND_/)
    const permitted = openOutbound({ allowed: ranges('10.0.0.0/8'), resolve })
    expect(await told(permitted.check('http://inside.test/'))).toBe('reached')
  })

  it('a name that answers otherwise a moment later is of no use: the address that was judged is the one that is called', async () => {
    const port = await serve((request, response) =>
      response.end(`${request.headers.host} ${request.socket.localAddress}`),
    )
    const answers = ['127.0.0.1', '10.0.0.1', '10.0.0.1']
    const outbound = openOutbound({ ...local, resolve: async () => [answers.shift() ?? ''] })
    const answer = await outbound.fetch(`http://rebind.test:${port}/`)
    expect(await answer.text()).toBe(`rebind.test:${port} 127.0.0.1`)
    expect(answers).toHaveLength(2)
  })

  it('a redirect is an answer, and is not followed', async () => {
    const asked: (string | undefined)[] = []
    const port = await serve((request, response) => {
      asked.push(request.url)
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    })
    const answer = await openOutbound(local).fetch(`http://127.0.0.1:${port}/a`)
    expect([answer.status, answer.headers.get('location'), asked]).toEqual([302, 'http://169.254.169.254/', ['/a']])
  })

  it('sends what it was told to, and gives back what was answered', async () => {
    const port = await serve(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      response.writeHead(201, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] })
      response.end(`${request.method} ${request.headers['content-type']} ${Buffer.concat(chunks)}`)
    })
    const answer = await openOutbound(local).fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: new URLSearchParams({ a: '1 2' }),
    })
    expect([answer.status, await answer.text()]).toEqual([
      201,
      'POST application/x-www-form-urlencoded;charset=UTF-8 a=1+2',
    ])
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('whoever never answers, answers without end, or is not there, holds nobody up', async () => {
    const silent = await serve(() => undefined)
    const endless = await serve((_, response) => {
      const more = () => {
        if (!response.destroyed) response.write('x'.repeat(10_000), () => setImmediate(more))
      }
      more()
    })
    const outbound = openOutbound({
      ...local,
      limitMs: 300,
      limitBytes: 100_000,
      resolve: () => new Promise(() => undefined),
    })
    expect(await told(outbound.fetch(`http://127.0.0.1:${silent}/`))).toBe('OUTBOUND_FAILED: no answer in time')
    expect(await told(outbound.fetch(`http://127.0.0.1:${endless}/`))).toBe(
      'OUTBOUND_FAILED: the answer has more than 100000 bytes',
    )
    expect(await told(outbound.fetch('http://127.0.0.1:1/'))).toBe('OUTBOUND_FAILED: ECONNREFUSED')
    expect(await told(outbound.fetch('https://never.test/'))).toBe('OUTBOUND_FAILED: no answer in time')
  })
})
