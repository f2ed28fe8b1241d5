/**
 * A real FRR router: Debian's zebra, staticd, bgpd and ospfd in a network namespace of their own, so that no route of
 * this machine changes, and an OpenSSH server whose user has vtysh as login shell.
 */
import { spawn } from 'node:child_process'
import { access, chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenSshPeer, startOpenSsh } from './openssh.ts'
import { endAll, makeFolder, run, until } from './programs.ts'

export interface FrrOptions {
  /** Program that vtysh pages through, as `VTYSH_PAGER` says; absent: none. */
  readonly pager?: string
  /** Lines above the configuration's own. */
  readonly config?: readonly string[]
}

export interface FrrPeer extends OpenSshPeer {
  /** Configures the running router, a line at a time, and returns when it has taken effect. */
  configure(lines: readonly string[]): Promise<void>
}

export const FRR_HOSTNAME = 'frr-edge'
export const FRR_SECRET = 'canary-bgp-password'
const DAEMONS = ['zebra', 'staticd', 'bgpd', 'ospfd'] as const

const CONFIG = `
ip route 192.0.2.0/24 blackhole
ip route 198.51.100.0/24 blackhole 200
router bgp 65001
 bgp router-id 192.0.2.1
 no bgp ebgp-requires-policy
 neighbor 203.0.113.2 remote-as 65002
 neighbor 203.0.113.2 description upstream
 neighbor 203.0.113.2 password ${FRR_SECRET}
exit
ip prefix-list from-upstream seq 5 permit 0.0.0.0/0 le 24
`

export async function startFrr(options: FrrOptions = {}): Promise<FrrPeer> {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step()
  }
  try {
    const folder = await makeFolder()
    undo.push(() => rm(folder, { recursive: true, force: true }))
    const vtysh = await startDaemons(folder, options, undo)
    const shell = join(folder, 'login-shell')
    const pager = options.pager ? `export VTYSH_PAGER=${options.pager}\n` : ''
    await writeFile(shell, `#!/bin/sh\n${pager}exec /usr/bin/vtysh ${vtysh.join(' ')} "$@"\n`)
    await chmod(shell, 0o755)
    const ssh = await startOpenSsh({ shell, groups: ['frrvty'] })
    undo.push(ssh.stop)
    const configure = async (lines: readonly string[]) => {
      await run('vtysh', [...vtysh, ...['configure terminal', ...lines].flatMap((line) => ['-c', line])])
    }
    return { ...ssh, configure, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @returns options with which vtysh finds the daemons */
async function startDaemons(folder: string, options: FrrOptions, undo: (() => Promise<unknown>)[]): Promise<string[]> {
  const sockets = join(folder, 'run')
  const config = join(folder, 'etc')
  for (const path of [sockets, config]) await mkdir(path)
  await writeFile(join(config, 'vtysh.conf'), `service integrated-vtysh-config\nhostname ${FRR_HOSTNAME}\n`)
  await writeFile(join(config, 'frr.conf'), [...(options.config ?? []), CONFIG].join('\n'))
  for (const daemon of DAEMONS) await writeFile(join(config, `${daemon}.conf`), `hostname ${FRR_HOSTNAME}\n`)
  await run('chown', ['-R', 'frr:frrvty', sockets, config])
  const common = `-z ${sockets}/zserv.api --vty_socket ${sockets} -P 0 -u frr -g frr`
  const start = DAEMONS.map(
    (daemon) => `/usr/lib/frr/${daemon} -f ${config}/${daemon}.conf -i ${sockets}/${daemon}.pid ${common} &`,
  )
  const child = spawn('unshare', ['--net', 'sh', '-c', `${start.join('\n')}\nwait`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaint = ''
  child.stderr.on('data', (bytes: Buffer) => {
    complaint += bytes.toString()
  })
  undo.push(() => endAll({ root: child.exitCode === null ? child.pid : undefined }))
  for (const daemon of DAEMONS)
    await until(`${daemon} (${complaint.trim()})`, () =>
      access(join(sockets, `${daemon}.vty`)).then(
        () => true,
        () => undefined,
      ),
    )
  const vtysh = ['--vty_socket', sockets, '--config_dir', config]
  await run('vtysh', [...vtysh, '-b'])
  return vtysh
}
