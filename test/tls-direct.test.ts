/** A hub that serves TLS itself: people, agents and their socket, and a certificate that is exchanged while they are connected. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { type Running, startAgent, startHub } from './processes.ts'

describe('a hub that serves TLS itself', () => {
  let folder: string
  let test: TestDatabase
  let field: Field
  const at = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: folder })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  /** A certificate of the authority for the hub. */
  const issue = (name: string) => {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
    openssl('req', ...ec, '-keyout', `${name}.key`, ...subject, '-out', `${name}.csr`)
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-copy_extensions', 'copy', '-days', '30'],
      ...['-CA', 'ca.crt', '-CAkey', 'ca.key', '-out', `${name}.crt`],
    )
  }
  const install = (name: string) => {
    copyFileSync(at(`${name}.crt`), at('hub.crt'))
    copyFileSync(at(`${name}.key`), at('hub.key'))
  }
  const presented = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({
        port: Number(new URL(field.hub.url).port),
        host: '127.0.0.1',
        rejectUnauthorized: false,
      })
      socket.on('error', reject).on('secureConnect', () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
    })
  const saved = process.env.NODE_EXTRA_CA_CERTS

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'netraven-tls-direct-'))
    openssl('req', '-x509', ...ec, '-days', '30', '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.crt')
    issue('first')
    issue('second')
    install('first')
    // Every process of the field trusts the authority, as the operating system would.
    process.env.NODE_EXTRA_CA_CERTS = at('ca.crt')
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    const hubEnv = { TLS_CERT_FILE: at('hub.crt'), TLS_KEY_FILE: at('hub.key') }
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 1, hubEnv })
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
    if (saved === undefined) delete process.env.NODE_EXTRA_CA_CERTS
    else process.env.NODE_EXTRA_CA_CERTS = saved
    rmSync(folder, { recursive: true })
  })

  it('works for people and agents, and takes a new certificate without losing a connection', async () => {
    expect(field.hub.url).toMatch(/^https:/)
    const agent = await startAgent(field.agentFolders[0] ?? '')
    expect(await presented()).toBe('first')
    expect((await field.json<{ succeeded: number }>(['backup', 'run', '--all', '--wait'])).succeeded).toBe(1)
    install('second')
    field.hub.child.kill('SIGHUP')
    await field.hub.saw(/took the new TLS certificate/)
    expect(await presented()).toBe('second')
    expect((await field.json<{ unchanged: number }>(['backup', 'run', '--all', '--wait'])).unchanged).toBe(1)
    expect(agent.output.match(/connected to the hub/g)).toHaveLength(1)
    expect(agent.output).not.toMatch(/lost|disconnected/)
    await agent.kill()
  })

  it('does not start with a key that is not that of the certificate, and says so', async () => {
    const env = { ...field.hubEnv, HUB_PORT: '0', TLS_CERT_FILE: at('first.crt'), TLS_KEY_FILE: at('second.key') }
    const failed = await startHub(env).then(
      (hub: Running) => hub.kill().then(() => 'started'),
      (error: unknown) => String(error),
    )
    expect(failed).toContain('CERTIFICATE_UNUSABLE')
    expect(failed).toContain('the key does not belong to the certificate')
  })
})
