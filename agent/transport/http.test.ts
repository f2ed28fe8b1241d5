import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeviceOptions } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { HttpPlan } from '../http-plan.ts'
import { driverOf } from '../replay/scripted-device.ts'
import { connectHttp } from './http.ts'
import { digestAnswer, digestChallenge } from './http-digest.ts'

const folder = mkdtempSync(join(tmpdir(), 'netraven-http-'))
afterAll(() => rmSync(folder, { recursive: true }))
const certificateOf = (name: string, ...more: string[]) => {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`]
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      ...subject,
      ...more,
    ],
    { stdio: 'ignore' },
  )
  return { key: readFileSync(key), cert: readFileSync(cert) }
}
const own = certificateOf('device.example')
const pinOf = (cert: Buffer) =>
  `sha256/${createHash('sha256')
    .update(new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')}`

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const LIMITS = { idleMs: 5000, totalMs: 10_000, maxBytes: 1024 * 1024 }

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  closing.push(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const serve = (listener: RequestListener, tls?: object) =>
  listen(tls ? createTlsServer({ ...own, ...tls }, listener) : createServer(listener))

interface Setting {
  plan?: HttpPlan
  options?: DeviceOptions
  password?: string
  transport?: 'http' | 'https'
}

async function connect(port: number, { plan = { login: { kind: 'basic' } }, ...setting }: Setting = {}) {
  const connection = await connectHttp(
    {
      transport: setting.transport ?? 'http',
      address: '127.0.0.1',
      name: '127.0.0.1',
      port,
      username: 'admin',
      password: setting.password ?? 'p"w&d',
      options: setting.options ?? {},
      timeoutMs: 5000,
      driver: driverOf({ channel: 'exchange', http: plan }),
    },
    { signal: new AbortController().signal },
  )
  closing.push(() => connection.close())
  return connection
}

async function get(port: number, setting: Setting = {}, command = 'GET /config', limits = LIMITS) {
  const connection = await connect(port, setting)
  if (!connection.exchange) throw new Error('no exchange')
  return connection.exchange(command, limits)
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure instanceof Failure) return failure
  throw failure ?? new Error('it did not fail')
}

const BASIC = `Basic ${Buffer.from('admin:p"w&d').toString('base64')}`
const bodyOf = async (request: IncomingMessage) => (await Array.fromAsync(request)).join('')
const config: RequestListener = (_, response) => response.end('hostname x\nend\n')

describe('a login', () => {
  it('by Basic goes with each request', async () => {
    const seen: (string | undefined)[] = []
    const port = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.end('x')
    })
    expect((await get(port)).bytes.toString()).toBe('x')
    expect(seen).toEqual([BASIC])
  })

  it('[DAUTH-1] that is refused is a rejection, after one try', async () => {
    let tries = 0
    const port = await serve((_, response) => {
      tries += 1
      response.writeHead(401).end()
    })
    expect((await failureOf(get(port))).code).toBe('PASSWORD_REJECTED')
    expect(tries).toBe(1)
  })

  const digestServer = (password: string) => {
    const seen: string[] = []
    const challenge = 'Digest realm="r", nonce="abc", qop="auth", algorithm=SHA-256'
    const listener: RequestListener = ({ headers: { authorization = '' }, url = '' }, response) => {
      seen.push(authorization)
      const [, cnonce = ''] = /cnonce="([^"]+)"/.exec(authorization) ?? []
      const count = Number.parseInt(/nc=(\w+)/.exec(authorization)?.[1] ?? '0', 16)
      const asked = digestChallenge([challenge])
      const right =
        asked && digestAnswer(asked, { method: 'GET', uri: url, username: 'admin', password, count, cnonce })
      if (authorization === right) response.end('config')
      else response.writeHead(401, { 'www-authenticate': challenge }).end()
    }
    return { listener, seen }
  }

  it('by Digest answers the challenge once, and goes on with it', async () => {
    const { listener, seen } = digestServer('p"w&d')
    const connection = await connect(await serve(listener), { plan: { login: { kind: 'digest' } } })
    for (const path of ['/a', '/b'])
      expect((await connection.exchange?.(`GET ${path}`, LIMITS))?.bytes.toString()).toBe('config')
    expect(seen).toHaveLength(3)
    expect(seen.join()).not.toContain('p"w&d')
  })

  it('[DAUTH-1] by Digest with a wrong password is refused after one answer', async () => {
    const { listener, seen } = digestServer('another')
    const failure = await failureOf(get(await serve(listener), { plan: { login: { kind: 'digest' } } }))
    expect(failure.code).toBe('PASSWORD_REJECTED')
    expect(seen.filter(Boolean)).toHaveLength(1)
  })

  it('by Digest never becomes Basic where somebody can listen', async () => {
    const seen: unknown[] = []
    const port = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    const failure = await failureOf(get(port, { plan: { login: { kind: 'digest' } } }))
    expect(failure.code).toBe('METHOD_UNSUPPORTED')
    expect(seen).toEqual([undefined])
  })

  it('by a token sends it in the header that the driver names', async () => {
    const port = await serve(({ headers }, response) => response.end(headers['x-api-key']))
    const plan: HttpPlan = { login: { kind: 'token', header: 'x-api-key', value: '{password}' } }
    expect((await get(port, { plan, password: 't0ken' })).bytes.toString()).toBe('t0ken')
  })

  const session: HttpPlan = {
    login: {
      kind: 'session',
      steps: [
        { request: 'GET /login', take: { csrf: /name="csrf" value="(?<value>[^"]+)"/ } },
        {
          request: 'POST /login',
          form: { user: '{username}', pass: '{password}', csrf: '{csrf}' },
          refused: /Bad login/,
          take: { token: /"token":"(?<value>[^"]+)"/ },
        },
      ],
      headers: { authorization: 'Bearer {token}' },
    },
    logout: { request: 'POST /logout' },
  }

  const formServer = (seen: string[], answer = '{"token":"tok1"}') =>
    serve(async (request, response) => {
      const body = await bodyOf(request)
      seen.push(`${request.method} ${request.url} ${body} ${request.headers.cookie ?? ''}`.trim())
      if (request.method === 'GET' && request.url === '/login') {
        response.setHeader('set-cookie', ['sid=s1; Path=/; HttpOnly', 'old=; Max-Age=0'])
        response.end('<input name="csrf" value="c&1">')
      } else if (request.url === '/login') response.end(answer)
      else response.end(request.headers.authorization)
    })

  it('by a form takes along what the pages give: cookie, hidden field, token', async () => {
    const seen: string[] = []
    const connection = await connect(await formServer(seen), { plan: session })
    expect((await connection.exchange?.('GET /config', LIMITS))?.bytes.toString()).toBe('Bearer tok1')
    expect(seen).toEqual([
      'GET /login',
      'POST /login user=admin&pass=p%22w%26d&csrf=c%261 sid=s1',
      'GET /config  sid=s1',
    ])
  })

  it('[DAUTH-1] by a form that comes back with an error page is refused, whatever its status', async () => {
    const seen: string[] = []
    const failure = await failureOf(get(await formServer(seen, 'Bad login'), { plan: session }))
    expect(failure.code).toBe('PASSWORD_REJECTED')
    expect(JSON.stringify(failure)).not.toContain('p"w&d')
  })

  it('[DAUTH-1] by a form that brings no token is refused', async () => {
    expect((await failureOf(get(await formServer([], '{}'), { plan: session }))).code).toBe('PASSWORD_REJECTED')
  })

  it('inside each request is written as its body wants it', async () => {
    let heard = ''
    const port = await serve(async (request, response) => {
      heard = `${request.url} ${await bodyOf(request)}`
      response.end('x')
    })
    const plan: HttpPlan = { login: { kind: 'session', steps: [] }, fill: 'xml' }
    const command = 'POST /api?q=<u>{username}</u>&p={password} <p>{password}</p>'
    await get(port, { plan, password: 'a&<b"' }, command)
    expect(heard).toBe('/api?q=<u>admin</u>&p=a%26amp%3B%26lt%3Bb%26quot%3B <p>a&amp;&lt;b&quot;</p>')
  })

  it('by JSON keeps a password with quotes whole', async () => {
    let heard = ''
    const port = await serve(async (request, response) => {
      heard += await bodyOf(request)
      response.end('ok')
    })
    const login = { kind: 'session', steps: [{ request: 'POST /login', json: '{"u":"{username}","p":"{password}"}' }] }
    await get(port, { plan: { login } as HttpPlan, password: 'a"b\\{username}' })
    expect(JSON.parse(heard)).toEqual({ u: 'admin', p: 'a"b\\{username}' })
  })
})

