/** NETCONF against a real server, Debian's netconfd, behind a real OpenSSH. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import { type NetconfdPeer, startNetconfd } from './peers/netconfd.ts'
import { whyNot } from './peers/programs.ts'

const reason = await whyNot(['openssh', 'netconfd'], process.env.CI)

describe.skipIf(reason !== undefined)('a real netconfd', () => {
  let peer: NetconfdPeer
  beforeAll(async () => {
    peer = await startNetconfd()
  }, 60_000)
  afterAll(() => peer?.stop())

  const reading = (more: Partial<Reading> = {}): Reading => ({
    driver: 'ietf_netconf',
    transport: 'netconf',
    address: peer.ssh.address,
    port: peer.ssh.port,
    username: peer.ssh.user.name,
    secret: { privateKey: peer.ssh.privateKey },
    ...more,
  })

  it('[DEV-6] is read over NETCONF: hello, chunked framing, its running configuration in lines', async () => {
    const read = await readDevice(reading())
    expect(read.verdict).toBe('complete')
    expect(read.text).toMatch(/^<config xmlns="urn:ietf:params:xml:ns:netconf:base:1\.0"[^>]*>\n {2}</)
    expect(read.text).toMatch(/\n<\/config>\n$/)
    expect(read.text).toContain('    <hostname>nc1</hostname>\n')
    expect(read.text).toContain('<contact>noc &amp; friends, password desk</contact>')
    expect(read.hostKey).toBe(peer.ssh.hostKey)
  })

  it('[DEV-6] is the same each time: no time of day is in it', async () => {
    const [one, two] = [await readDevice(reading()), await readDevice(reading())]
    expect(two.contentHash).toBe(one.contentHash)
  })

  it('[DEV-6] is read from the candidate where that is asked for', async () => {
    const read = await readDevice(reading({ options: { netconfSource: 'candidate' } }))
    expect(read.verdict).toBe('complete')
  })

  it('[DEV-6] without the datastore that is asked for says so', async () => {
    const failure = await failureOf(readDevice(reading({ options: { netconfSource: 'startup' } })))
    expect(failure.code).toBe('COMMAND_REJECTED')
  })

  it('[DAUTH-1] rejects a wrong key as SSH does', async () => {
    const failure = await failureOf(readDevice(reading({ secret: { password: 'wrong' } })))
    expect(failure.code).toBe('PASSWORD_REJECTED')
  })
})

describe.skipIf(reason !== undefined)('an OpenSSH without NETCONF', () => {
  it('[DEV-6] is told by the refusal of the subsystem', async () => {
    const { startOpenSsh } = await import('./peers/openssh.ts')
    const ssh = await startOpenSsh()
    try {
      const { address, port, user, privateKey } = ssh
      const place = { address, port, username: user.name, secret: { privateKey } }
      const failure = await failureOf(readDevice({ driver: 'ietf_netconf', transport: 'netconf', ...place }))
      expect(failure.code).toBe('CHANNEL_REFUSED')
    } finally {
      await ssh.stop()
    }
  })
})
