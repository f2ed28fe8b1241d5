/** What Telnet, HTTP and HTTPS tell the ladder; SSH stands in `test/ladder.test.ts`, from end to end. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Transport } from '@netraven/protocol/transport.ts'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Connection } from '../channel.ts'
import { Ladder } from '../ladder.ts'
import { driverOf } from '../replay/scripted-device.ts'
import type { Target } from '../target.ts'
import { connect } from './connect.ts'

const folder = mkdtempSync(join(tmpdir(), 'netraven-rungs-'))
afterAll(() => rmSync(folder, { recursive: true }))
const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  closing.push(
    () => server.close(),
    () => {
      for (const socket of sockets) socket.destroy()
    },
  )
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** @returns rung, state and detail or code of all that was not skipped */
async function climb(
  transport: Transport,
  port: number,
  change: Partial<Target> = {},
  use?: (to: Connection) => unknown,
) {
  const ladder = new Ladder(performance.now.bind(performance))
  const abort = new AbortController()
  closing.push(() => abort.abort())
  const driver = driverOf({ channel: 'exchange', http: { login: { kind: 'basic' } } })
  const place = { transport, address: '127.0.0.1', name: '127.0.0.1', port, username: 'admin', password: 'pw' }
  const target = { ...place, options: {}, timeoutMs: 5000, driver, ...change }
  try {
    const connection = await connect(target, { signal: abort.signal, ladder })
    closing.push(() => connection.close())
    ladder.connected()
    await use?.(connection)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    ladder.fall(error)
  }
  const seen = ladder.steps.filter(({ state }) => state !== 'skipped')
  return seen.map(({ rung, state, detail, code }) => [rung, state, code ?? detail?.replace(/port \d+$/, 'port N')])
}

describe('Telnet tells the ladder', () => {
  const asking = (answer: string) =>
    createServer((socket) => {
      let asked = 0
      socket.write('login: ')
      socket.on('data', (bytes) => {
        if (bytes.includes('\r')) socket.write(['Password: ', answer][asked++] ?? '')
      })
    })
  const tcp = ['tcp', 'passed', '127.0.0.1 port N']

  it('what answered and how it was let in', async () => {
    const seen = await climb('telnet', await listen(asking('\r\nSW1#')))
    expect(seen).toEqual([tcp, ['banner', 'passed', undefined], ['login', 'passed', 'answered its questions']])
  })

  it('a wrong password as a failed login', async () => {
    const seen = await climb('telnet', await listen(asking('\r\nLogin incorrect\r\nlogin: ')))
    expect(seen).toEqual([tcp, ['banner', 'passed', undefined], ['login', 'failed', 'PASSWORD_REJECTED']])
  })

  it('silence as no banner', async () => {
    const seen = await climb('telnet', await listen(createServer(() => undefined)), { timeoutMs: 100 })
    expect(seen).toEqual([tcp, ['banner', 'failed', 'BANNER_TIMEOUT']])
  })
})

describe('HTTP tells the ladder', () => {
  const limits = { idleMs: 5000, totalMs: 5000, maxBytes: 10_000 }
  const get = (connection: Connection) => connection.exchange?.('GET /config', limits)
  const serve = (listener: RequestListener) => listen(createHttpServer(listener))
  const tcp = ['tcp', 'passed', '127.0.0.1 port N']

  it('that the first request is the login', async () => {
    const seen = await climb('http', await serve((_, response) => response.end('x')), {}, get)
    expect(seen).toEqual([tcp, ['login', 'passed', 'basic']])
  })

  it('a refusal of it as a failed login, not as a failed command', async () => {
    const seen = await climb('http', await serve((_, response) => void response.writeHead(401).end()), {}, get)
    expect(seen).toEqual([tcp, ['login', 'failed', 'PASSWORD_REJECTED']])
  })

  it('the certificate as what the device proves itself with', async () => {
    const [key, cert] = [join(folder, 'key'), join(folder, 'pem')]
    const made = ['-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=fw1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync('openssl', ['req', '-x509', ...curve, ...made], { stdio: 'ignore' })
    const pair = { key: readFileSync(key), cert: readFileSync(cert) }
    const port = await listen(createTlsServer(pair, (_, response) => response.end('x')))
    expect(await climb('https', port)).toEqual([tcp, ['host-key', 'failed', 'TLS_UNTRUSTED']])
    const trusted = await climb('https', port, { options: { tlsCa: String(pair.cert) } }, get)
    expect(trusted).toEqual([
      tcp,
      ['host-key', 'passed', expect.stringMatching(/^sha256\/\S+, CN=fw1$/)],
      ['login', 'passed', 'basic'],
    ])
  })
})