describe('an answer', () => {
  const answer = (respond: (response: ServerResponse) => void) => serve((_, response) => respond(response))

  it('of JSON or XML is laid out in lines, and its order is stable', async () => {
    const json = await answer((r) =>
      r
        .setHeader('content-type', 'application/json; charset=utf-8')
        .end('{"b":[2,1],"a":{"z":12345678901234567890,"y":1.0}}'),
    )
    expect((await get(json)).bytes.toString()).toBe(
      '{\n  "a": {\n    "y": 1.0,\n    "z": 12345678901234567890\n  },\n  "b": [\n    2,\n    1\n  ]\n}\n',
    )
    const xml = await answer((r) => r.setHeader('content-type', 'text/xml').end('<a><b>1</b></a>'))
    expect((await get(xml)).bytes.toString()).toBe('<a>\n  <b>1</b>\n</a>\n')
  })

  it('[TMO-5] of half a JSON is doubtful', async () => {
    const port = await answer((r) => r.setHeader('content-type', 'application/json').end('{"a":'))
    expect((await get(port)).doubt).toBe('the answer is no whole JSON')
  })

  it.each([
    [404, 'unknown'],
    [405, 'unknown'],
    [302, 'unknown'],
    [403, 'denied'],
  ])('with status %d is refused: %s', async (status, refused) => {
    const port = await answer((r) => r.writeHead(status, { location: 'https://elsewhere.example/' }).end('<b>No</b>'))
    expect((await get(port)).refused).toBe(refused)
  })

  it('with a server’s error says what it said', async () => {
    const port = await answer((r) => r.writeHead(503).end('<html>overloaded</html>'))
    const failure = await failureOf(get(port))
    expect([failure.code, failure.details.status, failure.details.said]).toEqual([
      'HTTP_STATUS',
      503,
      'Service Unavailable overloaded',
    ])
  })

  it('that points elsewhere on the device is followed, elsewhere in the world it is not', async () => {
    const port = await serve(({ url }, r) =>
      url === '/config' ? r.writeHead(302, { location: '/c2?x=1' }).end() : r.end(url),
    )
    expect((await get(port)).bytes.toString()).toBe('/c2?x=1')
  })

  it('[TMO-5] that breaks off is no answer', async () => {
    const port = await answer((r) => {
      r.writeHead(200, { 'content-length': '100' })
      r.write('half', () => r.destroy())
    })
    expect((await failureOf(get(port))).code).toBe('CONNECTION_LOST')
  })

  it('[TMO-1] [TMO-4] that stops coming has stalled', async () => {
    const port = await answer((r) => r.write('half'))
    const failure = await failureOf(get(port, {}, 'GET /config', { ...LIMITS, idleMs: 100 }))
    expect(failure.code).toBe('DEVICE_COMMAND_TIMEOUT')
    expect(failure.details).toMatchObject({ command: 'GET /config', bytes: 4, kind: 'stalled' })
  })

  it('that never ends is cut at the cap', async () => {
    const port = await answer((r) => {
      const pour = () => r.write('x'.repeat(65_536), (error) => error ?? pour())
      pour()
    })
    expect((await failureOf(get(port))).code).toBe('OUTPUT_TOO_LARGE')
  })

  it('is asked for by reading requests alone', async () => {
    const port = await serve(config)
    for (const command of ['DELETE /x', 'PUT /config x', 'GET http://elsewhere/', 'get /x'])
      expect((await failureOf(get(port, {}, command))).code).toBe('POLICY_COMMAND')
  })
})

