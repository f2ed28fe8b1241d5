import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadAll } from '../agent/loaded-drivers.ts'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import { FRR_HOSTNAME, FRR_SECRET, type FrrPeer, startFrr } from './peers/frr.ts'
import { freePort, type OpenSshOptions, type OpenSshPeer, startOpenSsh } from './peers/openssh.ts'
import { endAll, whyNot } from './peers/programs.ts'

const drivers = await loadAll()

const noPeers = await whyNot(['openssh', 'frr'], process.env.CI)
if (noPeers) console.warn(`no real devices are tested: ${noPeers}`)

const toward = (peer: OpenSshPeer, change: Partial<Reading> = {}): Reading => ({
  address: peer.address,
  port: peer.port,
  driver: 'linux',
  username: peer.user.name,
  secret: { password: peer.user.password },
  ...change,
})

describe.skipIf(noPeers)('a real OpenSSH server', () => {
  let peer: OpenSshPeer
  /** One of the files that the driver reads; comments alone, so this machine does not change. */
  const file = `/etc/sysctl.d/netraven-test-${process.pid}.conf`

  beforeAll(async () => {
    await writeFile(file, '# netraven-canary 1\n')
    peer = await startOpenSsh()
  })
  afterAll(async () => {
    await peer?.stop()
    await rm(file, { force: true })
  })

  it('is read whole, the same twice, and a changed line is seen', async () => {
    const first = await readDevice(toward(peer))
    expect(first).toMatchObject({ verdict: 'complete', reasons: [], hostKey: peer.hostKey })
    expect(first.text).toContain('# netraven-canary 1\n')
    const second = await readDevice(toward(peer, { hostKey: peer.hostKey }))
    expect(second.contentHash).toBe(first.contentHash)
    await writeFile(file, '# netraven-canary 2\n')
    const third = await readDevice(toward(peer))
    expect(third.text).toContain('# netraven-canary 2\n')
    expect(third.fingerprint).not.toBe(first.fingerprint)
  })

  it('is read with a key alone', async () => {
    const read = await readDevice(toward(peer, { secret: { privateKey: peer.privateKey } }))
    expect(read.verdict).toBe('complete')
  })

  it('[DAUTH-5] sees a wrong password once, never a second time', async () => {
    const before = peer.attempts()
    const failure = await failureOf(readDevice(toward(peer, { secret: { password: 'wrong' } })))
    expect(failure.code).toBe('PASSWORD_REJECTED')
    await peer.quiet()
    expect(peer.attempts() - before).toBe(1)
    expect(peer.log()).not.toContain('wrong')
  })

  it('[DAUTH-1] rejects a foreign key, and that is told apart from a password', async () => {
    const other = await startOpenSsh()
    try {
      const failure = await failureOf(readDevice(toward(peer, { secret: { privateKey: other.privateKey } })))
      expect(failure.code).toBe('KEY_REJECTED')
    } finally {
      await other.stop()
    }
  })

  it('[DEV-8] gets no login at all when its host key is not the pinned one', async () => {
    const before = peer.log()
    const pinned = `SHA256:${'A'.repeat(43)}`
    const failure = await failureOf(readDevice(toward(peer, { hostKey: pinned })))
    expect(failure).toMatchObject({ code: 'HOST_KEY_CHANGED', details: { pinned, seen: peer.hostKey } })
    await peer.quiet()
    expect(peer.log().slice(before.length)).not.toMatch(/Accepted|Failed|Postponed|user nrt-/)
  })
})

describe.skipIf(noPeers)('an OpenSSH server that is set up otherwise', () => {
  const withPeer = async (options: OpenSshOptions, use: (peer: OpenSshPeer) => Promise<void>) => {
    const peer = await startOpenSsh(options)
    try {
      await use(peer)
    } finally {
      await peer.stop()
    }
  }

  it('is read when it wants keyboard-interactive, and hears a wrong answer once', () =>
    withPeer({ config: ['PasswordAuthentication no'] }, async (peer) => {
      expect((await readDevice(toward(peer))).verdict).toBe('complete')
      const before = peer.attempts()
      const failure = await failureOf(readDevice(toward(peer, { secret: { password: 'wrong' } })))
      expect(failure.code).toBe('PASSWORD_REJECTED')
      await peer.quiet()
      expect(peer.attempts() - before).toBe(1)
    }))

  it('[DAUTH-1] says what it accepts when a password is not among it', () =>
    withPeer({ config: ['PasswordAuthentication no', 'KbdInteractiveAuthentication no'] }, async (peer) => {
      const failure = await failureOf(readDevice(toward(peer)))
      expect(failure).toMatchObject({ code: 'METHOD_UNSUPPORTED', details: { methods: ['publickey'] } })
    }))

  it('is read when it has group exchange alone, before a proof of its prime of 8192 bits could have ended', () =>
    withPeer({ config: ['KexAlgorithms diffie-hellman-group-exchange-sha256', 'Ciphers aes256-ctr'] }, async (peer) => {
      expect((await readDevice(toward(peer, { options: { connectTimeoutMs: 15_000 } }))).verdict).toBe('complete')
    }))

  it('[DEV-7] is refused with old algorithms alone, named, and read once they are allowed', () =>
    withPeer(
      {
        hostKeyType: 'rsa',
        config: [
          'KexAlgorithms diffie-hellman-group14-sha1',
          'Ciphers aes128-cbc',
          'MACs hmac-sha1',
          'HostKeyAlgorithms ssh-rsa',
        ],
      },
      async (peer) => {
        const failure = await failureOf(readDevice(toward(peer)))
        expect(failure).toMatchObject({
          code: 'SSH_LEGACY_ALGOS',
          details: {
            missing: ['kex', 'serverHostKey', 'cipher', 'mac'],
            offered: {
              kex: expect.arrayContaining(['diffie-hellman-group14-sha1']),
              serverHostKey: ['ssh-rsa'],
              cipher: ['aes128-cbc'],
              mac: ['hmac-sha1'],
            },
          },
        })
        const read = await readDevice(toward(peer, { options: { legacyAlgorithms: true } }))
        expect(read).toMatchObject({ verdict: 'complete', hostKey: peer.hostKey })
      },
    ))

  it('refuses a session to a user that may not have one', () =>
    withPeer({ config: ['MaxSessions 0'] }, async (peer) => {
      expect((await failureOf(readDevice(toward(peer)))).code).toBe('CHANNEL_REFUSED')
    }))
})

