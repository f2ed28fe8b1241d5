/** Devices that are reached over others: through real OpenSSH servers, and as the hub arranges it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineDriver } from '../agent/driver.ts'
import { ordersFor } from '../hub/orders.ts'
import { openTestApi, type TestApi } from './api.ts'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import { freePort, type OpenSshPeer, startOpenSsh } from './peers/openssh.ts'
import { whyNot } from './peers/programs.ts'
import { startTelnetd } from './peers/telnetd.ts'
import { servers } from './postgres.ts'
import { seedAgent } from './seed.ts'

const reason = await whyNot(['openssh', 'telnetd'], process.env.CI)

describe.skipIf(reason !== undefined)('a way over real OpenSSH servers', () => {
  const peers: OpenSshPeer[] = []
  beforeAll(async () => {
    for (const config of [[], [], [], ['AllowTcpForwarding no']]) peers.push(await startOpenSsh({ config }))
  }, 60_000)
  afterAll(() => Promise.all(peers.map((peer) => peer.stop())))

  const peerOf = (number: number): OpenSshPeer => {
    const peer = peers[number]
    if (!peer) throw new Error('no such peer')
    return peer
  }
  const hopOf = (number: number, more: object = {}, secret: object = {}) => {
    const { address, port, hostKey, user, privateKey } = peerOf(number)
    return {
      hop: { name: `jump${number}`, address, port, hostKey, ...more },
      secret: { username: user.name, privateKey, ...secret },
    }
  }
  const reading = (more: Partial<Reading> = {}): Reading => {
    const { address, port, user, privateKey } = peerOf(2)
    return { driver: 'linux', address, port, username: user.name, secret: { privateKey }, ...more }
  }

  it('leads over two of them, each with its own credential, to the device', async () => {
    const before = peerOf(0).attempts() + peerOf(1).attempts()
    const read = await readDevice(reading({ hops: [hopOf(0), hopOf(1)] }))
    expect([read.verdict, read.hostKey, read.hopKeys]).toEqual(['complete', peerOf(2).hostKey, undefined])
    expect(peerOf(0).attempts() + peerOf(1).attempts()).toBe(before + 2)
  })

  it('[DEV-8] tells the host keys of those that were not pinned', async () => {
    const { hopKeys } = await readDevice(reading({ hops: [hopOf(0, { hostKey: undefined })] }))
    expect(hopKeys?.map(({ hostKey }) => hostKey)).toEqual([peerOf(0).hostKey])
  })

  it('[DEV-8] stops at a hop whose host key changed, before its password is sent', async () => {
    const hop = hopOf(0, { hostKey: peerOf(1).hostKey })
    const before = peerOf(0).attempts()
    const failure = await failureOf(readDevice(reading({ hops: [hop] })))
    expect([failure.code, failure.details.hop, failure.details.hopCode]).toEqual([
      'JUMP_HOST_FAILED',
      'jump0',
      'HOST_KEY_CHANGED',
    ])
    expect(peerOf(0).attempts()).toBe(before)
  })

  it('[DAUTH-1] names the hop that refused its login, and is no failure of the device’s credential', async () => {
    const wrong = hopOf(1, {}, { privateKey: undefined, password: 'wrong' })
    const failure = await failureOf(readDevice(reading({ hops: [hopOf(0), wrong] })))
    expect([failure.code, failure.details.hop, failure.details.hopCode, failure.details.behind]).toEqual([
      'JUMP_HOST_FAILED',
      'jump1',
      'PASSWORD_REJECTED',
      'jump0',
    ])
  })

  it('[DEV-1] ends where the last hop can’t reach the device', async () => {
    const failure = await failureOf(readDevice(reading({ port: await freePort(), hops: [hopOf(0)] })))
    expect([failure.code, failure.message, failure.details.reason]).toEqual([
      'JUMP_HOST_FAILED',
      'Device unreachable',
      'it can’t reach the next address',
    ])
    expect([failure.details.hop, failure.details.behind]).toEqual(['jump0', undefined])
  })

  it('[DEV-1] ends at a hop that forwards nothing', async () => {
    const failure = await failureOf(readDevice(reading({ hops: [hopOf(3)] })))
    expect([failure.code, failure.details.hop, failure.details.reason]).toEqual([
      'JUMP_HOST_FAILED',
      'jump3',
      'it does not allow forwarding',
    ])
  })

  it('[DAUTH-1] at the end of it a wrong password is the device’s own', async () => {
    const failure = await failureOf(readDevice(reading({ secret: { password: 'wrong' }, hops: [hopOf(0)] })))
    expect(failure.code).toBe('PASSWORD_REJECTED')
  })

  it('is not gone into a network that the policy does not name', async () => {
    const before = peerOf(0).attempts()
    const policy = '{"networks": ["127.0.0.1"]}'
    const outside = await failureOf(readDevice(reading({ policy, address: '192.0.2.1', hops: [hopOf(0)] })))
    const hop = hopOf(0, { address: '192.0.2.7' })
    const over = await failureOf(readDevice(reading({ policy, hops: [hop] })))
    expect([outside.code, over.code, peerOf(0).attempts()]).toEqual(['POLICY_NETWORK', 'POLICY_NETWORK', before])
  })

  it('carries Telnet and HTTP too', async () => {
    const telnetd = await startTelnetd()
    const web = createServer((_, response) => response.end('config\nend\n')).listen(0, '127.0.0.1')
    try {
      const { address, port, user } = telnetd
      const login = { username: user.name, secret: { password: user.password } }
      const policy = '{"transports": ["ssh", "telnet", "http"]}'
      const read = await readDevice(reading({ transport: 'telnet', address, port, ...login, policy, hops: [hopOf(0)] }))
      expect(read.verdict).toBe('complete')
      const driver = defineDriver({
        name: 'test_web',
        title: 'Test',
        aliases: [],
        comment: '# ',
        channel: 'exchange',
        http: { login: { kind: 'basic' } },
        prompt: /^$/,
        rejected: [],
        commands: [{ run: 'GET /config', as: 'config', complete: /^end\n?(?![\s\S])/ }],
      })
      const place = { address: '127.0.0.1', port: (web.address() as AddressInfo).port }
      const text = await readDevice(
        reading({ driver, transport: 'http', ...place, ...login, policy, hops: [hopOf(0)] }),
      )
      expect(text.text).toBe('config\nend\n')
    } finally {
      web.close()
      await telnetd.stop()
    }
  })
})

describe.each(servers)('ways on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
    for (const name of ['lab', 'branch']) await api.call('POST', '/api/sites', { name })
    for (const name of ['core', 'jump'])
      await api.call('POST', '/api/credentials', { name, username: `${name}-user`, password: `${name}-password` })
    const jump = { address: '192.0.2.9', driver: 'linux', credential: 'jump' }
    await api.call('POST', '/api/devices', { ...jump, name: 'j1', site: 'lab' })
    await api.call('POST', '/api/devices', { ...jump, name: 'j2', site: 'lab', via: 'j1' })
    await api.call('POST', '/api/devices', { ...jump, name: 'far', site: 'branch' })
  })
  afterAll(() => api.close())

  const device = { address: '192.0.2.1', driver: 'cisco_ios', credential: 'core', site: 'lab' }
  const codeOf = async (method: string, path: string, body?: unknown) => {
    const { status, error } = await api.call(method, path, body)
    return [status, error?.code, error?.details]
  }

  it('lead over devices of the same site, and are shown', async () => {
    const added = await api.call('POST', '/api/devices', { ...device, name: 'sw1', via: 'J2' })
    expect(added.body).toMatchObject({ name: 'sw1', via: 'j2' })
    expect((await api.call('PATCH', '/api/devices/sw1', { via: null })).body).toMatchObject({ via: null })
    expect((await api.call('PATCH', '/api/devices/sw1', { via: 'j2' })).body).toMatchObject({ via: 'j2' })
  })

  it.each([
    ['far', 'it stands at another site'],
    ['sw2', 'the way would lead in a circle'],
    ['tel', 'it is not reached by SSH'],
  ])('do not lead over %s: %s', async (via, why) => {
    await api.call('POST', '/api/devices', { ...device, name: 'sw2', via: 'j1' })
    await api.call('POST', '/api/devices', { ...device, name: 'tel', transport: 'telnet' })
    expect(await codeOf('PATCH', '/api/devices/j1', { via })).toEqual([
      422,
      'VIA_INVALID',
      expect.objectContaining({ reason: why }),
    ])
  })

  it('have at most four devices', async () => {
    let via = 'j2'
    for (const name of ['j3', 'j4', 'j5']) {
      await api.call('POST', '/api/devices', { ...device, name, via })
      via = name
    }
    expect(await codeOf('POST', '/api/devices', { ...device, name: 'sw9', via: 'j5' })).toEqual([
      422,
      'VIA_INVALID',
      expect.objectContaining({ reason: 'a way has at most 4 devices' }),
    ])
  })

  it('keep the devices that they lead over', async () => {
    expect(await codeOf('DELETE', '/api/devices/j2')).toEqual([409, 'IN_USE', expect.anything()])
    expect((await codeOf('PATCH', '/api/devices/j2', { site: 'branch' }))[0]).toBe(422)
    expect((await codeOf('PATCH', '/api/devices/j1', { site: 'branch' }))[1]).toBe('IN_USE')
  })

  it('go into the task, the nearest first, each with a box of its own, and only to an agent that knows ways', async () => {
    const { db } = api.database
    const { id: siteId } = await db.selectFrom('sites').select('id').where('name', '=', 'lab').executeTakeFirstOrThrow()
    const agent = await seedAgent(db, siteId)
    await api.call('POST', '/api/runs', { devices: ['sw1'] })
    const parts = {
      db,
      keyring: api.keyring,
      leaseMs: 45_000,
      taskTimeoutMs: 300_000,
    }
    const claim = () => ordersFor(parts, { id: agent.id, siteId, boxPublicKey: agent.boxPublicKey, drivers: {} }, 10)
    expect((await claim()).tasks).toEqual([])
    await db
      .updateTable('agents')
      .set({ abilities: ['via'] })
      .where('id', '=', agent.id)
      .execute()
    const { tasks } = await claim()
    expect(tasks[0]?.via).toEqual([
      expect.objectContaining({ name: 'j1', address: '192.0.2.9', box: expect.any(String) }),
      expect.objectContaining({ name: 'j2', address: '192.0.2.9', box: expect.any(String) }),
    ])
    expect(new Set([tasks[0]?.box, ...(tasks[0]?.via ?? []).map(({ box }) => box)]).size).toBe(3)
  })
})
