import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Driver } from '../agent/driver.ts'
import { loadAll } from '../agent/loaded-drivers.ts'
import { failureOf, type Reading, readDevice } from './device-reading.ts'
import {
  BGPD_SECRET,
  BIRD_SECRET,
  type OpenSwitch,
  type OpenSystem,
  OVS_SECRET,
  startBird,
  startOpenbgpd,
  startOpenvswitch,
} from './peers/open-systems.ts'
import type { OpenSshPeer } from './peers/openssh.ts'
import { startOpenSsh } from './peers/openssh.ts'
import { whyNot } from './peers/programs.ts'

const drivers = await loadAll()

const noPeers = await whyNot(['openssh', 'bird', 'openbgpd', 'openvswitch'], process.env.CI)
if (noPeers) console.warn(`no open systems are tested: ${noPeers}`)

const toward = (peer: OpenSshPeer, driver: string | Driver): Reading => ({
  address: peer.address,
  port: peer.port,
  driver,
  username: peer.user.name,
  secret: { password: peer.user.password },
})

/** The same driver for a host that offers a terminal alone. */
function inShell(name: string): Driver {
  const driver = drivers.find(name)
  if (!driver) throw new Error(`no driver ${name}`)
  return { ...driver, channel: 'shell' }
}

/** The kept text with its secrets cut out. */
function withoutSecrets({ text, spans }: { text: string; spans: number[] }): string {
  let at = 0
  let left = ''
  for (let index = 0; index < spans.length; index += 2) {
    const from = at + (spans[index] ?? 0)
    left += text.slice(at, from)
    at = from + (spans[index + 1] ?? 0)
  }
  return left + text.slice(at)
}

