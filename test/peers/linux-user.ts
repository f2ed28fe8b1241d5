/**
 * Users of this machine that exist for a test. Their names carry the process that made them, so that a later run removes
 * what a killed one left.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endAll, run, send, until } from './programs.ts'

export interface LinuxUser {
  readonly name: string
  readonly password: string
  readonly uid: number
  readonly home: string
  remove(): Promise<void>
}

export interface UserOptions {
  /** The home is made in it; other users must be able to pass. */
  readonly folder: string
  readonly shell: string
  readonly groups?: readonly string[]
  /** Lines of authorized_keys. */
  readonly authorizedKeys?: readonly string[]
}

const NAME = /^nrt-(\d+)-[0-9a-f]{4}$/

export async function makeUser(options: UserOptions): Promise<LinuxUser> {
  await sweep()
  const name = `nrt-${process.pid}-${randomBytes(2).toString('hex')}`
  const password = randomBytes(12).toString('base64url')
  const home = join(options.folder, name)
  const groups = options.groups?.length ? ['--groups', options.groups.join(',')] : []
  // High numbers: a container on this machine may have users of its own at 1000, and all that a number runs is ended.
  const number = String(randomInt(900_000_000, 1_000_000_000))
  await retry([
    'useradd',
    '--uid',
    number,
    '--no-create-home',
    '--home-dir',
    home,
    '--shell',
    options.shell,
    ...groups,
    name,
  ])
  const uid = await uidOf(name)
  const remove = async () => {
    await endAll({ user: uid })
    await retry(['userdel', name])
    await rm(home, { recursive: true, force: true })
  }
  try {
    await run('chpasswd', [], `${name}:${password}\n`)
    await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 })
    await writeFile(
      join(home, '.ssh', 'authorized_keys'),
      (options.authorizedKeys ?? []).map((key) => `${key}\n`).join(''),
    )
    for (const path of [home, join(home, '.ssh'), join(home, '.ssh', 'authorized_keys')]) await chown(path, uid, uid)
    await chmod(home, 0o750)
  } catch (error) {
    await remove()
    throw error
  }
  return { name, password, uid, home, remove }
}

/** Removes users of processes that are gone. */
async function sweep(): Promise<void> {
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name = '', , uid] = line.split(':')
    const pid = Number(NAME.exec(name)?.[1] ?? 0)
    if (pid === 0 || send(pid, 0)) continue
    await endAll({ user: Number(uid) })
    await retry(['userdel', name])
  }
}

async function uidOf(name: string): Promise<number> {
  const { stdout } = await run('id', ['--user', name])
  return Number(stdout)
}

/** The user files are locked while somebody else changes them; then it is tried again. */
async function retry([program = '', ...args]: readonly string[]): Promise<void> {
  await until(program, async () => {
    try {
      return await run(program, args)
    } catch (error) {
      if (error instanceof Error && /cannot lock|try again/.test(error.message)) return undefined
      throw error
    }
  })
}
