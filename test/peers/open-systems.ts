/**
 * Real routers and a real switch of Debian: BIRD, OpenBGPD and Open vSwitch, each in a network namespace of its own, with
 * folders of its own. The OpenSSH server before them stands in a mount namespace where these folders lie at the places
 * that the system has by default, so that a driver finds what it finds on any other host, and this machine is not touched.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenSshPeer, startOpenSsh } from './openssh.ts'
import { endAll, makeFolder, run, until } from './programs.ts'

export interface OpenSystem extends OpenSshPeer {
  /** Replaces a text in the configuration, and returns when the running system has taken it. */
  change(from: string, to: string): Promise<void>
}

type Undo = (() => Promise<unknown>)[]

/** Folder of the machine to folder that stands there for who logs in. */
type Places = Readonly<Record<string, string>>

export const BIRD_SECRET = 'canary-bird-password'
const BIRD_CONF = `# edge router of the test
log syslog all;
hostname "bird-edge";
router id 192.0.2.1;

include "peers/*.conf";

protocol device { }

protocol static blackholes {
	ipv4;
	route 192.0.2.0/24 blackhole;
}

protocol ospf v2 backbone {
	ipv4 { import all; };
	area 0 {
		interface "eth0" {
			authentication cryptographic;
			password "canary-ospf" { id 7; algorithm hmac sha256; };
		};
	};
}
`
const BIRD_PEER = `protocol bgp upstream {
	description "the password is with the NOC";
	local 203.0.113.1 as 65001;
	neighbor 203.0.113.2 as 65002;
	password "${BIRD_SECRET}";
	ipv4 { import all; export none; };
}
`

export function startBird(): Promise<OpenSystem> {
  return build(async (folder, undo) => {
    const etc = await folderIn(folder, 'etc')
    const sockets = await folderIn(folder, 'run')
    await mkdir(join(etc, 'peers'))
    const file = join(etc, 'peers', 'upstream.conf')
    await writeFile(join(etc, 'bird.conf'), BIRD_CONF)
    await writeFile(file, BIRD_PEER)
    await run('chown', ['-R', 'bird:bird', etc, sockets])
    await run('chmod', ['-R', 'u=rwX,g=rX,o=', etc])
    const control = join(sockets, 'bird.ctl')
    await daemon(undo, [
      '/usr/sbin/bird',
      '-f',
      '-u',
      'bird',
      '-g',
      'bird',
      '-c',
      join(etc, 'bird.conf'),
      '-s',
      control,
    ])
    await until('BIRD', () => quiet(run('/usr/sbin/birdc', ['-s', control, 'show', 'status'])))
    const ssh = await sshAt({ '/etc/bird': etc, '/run/bird': sockets }, ['bird'])
    undo.push(ssh.stop)
    const change = async (from: string, to: string) => {
      await replace(file, from, to)
      const { stdout } = await run('/usr/sbin/birdc', ['-s', control, 'configure'])
      if (!/Reconfigured|Reconfiguration in progress/.test(stdout)) throw new Error(`BIRD: ${stdout}`)
    }
    return { ...ssh, change }
  })
}

export const BGPD_SECRET = 'canary-bgpd-password'
const BGPD_CONF = (socket: string) => `# edge router of the test
ASN="65001"
AS $ASN
router-id 192.0.2.1
socket "${socket}"
listen on 127.0.0.1 port 1179
fib-update no
network 192.0.2.0/24

neighbor 203.0.113.2 {
	remote-as 65002
	descr "password is with the NOC"
	tcp md5sig password ${BGPD_SECRET}
	passive
}

allow from any
deny to any community 65001:666
`

export function startOpenbgpd(): Promise<OpenSystem> {
  return build(async (folder, undo) => {
    const etc = await folderIn(folder, 'etc')
    const sockets = await folderIn(folder, 'run')
    const jail = await folderIn(folder, 'jail')
    const file = join(etc, 'bgpd.conf')
    const control = join(sockets, 'bgpd.sock')
    await writeFile(file, BGPD_CONF(control))
    await chmod(file, 0o640)
    await run('chown', ['root:_openbgpd', file])
    await daemon(undo, ['/usr/sbin/bgpd', '-d', '-f', file], { '/run/openbgpd': jail })
    await until('OpenBGPD', () => quiet(run('/usr/sbin/bgpctl', ['-s', control, 'show', 'summary'])))
    const ssh = await sshAt({ '/usr/local/etc': etc }, ['_openbgpd'])
    undo.push(ssh.stop)
    const change = async (from: string, to: string) => {
      await replace(file, from, to)
      await run('/usr/sbin/bgpctl', ['-s', control, 'reload'])
    }
    return { ...ssh, change }
  })
}

export const OVS_SECRET = 'canary-ipsec-psk'
export const OVS_SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

export interface OpenSwitch extends OpenSshPeer {
  /** Runs `ovs-vsctl`, which returns when the switch has taken it. */
  configure(words: readonly string[]): Promise<void>
  /** Takes its sockets away from users that are not root, as they are by default. */
  forbid(): Promise<void>
  /**
   * Ends the database's server and begins one with these operations (RFC 7047 section 5.2) on an empty database, then adds
   * these flows to br0, a line each.
   */
  restore(operations: readonly object[], flows: string): Promise<void>
}

