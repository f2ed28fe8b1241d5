/** The way to the hub as it is in the field: TLS in front of the hub, a proxy that lets nothing else out. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Server as NetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must, netravenAgent, startAgent } from './processes.ts'

const portOf = (server: NetServer) => (server.address() as AddressInfo).port
const listening = (server: NetServer) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

describe('an agent whose hub is behind TLS', () => {
  let folder: string
  let test: TestDatabase
  let field: Field
  let tls: NetServer
  let proxy: Server
  let url: string
  let certificate: string
  const asked: string[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'netraven-tls-'))
    certificate = join(folder, 'cert.pem')
    const subject = ['-subj', '/CN=hub.test', '-addext', 'subjectAltName=DNS:localhost']
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      ...made,
      ...subject,
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      certificate,
    ])
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 0 })
    const hubPort = Number(new URL(field.hub.url).port)
    const pair = { key: await readFile(join(folder, 'key.pem')), cert: await readFile(certificate) }
    tls = createTlsServer(pair, (near) => {
      const far = connect(hubPort, '127.0.0.1')
      near.pipe(far).pipe(near)
      near.on('error', () => far.destroy())
      far.on('error', () => near.destroy())
    })
    tls.on('tlsClientError', () => undefined)
    await listening(tls)
    url = `https://localhost:${portOf(tls)}`
    proxy = createHttpServer((_, response) => response.writeHead(405).end())
    proxy.on('connect', (request, near) => {
      asked.push(request.url ?? '')
      const far = connect(portOf(tls), '127.0.0.1', () => {
        near.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        near.pipe(far).pipe(near)
      })
      near.on('error', () => far.destroy())
      far.on('error', () => near.destroy())
    })
    await listening(proxy)
  })
  afterAll(async () => {
    await field?.close()
    tls?.close()
    proxy?.close()
    await test?.drop()
    await rm(folder, { recursive: true })
  })

  const token = () => must(field.cli(['enrollment-tokens', 'create', '--site', 'lab']))
  const enroll = async (dir: string, env: Record<string, string>) => {
    await mkdir(dir, { recursive: true })
    return netravenAgent(['enroll', '--hub', url, '--token', await token(), '--dir', dir], env)
  }

  it('does not trust a certificate that nobody vouches for, and says what to do', async () => {
    const { code, stderr } = await enroll(join(folder, 'distrust'), {})
    expect([code, stderr]).toEqual([1, expect.stringContaining('HUB_TLS')])
    expect(stderr).toContain('→')
  })

  it('refuses to go without TLS to another host', async () => {
    const hub = 'http://hub.test:8000'
    const { code, stderr } = await netravenAgent([
      'enroll',
      '--hub',
      hub,
      '--token',
      await token(),
      '--dir',
      join(folder, 'plain'),
    ])
    expect([code, stderr]).toEqual([1, expect.stringContaining('HUB_PLAINTEXT')])
  })

  it('enrols, connects and works over TLS with the certificate of your own authority', async () => {
    const env = { NODE_EXTRA_CA_CERTS: certificate }
    const dir = join(folder, 'direct')
    await must(enroll(dir, env))
    const agent = await startAgent(dir, env)
    const run = await field.json<{ succeeded: number }>(['backup', 'run', '--all', '--wait'])
    expect(run.succeeded).toBe(1)
    await agent.kill()
    expect(asked).toEqual([])
  })

  it('goes through the proxy of the environment, for the enrolment, the doctor and the WebSocket', async () => {
    const env = { NODE_EXTRA_CA_CERTS: certificate, HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` }
    const dir = join(folder, 'proxied')
    await must(enroll(dir, env))
    expect(asked).toEqual([`localhost:${portOf(tls)}`])
    await must(netravenAgent(['doctor', '--dir', dir], env))
    const agent = await startAgent(dir, env)
    const run = await field.json<{ unchanged: number }>(['backup', 'run', '--all', '--wait'])
    expect(run.unchanged).toBe(1)
    await agent.kill()
    expect(asked).toHaveLength(3)
  })
})
