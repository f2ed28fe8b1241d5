import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type PeerCertificate, type SecureVersion, type TLSSocket } from 'node:tls'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepCertificate, readCertificate } from './certificate.ts'
import { openLog } from './log.ts'
import { listenHttp } from './server.ts'

const DAY_MS = 86_400_000
let folder: string
/** Makes NAME.crt and NAME.key. */
function make(name: string, days: number): { certificate: string; key: string } {
  const files = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...ec, ...subject, '-keyout', files.key, '-out', files.certificate], {
    stdio: 'pipe',
  })
  return files
}
let first: { certificate: string; key: string }
let second: { certificate: string; key: string }
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netraven-certificate-'))
  first = make('first', 30)
  second = make('second', 60)
})
afterAll(() => rmSync(folder, { recursive: true }))

const reason = (work: () => unknown) => {
  try {
    work()
    return 'usable'
  } catch (error) {
    const { code, details } = error as { code: string; details: { reason: string } }
    return `${code}: ${details.reason}`
  }
}

describe('the certificate of a hub that serves TLS itself', () => {
  it('is refused, with the reason, when no client would take it', () => {
    const now = Date.now()
    const empty = join(folder, 'empty.pem')
    writeFileSync(empty, 'nothing')
    expect(reason(() => readCertificate(first, now))).toBe('usable')
    expect(reason(() => readCertificate({ ...first, key: second.key }, now))).toBe(
      'CERTIFICATE_UNUSABLE: the key does not belong to the certificate',
    )
    expect(reason(() => readCertificate(first, now + 31 * DAY_MS))).toMatch(
      /^CERTIFICATE_UNUSABLE: the certificate expired at 20/,
    )
    expect(reason(() => readCertificate(first, now - 2 * DAY_MS))).toMatch(
      /^CERTIFICATE_UNUSABLE: the certificate is not valid before 20/,
    )
    expect(reason(() => readCertificate({ ...first, certificate: join(folder, 'gone') }, now))).toMatch(
      /gone cannot be read \(ENOENT\)$/,
    )
    expect(reason(() => readCertificate({ ...first, certificate: empty }, now))).toMatch(
      /empty.pem has no certificate in PEM$/,
    )
    expect(reason(() => readCertificate({ ...first, key: empty }, now))).toMatch(
      /empty.pem has no private key in PEM without a passphrase$/,
    )
  })

  it('is exchanged under way without a connection being lost; a bad one is told and not taken; its end is warned of once a day', async () => {
    const files = { certificate: join(folder, 'own.crt'), key: join(folder, 'own.key') }
    const put = (from: { certificate: string; key: string }) => {
      copyFileSync(from.certificate, files.certificate)
      copyFileSync(from.key, files.key)
    }
    put(first)
    let now = Date.now()
    const lines: string[] = []
    const log = openLog({ level: 'trace', write: (line) => lines.push(line) })
    const said = (text: string) => lines.filter((line) => line.includes(text)).length
    const keeper = keepCertificate(files, { clock: () => now, log }, (next) => http.present(next))
    const app = new Hono().get('/', (c) => c.text('here'))
    const http = await listenHttp(app, { host: '127.0.0.1', port: 0, certificate: keeper.current })
    const port = Number(new URL(http.url).port)
    expect(http.url).toMatch(/^https:/)
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
    /** @returns the port that the connection comes from, and whose certificate it saw */
    const ask = (through?: Agent) =>
      new Promise<{ from: number; name: string }>((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, agent: through, rejectUnauthorized: false }, (answer) => {
          const socket = answer.socket as TLSSocket
          const seen = {
            from: socket.localPort ?? 0,
            name: String((socket.getPeerCertificate() as PeerCertificate).subject.CN),
          }
          answer.resume().on('end', () => resolve(seen))
        })
        asked.on('error', reject).end()
      })
    const before = await ask(agent)
    expect(before.name).toBe('first')

    put(second)
    keeper.look()
    expect((await ask()).name).toBe('second')
    expect(await ask(agent)).toEqual(before)
    expect(said('took the new TLS certificate')).toBe(1)

    copyFileSync(first.key, files.key)
    keeper.look()
    keeper.look()
    expect((await ask()).name).toBe('second')
    expect(said('the one before stays')).toBe(1)

    put(second)
    now += 50 * DAY_MS
    keeper.look()
    keeper.look()
    expect(said('expires soon')).toBe(1)
    now += DAY_MS
    keeper.look()
    expect(said('expires soon')).toBe(2)

    const version = (maxVersion: SecureVersion) =>
      new Promise<string>((resolve) => {
        const socket = connect({
          port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          minVersion: 'TLSv1',
          maxVersion,
          ciphers: 'DEFAULT@SECLEVEL=0',
        })
        socket.on('secureConnect', () => resolve(socket.getProtocol() ?? ''))
        socket.on('error', () => resolve('refused'))
        socket.on('secureConnect', () => socket.destroy())
      })
    expect([await version('TLSv1.1'), await version('TLSv1.2'), await version('TLSv1.3')]).toEqual([
      'refused',
      'TLSv1.2',
      'TLSv1.3',
    ])
    agent.destroy()
    keeper.close()
    await http.close()
  })
})