export function startOpenvswitch(): Promise<OpenSwitch> {
  return build(async (folder, undo) => {
    const sockets = await folderIn(folder, 'run')
    const database = join(folder, 'conf.db')
    const socket = `unix:${join(sockets, 'db.sock')}`
    await run('ovsdb-tool', ['create', database, OVS_SCHEMA])
    const environment = { OVS_RUNDIR: sockets, OVS_LOGDIR: folder, OVS_SYSCONFDIR: folder }
    const configure = async (words: readonly string[]) => {
      await run('ovs-vsctl', [`--db=${socket}`, '--timeout=20', ...words])
      await run('chmod', ['-R', 'o+rwX', sockets])
    }
    const serve = () =>
      daemon(undo, ['/usr/sbin/ovsdb-server', database, `--remote=p${socket}`, '--pidfile'], {}, environment)
    let server = await serve()
    await until('ovsdb-server', () => quiet(run('ovs-vsctl', [`--db=${socket}`, '--timeout=5', '--no-wait', 'init'])))
    const switchd = ['/usr/sbin/ovs-vswitchd', socket, '--enable-dummy=override', '--disable-system', '--pidfile']
    await daemon(undo, switchd, {}, environment)
    await configure([
      ...'add-br br0 -- set bridge br0 other-config:hwaddr=02:00:5e:00:53:01 -- set-fail-mode br0 secure'.split(' '),
      ...'-- add-port br0 trunk1 trunks=10,20 -- add-port br0 access1 tag=20'.split(' '),
      ...'-- add-port br0 vx0 -- set interface vx0 type=vxlan options:remote_ip=192.0.2.9 options:key=77'.split(' '),
      `options:psk=${OVS_SECRET}`,
      ...'-- add-br br1 -- set-controller br1 tcp:127.0.0.1:6653'.split(' '),
    ])
    const bridge = join(sockets, 'br0.mgmt')
    await run('ovs-ofctl', ['add-flow', `unix:${bridge}`, 'priority=50,ip,nw_dst=198.51.100.0/24,actions=drop'])
    await run('ovs-ofctl', ['add-flow', `unix:${bridge}`, 'priority=60,idle_timeout=600,arp,actions=flood'])
    const ssh = await sshAt({ '/run/openvswitch': sockets }, [])
    undo.push(ssh.stop)
    const restore = async (operations: readonly object[], flows: string) => {
      await endAll({ root: server })
      await rm(database)
      await run('ovsdb-tool', ['create', database, OVS_SCHEMA])
      server = await serve()
      await until('ovsdb-server', () => quiet(run('ovsdb-client', ['list-tables', socket])))
      const { stdout } = await run('ovsdb-client', [
        'transact',
        socket,
        JSON.stringify(['Open_vSwitch', ...operations]),
      ])
      if (stdout.includes('"error"')) throw new Error(`ovsdb-client: ${stdout}`)
      // returns when the switch has made its bridges, and their sockets, anew
      await configure(['init'])
      await run('ovs-ofctl', ['add-flows', `unix:${bridge}`, '-'], flows)
    }
    const forbid = async () => {
      await run('chmod', ['-R', 'o-rwx', sockets])
      await chmod(sockets, 0o755)
    }
    return { ...ssh, configure, forbid, restore }
  })
}

async function build<Peer extends OpenSshPeer>(start: (folder: string, undo: Undo) => Promise<Peer>): Promise<Peer> {
  const undo: Undo = []
  const stop = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step()
  }
  try {
    const folder = await makeFolder()
    undo.push(() => rm(folder, { recursive: true, force: true }))
    return { ...(await start(folder, undo)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function folderIn(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(path, { mode: 0o755 })
  return path
}

/** A program in a network namespace of its own, to its end or ours. @returns its process id */
async function daemon(
  undo: Undo,
  command: readonly string[],
  places: Places = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [program = '', ...args] = await mounted(places, ['unshare', '--net', '--mount', '--propagation', 'private'])
  const child = spawn(program, [...args, ...command], {
    stdio: 'ignore',
    env: { ...process.env, ...environment },
  })
  undo.push(() => endAll({ root: child.exitCode === null ? child.pid : undefined }))
  return child.pid ?? 0
}

async function sshAt(places: Places, groups: readonly string[]): Promise<OpenSshPeer> {
  return startOpenSsh({ groups, within: await mounted(places, ['unshare', '--mount', '--propagation', 'private']) })
}

/** The words before a program that is to see these places. What is missing to lay a folder over is made, and stays. */
async function mounted(places: Places, unshare: readonly string[]): Promise<string[]> {
  for (const place of Object.keys(places)) await mkdir(place, { recursive: true, mode: 0o755 })
  const mounts = Object.entries(places).map(([place, folder]) => `mount --bind ${folder} ${place} && `)
  return [...unshare, 'sh', '-c', `${mounts.join('')}exec "$@"`, 'sh']
}

async function replace(file: string, from: string, to: string): Promise<void> {
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to))
}

function quiet<Value>(attempt: Promise<Value>): Promise<Value | undefined> {
  return attempt.catch(() => undefined)
}
