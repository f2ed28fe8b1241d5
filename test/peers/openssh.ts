/** A real OpenSSH server: Debian's, with a configuration, host keys and users of its own, on a loopback port. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type LinuxUser, makeUser } from './linux-user.ts'
import { endAll, hasChildren, makeFolder, run, until } from './programs.ts'

export interface OpenSshOptions {
  /** More lines of sshd_config; the first mention of a word wins, so these come before the fixture's own. */
  readonly config?: readonly string[]
  readonly hostKeyType?: 'ed25519' | 'rsa'
  /** Login shell of the user; default /bin/sh. */
  readonly shell?: string
  readonly groups?: readonly string[]
  /** A program, with its arguments, that becomes sshd in the end, such as one that puts it into a namespace. */
  readonly within?: readonly string[]
}

export interface OpenSshPeer {
  readonly address: string
  readonly port: number
  /** `SHA256:…` as `ssh-keygen -l` prints it. */
  readonly hostKey: string
  readonly user: LinuxUser
  /** In OpenSSH format; opens the user's door. */
  readonly privateKey: string
  /** An own, empty folder that any user may enter. */
  readonly folder: string
  /** What sshd has logged until now, at VERBOSE. */
  log(): string
  /** Attempts to log in by password or key that sshd has logged, accepted or not. */
  attempts(): number
  /** Waits until no connection is left, so that all of them are in the log. */
  quiet(): Promise<void>
  stop(): Promise<void>
}

const ADDRESS = '127.0.0.1'
/** An empty folder, compiled into sshd; Debian makes it at boot. It stays: another server may use it. */
const SEPARATION = '/run/sshd'

export async function startOpenSsh(options: OpenSshOptions = {}): Promise<OpenSshPeer> {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step()
  }
  try {
    return await start(options, undo, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  options: OpenSshOptions,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<OpenSshPeer> {
  const folder = await makeFolder()
  undo.push(() => rm(folder, { recursive: true, force: true }))
  await mkdir(SEPARATION, { recursive: true, mode: 0o755 })
  const hostKeyFile = join(folder, 'host-key')
  const userKeyFile = join(folder, 'user-key')
  await keygen(hostKeyFile, options.hostKeyType ?? 'ed25519')
  await keygen(userKeyFile, 'ed25519')
  const user = await makeUser({
    folder,
    shell: options.shell ?? '/bin/sh',
    groups: options.groups ?? [],
    authorizedKeys: [(await readFile(`${userKeyFile}.pub`, 'utf8')).trim()],
  })
  undo.push(user.remove)
  const port = await freePort()
  const config = [
    ...(options.config ?? []),
    `ListenAddress ${ADDRESS}:${port}`,
    `HostKey ${hostKeyFile}`,
    `AllowUsers ${user.name}`,
    'UsePAM yes',
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication yes',
    'PidFile none',
    'LogLevel VERBOSE',
    'MaxStartups 200',
    'UseDNS no',
    'PrintMotd no',
    'StrictModes yes',
  ]
  const configFile = join(folder, 'sshd_config')
  await writeFile(configFile, `${config.join('\n')}\n`)
  const [program, ...args] = [...(options.within ?? []), '/usr/sbin/sshd', '-D', '-e', '-f', configFile]
  const sshd = spawn(program ?? '', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  sshd.stderr.on('data', (bytes: Buffer) => {
    log += bytes.toString()
  })
  undo.push(() => endAll({ root: sshd.exitCode === null ? sshd.pid : undefined }))
  await until('sshd', () => {
    if (sshd.exitCode !== null) throw new Error(`sshd ended: ${log}`)
    return log.includes('Server listening') ? true : undefined
  })
  const { stdout } = await run('ssh-keygen', ['-l', '-f', hostKeyFile])
  return {
    address: ADDRESS,
    port,
    hostKey: stdout.split(' ')[1] ?? '',
    user,
    privateKey: await readFile(userKeyFile, 'utf8'),
    folder,
    log: () => log,
    attempts: () => [...log.matchAll(/^(?:Accepted|Failed) (?!none)\S+ for /gm)].length,
    quiet: async () => {
      await until('the end of all connections', async () => ((await hasChildren(sshd.pid ?? 0)) ? undefined : true))
    },
    stop,
  }
}

async function keygen(file: string, type: string): Promise<void> {
  await run('ssh-keygen', [
    '-q',
    '-t',
    type,
    ...(type === 'rsa' ? ['-b', '2048'] : []),
    '-N',
    '',
    '-C',
    'peer',
    '-f',
    file,
  ])
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, ADDRESS)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
