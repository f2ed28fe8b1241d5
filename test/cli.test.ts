/** The `netraven` command as a process: what only a process can get wrong. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { postgresFor, servers } from './postgres.ts'
import { netraven } from './processes.ts'

const LAUNCHER = resolve(import.meta.dirname, '../hub/netraven.js')

/** Makes the process believe that its Node.js is an old one. */
const OLD_NODE = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`

describe('the netraven command', () => {
  it('on an old Node.js says in one line which it needs and how to get it, exit 78', async () => {
    const run = promisify(execFile)(process.execPath, ['--import', OLD_NODE, LAUNCHER, 'sites', 'list'])
    const error = (await run.catch((thrown: unknown) => thrown)) as { code: number; stdout: string; stderr: string }
    expect([error.code, error.stdout]).toEqual([78, ''])
    expect(error.stderr).toMatch(/^[^\n]*NODE_TOO_OLD[^\n]*needs 24[^\n]*node_modules[^\n]*\n$/)
  })

  it('whoever stops reading, as head does, makes no noise', async () => {
    const child = spawn(process.execPath, [LAUNCHER, 'explain'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    const err: Buffer[] = []
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes))
    const [code] = await new Promise<[number | null]>((done) => child.on('close', (exit) => done([exit])))
    expect([code, Buffer.concat(err).toString()]).toEqual([0, ''])
  })

  it('[CTR-2] a hub with wrong settings names all of them with what would be right, exit 78', async () => {
    const env = { HUB_PORT: 'eighty', LOG_LEVEL: 'loud', NETRAVEN_DATADIR: '/x', NETRAVEN_DATA_DIR: tmpdir() }
    const { code, stdout, stderr } = await netraven(['hub'], env)
    expect([code, stdout]).toEqual([78, ''])
    expect(stderr).toMatch(/^Configuration is invalid \[CONFIG_INVALID\]/)
    expect(stderr).toMatch(/HUB_PORT is "eighty": must be a whole number/)
    expect(stderr).toMatch(/LOG_LEVEL is "loud": must be one of/)
    expect(stderr).toMatch(/did you mean NETRAVEN_DATA_DIR\?/)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  describe.each(servers)('on %s', (kind) => {
    it('[MIG-3] migrate plan, up and status tell one story', async () => {
      const test = await (await postgresFor(kind)).newDatabase({ empty: true })
      const env = { DATABASE_URL: test.url }
      const json = async (...args: string[]) => JSON.parse((await netraven([...args, '--json'], env)).stdout)
      const { steps } = await json('migrate', 'plan')
      expect(steps).toContain('0001-first')
      expect(await json('migrate', 'status')).toMatchObject({ database: 'none', pending: steps })
      expect(await json('migrate', 'up')).toEqual({ steps })
      expect(await json('migrate', 'up')).toEqual({ steps: [] })
      expect((await netraven(['migrate', 'status'], env)).stdout).toMatch(/state: +up to date/)
      expect((await netraven(['migrate', 'up', '--to', 'nowhere'], env)).code).toBe(2)
      await test.drop()
    })
  })

  it('[DB-1] [CTR-1] a database that is away is "try later", exit 75', async () => {
    const { code, stderr } = await netraven(['migrate', 'status'], {
      DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/x',
    })
    expect([code, stderr]).toEqual([75, expect.stringMatching(/^Database unavailable \[DB_UNAVAILABLE\]/)])
    expect(stderr).not.toContain('canary')
  })

  it('[CTR-4] a port that is taken names the port and the variable, exit 78', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((listening) => taken.on('listening', listening))
    const address = taken.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    const dataDir = await mkdtemp(join(tmpdir(), 'netraven-port-'))
    const env = { DATABASE_URL: test.url, NETRAVEN_DATA_DIR: dataDir, HUB_PORT: String(port) }
    const { code, stderr } = await netraven(['hub'], env)
    expect([code, stderr]).toEqual([
      78,
      expect.stringMatching(new RegExp(`PORT_IN_USE[\\s\\S]*port: ${port}[\\s\\S]*HUB_PORT`)),
    ])
    taken.close()
    await rm(dataDir, { recursive: true, force: true })
    await test.drop()
  })
})