describe.skipIf(noPeers)('a real BIRD router', () => {
  let router: OpenSystem

  beforeAll(async () => {
    router = await startBird()
  })
  afterAll(async () => {
    await router?.stop()
  })

  it('is read with the files that it includes, the same twice, and a changed line is seen', async () => {
    const first = await readDevice(toward(router, 'bird'))
    expect(first).toMatchObject({ verdict: 'complete', reasons: [] })
    expect(first.text).toMatch(/^# BIRD \d\S+\n# Router ID is 192\.0\.2\.1\n# Hostname is bird-edge\n### /)
    expect(first.text).toContain('\n### /etc/bird/bird.conf\n# edge router of the test\n')
    expect(first.text).toContain('\n### /etc/bird/peers/upstream.conf\nprotocol bgp upstream {\n')
    expect(withoutSecrets(first)).not.toMatch(RegExp(`${BIRD_SECRET}|canary-ospf`))
    expect(withoutSecrets(first)).toContain('description "the password is with the NOC"')
    expect((await readDevice(toward(router, 'bird'))).contentHash).toBe(first.contentHash)
    await router.change('import all', 'import none')
    const second = await readDevice(toward(router, 'bird'))
    expect(second.text).toContain('ipv4 { import none; export none; };')
    expect(second.fingerprint).not.toBe(first.fingerprint)
  })

  it('gives the same text through a terminal', async () => {
    const read = await readDevice(toward(router, inShell('bird')))
    expect(read.verdict).toBe('complete')
    expect(read.text).toBe((await readDevice(toward(router, 'bird'))).text)
  })
})

describe.skipIf(noPeers)('a real OpenBGPD router', () => {
  let router: OpenSystem

  beforeAll(async () => {
    router = await startOpenbgpd()
  })
  afterAll(async () => {
    await router?.stop()
  })

  it('is read whole, the same twice, and a changed line is seen', async () => {
    const first = await readDevice(toward(router, 'openbgpd'))
    expect(first).toMatchObject({ verdict: 'complete', reasons: [] })
    expect(first.text).toMatch(/^# OpenBGPD \d\S*\n### \/usr\/local\/etc\/bgpd\.conf\n# edge router of the test\n/)
    expect(withoutSecrets(first)).not.toContain(BGPD_SECRET)
    expect(withoutSecrets(first)).toContain('descr "password is with the NOC"')
    expect(withoutSecrets(first)).toContain('deny to any community 65001:666\n')
    expect((await readDevice(toward(router, 'openbgpd'))).contentHash).toBe(first.contentHash)
    await router.change('network 192.0.2.0/24', 'network 198.51.100.0/24')
    const second = await readDevice(toward(router, 'openbgpd'))
    expect(second.text).toContain('\nnetwork 198.51.100.0/24\n')
    expect(second.fingerprint).not.toBe(first.fingerprint)
  })
})

describe.skipIf(noPeers)('a real Open vSwitch', () => {
  let bridge: OpenSwitch

  beforeAll(async () => {
    bridge = await startOpenvswitch()
  })
  afterAll(async () => {
    await bridge?.stop()
  })

  it('is read whole, with the flows that nobody else would bring back', async () => {
    const { verdict, reasons, text, spans } = await readDevice(toward(bridge, 'openvswitch'))
    expect({ verdict, reasons }).toEqual({ verdict: 'complete', reasons: [] })
    expect(text).toContain('name                : "vx0"\noptions             : ["map",[["key","77"],')
    expect(text).toMatch(/\ntrunks +: \["set",\[10,20\]\]\n/)
    expect(text).toContain('### flows of bridge br0\npriority=50,ip,nw_dst=198.51.100.0/24 actions=drop\n')
    expect(text).not.toContain('idle_timeout')
    expect(text).not.toContain('flows of bridge br1')
    expect(withoutSecrets({ text, spans })).not.toContain(OVS_SECRET)
  })

  it('is the same text twice, and a changed tag is seen', async () => {
    const first = await readDevice(toward(bridge, 'openvswitch'))
    expect((await readDevice(toward(bridge, 'openvswitch'))).text).toBe(first.text)
    await bridge.configure(['set', 'port', 'access1', 'tag=30'])
    const second = await readDevice(toward(bridge, 'openvswitch'))
    expect(second.text).toMatch(/\ntag +: 30\n/)
    expect(second.fingerprint).not.toBe(first.fingerprint)
  })

  it('is the same again when an empty database is filled with what was kept', async () => {
    const { text } = await readDevice(toward(bridge, 'openvswitch'))
    const [, flows = ''] = /^### flows of bridge br0\n(.*?)^###/ms.exec(text) ?? []
    await bridge.restore(insertsOf(text), flows)
    expect((await readDevice(toward(bridge, 'openvswitch'))).text).toBe(text)
  })

  it('gives the same text through a terminal, although the script is long', async () => {
    const read = await readDevice(toward(bridge, inShell('openvswitch')))
    expect(read.verdict).toBe('complete')
    expect(read.text).toBe((await readDevice(toward(bridge, 'openvswitch'))).text)
  })

  it('says that the user may not, when its sockets are for root alone', async () => {
    await bridge.forbid()
    expect((await failureOf(readDevice(toward(bridge, 'openvswitch')))).code).toBe('PRIVILEGE_INSUFFICIENT')
  })
})

/** Each row of the kept text as an operation that inserts it, by its own id. */
function insertsOf(text: string): object[] {
  return text.split(/^(?=\w+ table$)/m).flatMap((table) => {
    const [, name, rows] = /^(\w+) table\n(.*?)(?:^###|(?![\s\S]))/ms.exec(table) ?? []
    return (rows ?? '')
      .split('\n\n')
      .filter((row) => row.includes('_uuid'))
      .map((row) => {
        const columns = [...row.matchAll(/^(\w+) *: (.*)$/gm)].map(([, column, value = '']) => [
          column,
          JSON.parse(value),
        ])
        const { _uuid, ...values } = Object.fromEntries(columns)
        return { op: 'insert', table: name, uuid: _uuid[1], row: values }
      })
  })
}

describe.skipIf(noPeers)('a host that does not show its configuration', () => {
  it('is not read at all, instead of in part', async () => {
    const host = await startOpenSsh({
      within: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', NOTHING, 'sh'],
    })
    try {
      // Debian keeps /etc/bird from users that are not in its group
      expect((await failureOf(readDevice(toward(host, 'bird')))).code).toBe('PRIVILEGE_INSUFFICIENT')
      expect((await failureOf(readDevice(toward(host, 'openbgpd')))).code).toBe('COMMAND_REJECTED')
    } finally {
      await host.stop()
    }
  })
})

/** An empty folder where the configuration of OpenBGPD may be. */
const NOTHING = 'mount -t tmpfs none /usr/local/etc && exec "$@"'