describe('[DEV-8] a certificate', () => {
  const https = { transport: 'https' as const }

  it('that nobody vouches for stops before anything is said, and shows its pin', async () => {
    let asked = 0
    const port = await serve((_, response) => {
      asked += 1
      response.end()
    }, own)
    const failure = await failureOf(get(port, https))
    expect([failure.code, failure.details.seen]).toEqual(['TLS_UNTRUSTED', pinOf(own.cert)])
    expect(asked).toBe(0)
  })

  it('is trusted by the device’s own authority', async () => {
    const options = { tlsCa: own.cert.toString() }
    expect((await get(await serve(config, own), { ...https, options })).bytes.toString()).toContain('hostname')
  })

  it('of another name is not trusted, unless that name is told', async () => {
    const other = certificateOf('other.example', '-addext', 'basicConstraints=critical,CA:TRUE')
    const named = execFileSync('openssl', ['x509', '-in', join(folder, 'other.example.pem')]).toString()
    const port = await serve(config, other)
    const options = { tlsCa: named, tlsName: 'device.example' }
    expect((await failureOf(get(port, { ...https, options }))).code).toBe('TLS_UNTRUSTED')
    expect(
      (await get(port, { ...https, options: { ...options, tlsName: 'other.example' } })).bytes.length,
    ).toBeGreaterThan(0)
  })

  it('is trusted by its pin, and by no other', async () => {
    const port = await serve(config, own)
    expect((await get(port, { ...https, options: { tlsPin: pinOf(own.cert) } })).bytes.length).toBeGreaterThan(0)
    const other = `sha256/${'A'.repeat(43)}=`
    expect((await failureOf(get(port, { ...https, options: { tlsPin: other } }))).code).toBe('TLS_PIN_CHANGED')
  })

  it('[DEV-7] of a device with old TLS alone needs the option', async () => {
    const old = { ...own, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }
    const port = await serve(config, old)
    const options = { tlsPin: pinOf(own.cert) }
    expect((await failureOf(get(port, { ...https, options }))).code).toBe('TLS_LEGACY')
    expect(
      (await get(port, { ...https, options: { ...options, legacyAlgorithms: true } })).bytes.length,
    ).toBeGreaterThan(0)
  })

  it('does not come from a port that speaks no TLS', async () => {
    const port = await listen(createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')))
    expect((await failureOf(get(port, https))).code).toBe('TLS_HANDSHAKE')
    const closed = await listen(createTcpServer((socket) => socket.destroy()))
    expect((await failureOf(get(closed, https))).code).toBe('TLS_HANDSHAKE')
  })
})
