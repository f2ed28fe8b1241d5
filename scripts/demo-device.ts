/**
 * The device of the demo: FRR of this machine, or its OpenSSH with a small made-up router behind it, or the repository's
 * replay device. The first two need root and Debian's packages; they get a user of their own, which goes when they stop.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startFrr } from '../test/peers/frr.ts'
import { startOpenSsh } from '../test/peers/openssh.ts'
import { run, whyNot } from '../test/peers/programs.ts'
import { startReplayProcess } from '../test/replay-device/replay-process.ts'

export interface DemoDevice {
  /** What it is, for a person. */
  readonly what: string
  readonly address: string
  readonly port: number
  readonly driver: string
  readonly username: string
  readonly password: string
  /** A secret that stands in its configuration, to show that it is masked. */
  readonly secret: string
  /** Changes its configuration a little. @returns what was changed, for a person */
  change(): Promise<string>
  stop(): Promise<void>
}

type Kind = 'frr' | 'openssh' | 'replay'

/**
 * Starts the best device that this machine can have.
 * @param say told why a better one did not start
 */
export async function startDevice(say: (line: string) => void, kinds: readonly Kind[]): Promise<DemoDevice> {
  const starters = { frr, openssh, replay }
  for (const kind of kinds) {
    try {
      const device = await starters[kind]()
      if (typeof device !== 'string') return device
      say(device)
    } catch (error) {
      if (kind === kinds.at(-1)) throw error
      say(`${kind} did not start: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    }
  }
  throw new Error(`none of these can run here: ${kinds.join(', ')}`)
}

/** So that the configuration has the size of a small router's. */
const PREFIXES = Array.from({ length: 120 }, (_, index) => {
  const network = `10.${64 + Math.floor(index / 40)}.${(index % 40) * 4}.0/22`
  return `ip prefix-list customers seq ${(index + 1) * 5} permit ${network} le 24`
})

const CHANGE = { address: '203.0.113.0/24', distance: 210 }

/** @returns why not, when this machine has none */
async function frr(): Promise<DemoDevice | string> {
  const reason = await whyNot(['openssh', 'frr'], undefined)
  if (reason) return reason
  const { stdout } = await run('/usr/lib/frr/zebra', ['--version'])
  const version = /version (\S+)/.exec(stdout)?.[1] ?? ''
  const peer = await startFrr({ config: PREFIXES })
  return {
    what: `FRR ${version} of this machine, a real router, behind its OpenSSH`,
    address: peer.address,
    port: peer.port,
    driver: 'frr',
    username: peer.user.name,
    password: peer.user.password,
    secret: 'neighbor 203.0.113.2 password',
    change: async () => {
      await peer.configure([`ip route ${CHANGE.address} blackhole ${CHANGE.distance}`])
      return `a static route to ${CHANGE.address}`
    },
    stop: peer.stop,
  }
}

const ROUTER = `frr version 8.4.4
frr defaults traditional
hostname demo-edge
log syslog informational
service integrated-vtysh-config
!
ip route 192.0.2.0/24 blackhole
!
router bgp 65001
 bgp router-id 192.0.2.1
 neighbor 203.0.113.2 remote-as 65002
 neighbor 203.0.113.2 description upstream
 neighbor 203.0.113.2 password demo-bgp-password
exit
!
${PREFIXES.join('\n')}
!
end
`

/** @returns why not, when this machine has none */
async function openssh(): Promise<DemoDevice | string> {
  const reason = await whyNot(['openssh'], undefined)
  if (reason) return reason
  const peer = await startOpenSsh({ shell: '/bin/sh' })
  try {
    const config = join(peer.folder, 'router.conf')
    const shell = join(peer.folder, 'router')
    await writeFile(config, ROUTER)
    await writeFile(
      shell,
      `#!/bin/sh
case "$2" in
  'show version') echo 'FRRouting 8.4.4 (demo-edge).' ;;
  'show running-config') cat ${config} ;;
  *) echo '% Unknown command.' ;;
esac
`,
    )
    await chmod(shell, 0o755)
    await run('usermod', ['--shell', shell, peer.user.name])
    return {
      what: 'OpenSSH of this machine, a real server; the router behind it is made up (FRR is not installed)',
      address: peer.address,
      port: peer.port,
      driver: 'frr',
      username: peer.user.name,
      password: peer.user.password,
      secret: 'neighbor 203.0.113.2 password',
      change: async () => {
        const route = `ip route ${CHANGE.address} blackhole ${CHANGE.distance}`
        await writeFile(config, (await readFile(config, 'utf8')).replace(/(ip route .*\n)/, `$1${route}\n`))
        return `a static route to ${CHANGE.address}`
      },
      stop: peer.stop,
    }
  } catch (error) {
    await peer.stop()
    throw error
  }
}

async function replay(): Promise<DemoDevice> {
  const password = 'replay-password'
  const process = await startReplayProcess(['--username', 'netraven', '--password', password])
  const [device] = process.devices
  if (!device) throw new Error('the replay device did not say where it listens')
  return {
    what: 'a Cisco IOS switch that the repository plays',
    address: device.address,
    port: device.port,
    driver: 'cisco_ios',
    username: 'netraven',
    password,
    secret: 'snmp-server community',
    change: async () => {
      await process.replace(device.name, [['rack 0', 'rack 7']])
      return 'the location of the switch, from rack 0 to rack 7'
    },
    stop: process.stop,
  }
}
