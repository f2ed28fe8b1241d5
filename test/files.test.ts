/** Files of a device by SFTP and SCP, against a real OpenSSH. */
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Driver, defineDriver } from '../agent/driver.ts'
import type { Transport } from '../protocol/transport.ts'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import { type OpenSshPeer, startOpenSsh } from './peers/openssh.ts'
import { whyNot } from './peers/programs.ts'

const reason = await whyNot(['openssh'], process.env.CI)
const CONFIG = `# saved\n${'set system name "x"\n'.repeat(4000)}end\n`

describe.skipIf(reason !== undefined)('a real OpenSSH', () => {
  let peer: OpenSshPeer
  beforeAll(async () => {
    peer = await startOpenSsh({ config: ['Subsystem sftp internal-sftp'] })
    await writeFile(join(peer.folder, 'startup.cfg'), CONFIG)
    await writeFile(join(peer.folder, 'secret.cfg'), CONFIG, { mode: 0o600 })
    for (const [age, name] of ['b-1.bak', 'b-2.bak', 'c-3.txt'].entries()) {
      await writeFile(join(peer.folder, name), `${name}\nend\n`)
      await utimes(join(peer.folder, name), 1_700_000_000 + age, 1_700_000_000 + age)
    }
  }, 60_000)
  afterAll(() => peer?.stop())

  const driverOf = (run: string): Driver =>
    defineDriver({
      name: 'test_files',
      title: 'Test',
      aliases: [],
      comment: '# ',
      channel: 'exchange',
      transports: ['sftp', 'scp'],
      prompt: /^$/,
      rejected: [],
      logout: [],
      commands: [{ run, as: 'config', complete: /^end\n?(?![\s\S])/ }],
    })
  const reading = (transport: Transport, run: string, more: Partial<Reading> = {}): Reading => ({
    driver: driverOf(run.replace('~', peer.folder)),
    transport,
    address: peer.address,
    port: peer.port,
    username: peer.user.name,
    secret: { privateKey: peer.privateKey },
    ...more,
  })

  it.each(['sftp', 'scp'] as const)('gives a whole file over %s, byte for byte', async (transport) => {
    const read = await readDevice(reading(transport, 'get ~/startup.cfg'))
    expect([read.verdict, read.text === CONFIG, read.hostKey]).toEqual(['complete', true, peer.hostKey])
  })

  it('gives the newest of the files that fit, over sftp', async () => {
    expect((await readDevice(reading('sftp', 'newest ~/b-*.bak'))).text).toBe('b-2.bak\nend\n')
  })

  it.each([
    ['sftp', 'get ~/none.cfg', 'COMMAND_REJECTED'],
    ['scp', 'get ~/none.cfg', 'COMMAND_REJECTED'],
    ['sftp', 'newest ~/x-*.bak', 'COMMAND_REJECTED'],
    ['scp', 'newest ~/b-*.bak', 'COMMAND_REJECTED'],
    ['sftp', 'get ~/secret.cfg', 'PRIVILEGE_INSUFFICIENT'],
    ['scp', 'get ~/a;reboot', 'POLICY_COMMAND'],
    ['sftp', 'put ~/startup.cfg', 'POLICY_COMMAND'],
  ] as const)('over %s refuses %s: %s', async (transport, run, code) => {
    expect((await failureOf(readDevice(reading(transport, run)))).code).toBe(code)
  })

  it('cuts a file that is larger than the limit', async () => {
    for (const transport of ['sftp', 'scp'] as const) {
      const failure = await failureOf(
        readDevice(reading(transport, 'get ~/startup.cfg', { options: { maxOutputBytes: 40_000 } })),
      )
      expect(failure.code).toBe('OUTPUT_TOO_LARGE')
    }
  })

  it('[DAUTH-1] rejects a wrong password as in a shell', async () => {
    const failure = await failureOf(readDevice(reading('sftp', 'get ~/startup.cfg', { secret: { password: 'wrong' } })))
    expect(failure.code).toBe('PASSWORD_REJECTED')
  })
})

describe.skipIf(reason !== undefined)('an OpenSSH without SFTP', () => {
  it('is told by its refusal', async () => {
    const peer = await startOpenSsh()
    try {
      const { address, port, user, privateKey } = peer
      const driver = defineDriver({
        name: 'test_files',
        title: 'Test',
        aliases: [],
        comment: '# ',
        channel: 'exchange',
        prompt: /^$/,
        rejected: [],
        commands: [{ run: 'get /etc/hosts', as: 'config', complete: /^x/ }],
      })
      const place = { address, port, username: user.name, secret: { privateKey } }
      expect((await failureOf(readDevice({ driver, transport: 'sftp', ...place }))).code).toBe('CHANNEL_REFUSED')
    } finally {
      await peer.stop()
    }
  })
})
