import { connect, type Socket } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultServerLimits, type HttpServer, listenHttp } from './server.ts'

const limits = { headerBytes: 16_384, headersMs: 400, requestMs: 800, checkEveryMs: 50, stalledMs: 400 }
const LONG = 64 * 1024 * 1024

/** A socket and all that came out of it. */
class Client {
  readonly socket: Socket
  text = ''
  readonly closed: Promise<string>
  constructor(port: number, first = '') {
    this.socket = connect({ port, host: '127.0.0.1' })
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1')
    })
    this.socket.on('error', () => this.socket.destroy())
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve(this.text)))
    if (first !== '') this.socket.write(first)
  }

  /** Writes a little again and again until the other side has had enough. */
  drip(bytes: string, everyMs = 20): this {
    const timer = setInterval(() => this.socket.write(bytes), everyMs)
    this.socket.on('close', () => clearInterval(timer))
    return this
  }

  /** Status lines and codes of the answers. */
  async told(): Promise<string> {
    const text = await this.closed
    const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)
    const codes = [...text.matchAll(/"code":"(\w+)"/g)].map(([, code]) => code)
    return [...statuses, ...codes].join(' ')
  }
}

describe('a socket that strangers speak to', () => {
  let http: HttpServer
  let port: number
  let received = 0
  beforeAll(async () => {
    const app = new Hono()
      .onError((_, c) => c.text('', 400))
      .get('/quick', (c) => c.text('here'))
      .get('/late', async (c) => {
        await new Promise((resolve) => setTimeout(resolve, limits.stalledMs * 2))
        return c.text('at last')
      })
      .get('/long', () => new Response('x'.repeat(LONG)))
      .post('/take', async (c) => {
        received += (await c.req.arrayBuffer()).byteLength
        return c.text('taken')
      })
    http = await listenHttp(app, { host: '127.0.0.1', port: 0, limits })
    port = Number(new URL(http.url).port)
  })
  afterAll(() => {
    http.server.closeAllConnections()
    return http.close()
  })
  const quick = async () => (await fetch(`${http.url}/quick`)).text()
  const send = (text: string) => new Client(port, text)
  const closing = (text: string) => send(text.replace('\r\n', '\r\nConnection: close\r\n')).told()

  it('headers that drip are cut off with a code, silence without a word, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 100 }, () => send('GET /quick HTTP/1.1\r\nHost: x\r\n').drip('X-A: b\r\n'))
    const silent = Array.from({ length: 20 }, () => new Client(port))
    expect(await quick()).toBe('here')
    expect(new Set(await Promise.all(slow.map((client) => client.told())))).toEqual(new Set(['408 REQUEST_TIMEOUT']))
    expect(new Set(await Promise.all(silent.map((client) => client.told())))).toEqual(new Set(['']))
  })

  it('a body that drips is cut off, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 50 }, () =>
      send('POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n').drip('x'),
    )
    const chunked = send('POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n').drip('1\r\nx\r\n')
    expect(await quick()).toBe('here')
    const told = await Promise.all([...slow, chunked].map((client) => client.told()))
    for (const one of told) expect(one).toMatch(/^(?:408 REQUEST_TIMEOUT)?$/)
    expect(received).toBe(0)
  })

  it('whoever asks for much and does not read it is cut off', async () => {
    const lazy = send('GET /long HTTP/1.1\r\nHost: x\r\n\r\n')
    lazy.socket.pause()
    await new Promise<void>((resolve) => {
      const look = () => {
        http.server.getConnections((_, count) => (count === 0 ? resolve() : setTimeout(look, 50)))
      }
      // Connections of the tests before are gone as well by then.
      http.server.closeIdleConnections()
      setTimeout(look, 50)
    })
    lazy.socket.resume()
    expect((await lazy.closed).length).toBeLessThan(LONG)
  })

  it('whoever is thought about for long is not', async () => {
    expect(await (await fetch(`${http.url}/late`)).text()).toBe('at last')
  })

  it.each([
    ['10 MB of one header', () => `X-Big: ${'x'.repeat(10_000_000)}\r\n`],
    ['10 MB of many headers', () => Array.from({ length: 500_000 }, (_, at) => `X-${at}: some value\r\n`).join('')],
  ])('%s: refused with a code', async (_, headers) => {
    const client = send(`GET /quick HTTP/1.1\r\nHost: x\r\n${headers()}\r\n`)
    // What is cut while it still sends may not hear the answer out: the connection is reset.
    expect(await client.told()).toMatch(/^(?:431 HEADERS_TOO_LARGE|408 REQUEST_TIMEOUT)?$/)
    expect(await closing(`GET /quick HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(17_000)}\r\n\r\n`)).toBe(
      '431 HEADERS_TOO_LARGE',
    )
    expect(await closing(`GET /${'x'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('431 HEADERS_TOO_LARGE')
    expect(await quick()).toBe('here')
  })

  const inside = 'GET /quick HTTP/1.1\r\nHost: x\r\n\r\n'
  it.each([
    [
      'both lengths',
      `POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inside}`,
    ],
    [
      'both lengths, the other way around',
      `POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${inside}`,
    ],
    ['two lengths', `POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\n${inside}`],
    ['an odd encoding', `POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n${inside}`],
    [
      'chunked and more',
      `POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inside}`,
    ],
    [
      'a space before the colon',
      `POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inside}`,
    ],
    ['a folded header', `GET /quick HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c: d\r\n\r\n`],
    ['a length with a sign', `POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd`],
    [
      'a bare line feed in chunks',
      `POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n${inside}`,
    ],
    ['a null byte in a header', 'GET /quick HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n'],
    ['a null byte in the address', 'GET /qu\0ick HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no host', 'GET /quick HTTP/1.1\r\n\r\n'],
    ['a host that is none', 'GET /quick HTTP/1.1\r\nHost: x/@y\r\n\r\n'],
    ['a method that is none', 'BREW\0 /quick HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['what is no HTTP', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 hello\r\n\r\n'],
  ])('%s: one refusal with a code, and what follows is not taken for a request', async (_, text) => {
    const told = await send(text).told()
    expect(told).toMatch(/^400(?: REQUEST_INVALID)?$/)
    expect(received).toBe(0)
  })

  it('says nothing about what it runs on', async () => {
    const { headers } = await fetch(`${http.url}/quick`)
    expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null])
  })

  it('leaves a person on a slow line enough time for what may be sent', () => {
    expect(defaultServerLimits.requestMs).toBeGreaterThan(10 * 8 * 1_000)
    expect(defaultServerLimits.headersMs).toBeLessThanOrEqual(20_000)
  })
})
