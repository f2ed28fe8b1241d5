/** What the real peers need of the machine, and running its programs. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { access, chmod, constants, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Outcome of a program that ran to its end. */
export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** @throws Error with what the program said when it failed or can't be started */
export function run(program: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr || stdout || error.message}`, { cause: error }))
      else resolve({ status: 0, stdout, stderr })
    })
    child.stdin?.on('error', () => child.kill())
    child.stdin?.end(input)
  })
}

const PROGRAMS = {
  openssh: { package: 'openssh-server', files: ['/usr/sbin/sshd', '/usr/bin/ssh-keygen', '/usr/sbin/useradd'] },
  frr: { package: 'frr', files: ['/usr/lib/frr/zebra', '/usr/bin/vtysh'] },
  bird: { package: 'bird2', files: ['/usr/sbin/bird', '/usr/sbin/birdc'] },
  openbgpd: { package: 'openbgpd', files: ['/usr/sbin/bgpd', '/usr/sbin/bgpctl'] },
  telnetd: { package: 'inetutils-telnetd', files: ['/usr/sbin/telnetd', '/bin/login', '/usr/sbin/useradd'] },
  netconfd: { package: 'netconfd', files: ['/usr/sbin/netconfd', '/usr/sbin/netconf-subsystem'] },
  nginx: { package: 'nginx', files: ['/usr/sbin/nginx'] },
  openvswitch: { package: 'openvswitch-switch', files: ['/usr/sbin/ovs-vswitchd', '/usr/sbin/ovsdb-server'] },
} as const

/**
 * @returns why this machine can't run a peer, in a line for a person; undefined when it can
 * @throws Error with that line where everything must run (`CI=true`)
 */
export async function whyNot(
  peers: readonly (keyof typeof PROGRAMS)[],
  ci: string | undefined,
): Promise<string | undefined> {
  const reason = await missing(peers)
  if (reason && ci === 'true') throw new Error(reason)
  return reason
}

async function missing(peers: readonly (keyof typeof PROGRAMS)[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'real peers need root: they log in as users that the test makes'
  for (const peer of peers) {
    const { package: name, files } = PROGRAMS[peer]
    const there = await Promise.all(files.map(runs))
    if (there.includes(false)) return `${name} of Debian is not installed (apt-get install ${name})`
  }
  if (!peers.includes('frr')) return undefined
  const inNamespace = await run('unshare', ['--net', 'true']).catch(() => undefined)
  return inNamespace ? undefined : 'this machine has no network namespaces, and FRR would change its routes without one'
}

async function runs(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Process ids with what they are, of all processes now. */
async function processes(): Promise<{ pid: number; parent: number; user: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const read = (pid: string, name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
  const all = await Promise.all(pids.map((pid) => Promise.all([read(pid, 'status'), read(pid, 'cmdline')])))
  return all.flatMap(([status, command]) => {
    const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
    return status === '' ? [] : [{ pid: number('Pid'), parent: number('PPid'), user: number('Uid'), command }]
  })
}

const FOLDER = /^nr-peer-(\d+)-/

/**
 * Makes a folder for a peer that any user may enter. Its name carries our process: what an earlier one that was killed has
 * left, folder and processes that run out of it, goes first.
 */
export async function makeFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(FOLDER.exec(name)?.[1] ?? 0)
    if (pid === 0 || isAlive(pid)) continue
    const folder = join(tmpdir(), name)
    for (const { pid: left, command } of await processes()) if (command.includes(folder)) await endAll({ root: left })
    await rm(folder, { recursive: true, force: true })
  }
  const folder = await mkdtemp(join(tmpdir(), `nr-peer-${process.pid}-`))
  await chmod(folder, 0o755)
  return folder
}

/** @returns whether a process has children now */
export async function hasChildren(parent: number): Promise<boolean> {
  return (await processes()).some((process) => process.parent === parent)
}

/** Ends a process, all that came from it, and all that a user runs, and waits until they are gone. */
export async function endAll(what: { root?: number | undefined; user?: number }): Promise<void> {
  const chosen = new Set<number>()
  const all = await processes()
  const add = (parent: number) => {
    chosen.add(parent)
    for (const { pid } of all.filter((process) => process.parent === parent)) add(pid)
  }
  if (what.root !== undefined) add(what.root)
  for (const { pid, user } of all) if (what.user !== undefined && user === what.user) chosen.add(pid)
  for (const pid of chosen) send(pid, 'SIGTERM')
  for (let tries = 0; [...chosen].some(isAlive); tries++) {
    if (tries === 20) for (const pid of chosen) send(pid, 'SIGKILL')
    if (tries > 100) throw new Error(`processes do not end: ${[...chosen].filter(isAlive).join(', ')}`)
    await pause(50)
  }
}

/** @returns whether the process existed */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** A process that has ended and was not yet fetched by its parent counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return false
    throw error
  }
}

/** Waits for a condition. @throws Error naming what did not come */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  ms = 15_000,
): Promise<Found> {
  const endMs = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > endMs) throw new Error(`${what} did not come within ${ms} ms`)
    await pause(25)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
