/** Telnet against a real telnetd with a real login(1) and a real shell on a real terminal. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import { whyNot } from './peers/programs.ts'
import { startTelnetd } from './peers/telnetd.ts'

const reason = await whyNot(['telnetd'], process.env.CI)

describe.skipIf(reason !== undefined)('a real telnetd', () => {
  it('[DEV-2] is read over Telnet: negotiation, name, password, prompt, a whole configuration', async () => {
    const { reading } = await begin()
    const read = await readDevice(reading)
    expect(read.verdict).toBe('complete')
    expect(read.text).toMatch(/^# PRETTY_NAME=[\s\S]*^### \/etc\/[\s\S]*^### end of configuration\n$/m)
    expect(read.hostKey).toBeUndefined()
    const again = await readDevice(reading)
    expect(again.contentHash).toBe(read.contentHash)
  })

  it('[DAUTH-1] that rejects the password is asked once, not again', async () => {
    const { peer, reading } = await begin()
    const failure = await failureOf(readDevice({ ...reading, secret: { password: 'wrong' } }))
    expect(failure.code).toBe('PASSWORD_REJECTED')
    expect(peer.connections()).toBe(1)
  })

  it('is not asked at all when the policy of the agent does not name Telnet', async () => {
    const { peer, reading } = await begin()
    const failure = await failureOf(readDevice({ ...reading, policy: '{}' }))
    expect(failure.code).toBe('POLICY_TRANSPORT')
    expect(peer.connections()).toBe(0)
  })

  it('[DAUTH-1] needs a password: a key can’t be shown over Telnet', async () => {
    const { peer, reading } = await begin()
    const failure = await failureOf(readDevice({ ...reading, secret: { privateKey: 'PEM' } }))
    expect(failure.code).toBe('NO_CREDENTIAL')
    expect(peer.connections()).toBe(0)
  })
})

async function begin() {
  const peer = await startTelnetd()
  onTestFinished(peer.stop)
  const { address, port, user } = peer
  const reading: Reading = {
    driver: 'linux',
    transport: 'telnet',
    policy: '{"transports": ["telnet"]}',
    address,
    port,
    username: user.name,
    secret: { password: user.password },
    options: { idleTimeoutMs: 20_000 },
  }
  return { peer, reading }
}