describe.skipIf(noPeers)('a real FRR router', () => {
  let router: FrrPeer

  beforeAll(async () => {
    router = await startFrr({ pager: '/bin/more' })
  })
  afterAll(async () => {
    await router?.stop()
  })

  it('is read whole, the same twice, and a changed line is seen', async () => {
    const first = await readDevice(toward(router, { driver: 'frr' }))
    expect(first).toMatchObject({ verdict: 'complete', reasons: [] })
    expect(first.text).toContain(`hostname ${FRR_HOSTNAME}\n`)
    expect(first.text).toContain(' neighbor 203.0.113.2 description upstream\n')
    expect(first.text).toContain('ip prefix-list from-upstream seq 5 permit 0.0.0.0/0 le 24\n')
    expect(first.text).toMatch(/\nend\n$/)
    expect(first.spans.length).toBeGreaterThan(0)
    expect((await readDevice(toward(router, { driver: 'frr' }))).contentHash).toBe(first.contentHash)
    await router.configure(['router bgp 65001', 'neighbor 203.0.113.2 description other-upstream'])
    const third = await readDevice(toward(router, { driver: 'frr' }))
    expect(third.text).toContain(' neighbor 203.0.113.2 description other-upstream\n')
    expect(third.fingerprint).not.toBe(first.fingerprint)
  })

  it('gives the same text through its interactive shell, pager and escapes and all', async () => {
    const frr = drivers.find('frr')
    if (!frr) throw new Error('no driver frr')
    await router.configure(
      Array.from({ length: 200 }, (_, number) => `ip prefix-list long seq ${number + 1} permit 10.0.${number}.0/24`),
    )
    const exec = await readDevice(toward(router, { driver: 'frr' }))
    const shell = await readDevice(toward(router, { driver: { ...frr, channel: 'shell' } }))
    expect(shell.verdict).toBe('complete')
    expect(shell.text).toBe(exec.text)
    expect(shell.text).toContain(FRR_SECRET)
  })

  it.each(['/usr/bin/less', '/bin/cat'])('gives the same text when its shell pages through %s', async (pager) => {
    const frr = drivers.find('frr')
    if (!frr) throw new Error('no driver frr')
    const long = Array.from(
      { length: 120 },
      (_, number) => `ip prefix-list long seq ${number + 1} permit 10.0.${number}.0/24`,
    )
    const other = await startFrr({ pager, config: long })
    try {
      const exec = await readDevice(toward(other, { driver: 'frr' }))
      const shell = await readDevice(toward(other, { driver: { ...frr, channel: 'shell' } }))
      expect(shell.verdict).toBe('complete')
      expect(shell.text).toBe(exec.text)
    } finally {
      await other.stop()
    }
  })
})

describe('[DEV-1] a device that can not be reached', () => {
  const reading = (port: number): Reading => ({
    address: '127.0.0.1',
    port,
    driver: 'linux',
    username: 'nobody',
    secret: { password: 'never sent' },
    options: { connectTimeoutMs: 400 },
  })

  it('has nothing on its port', async () => {
    expect((await failureOf(readDevice(reading(await freePort())))).code).toBe('PORT_REFUSED')
  })

  it('swallows the connection like a firewall', async () => {
    const program = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`
    const deaf = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const sockets = []
    try {
      const port = Number(String((await once(deaf.stdout, 'data'))[0]))
      deaf.kill('SIGSTOP')
      for (let number = 0; number < 8; number++) sockets.push(connect(port, '127.0.0.1').on('error', () => undefined))
      await Promise.all(sockets.slice(0, 2).map((socket) => once(socket, 'connect')))
      const failure = await failureOf(readDevice(reading(port)))
      expect(failure).toMatchObject({ code: 'TCP_TIMEOUT', details: { port } })
    } finally {
      for (const socket of sockets) socket.destroy()
      deaf.kill('SIGKILL')
      await endAll({ root: deaf.pid })
    }
  })

  it('says nothing on its port', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    try {
      const address = silent.address()
      const port = typeof address === 'object' && address ? address.port : 0
      expect((await failureOf(readDevice(reading(port)))).code).toBe('BANNER_TIMEOUT')
    } finally {
      silent.close()
    }
  })
})
