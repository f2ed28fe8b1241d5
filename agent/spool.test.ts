import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Failure } from '@netraven/protocol/failure.ts'
import type { Report } from '@netraven/protocol/report.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Spool, type SpoolEntry } from './spool.ts'

const KEY = 'ab'.repeat(32)
let dir: string
let damaged: Failure[]
const opened: Spool[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'netraven-spool-'))
  damaged = []
})
afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close()
  await rm(dir, { recursive: true })
})

async function openSpool(options: { maxBytes?: number; key?: string } = {}): Promise<Spool> {
  const spool = await Spool.open({
    dir,
    key: KEY,
    maxBytes: 1e9,
    damaged: (failure) => damaged.push(failure),
    ...options,
  })
  opened.push(spool)
  return spool
}

const uuid = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`

function result(n: number, bytes = 1000): SpoolEntry {
  const report: Report = {
    task: uuid(n),
    attempt: 1,
    device: uuid(n + 100_000),
    capturedAtMs: 1_700_000_000_000 + n,
    durationMs: 5,
    outcome: {
      kind: 'read',
      contentHash: 'a'.repeat(64),
      sizeBytes: bytes,
      verdict: 'complete',
      signature: `${'b'.repeat(85)}A`,
    },
  }
  return { report, spans: [3, 4], compressed: Buffer.alloc(bytes, `canary-${n} `) }
}

/** As after kill -9: nobody closed anything. */
const journals = async () => (await readdir(dir)).filter((name) => name.endsWith('.journal')).sort()

describe('the spool', () => {
  it('[JOB-2] gives every unacknowledged result back after a crash, in order, with its text', async () => {
    const before = await openSpool()
    for (const n of [1, 2, 3]) await before.add(result(n))
    await before.remove([result(2).report])
    const after = await openSpool()
    expect(after.pending.map((report) => report.task)).toEqual([uuid(1), uuid(3)])
    expect(await after.read(result(3).report)).toEqual(result(3))
    expect(damaged).toEqual([])
  })

  it('is not readable on disk: neither text nor names of the result', async () => {
    const spool = await openSpool()
    await spool.add(result(7))
    const [name = ''] = await journals()
    const raw = await readFile(join(dir, name))
    expect(raw.includes('canary')).toBe(false)
    expect(raw.includes('contentHash')).toBe(false)
    expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600)
  })

  it('shares one write among results that arrive together, and keeps each', async () => {
    const spool = await openSpool()
    await Promise.all(Array.from({ length: 200 }, (_, n) => spool.add(result(n))))
    expect(spool.size).toBe(200)
    expect((await openSpool()).size).toBe(200)
  })

  it('cuts off a record that a power cut left half written, says so, and goes on', async () => {
    const before = await openSpool()
    await before.add(result(1))
    await before.add(result(2))
    const [name = ''] = await journals()
    const { size } = await stat(join(dir, name))
    await truncate(join(dir, name), size - 5)
    const after = await openSpool()
    expect(after.pending.map((report) => report.task)).toEqual([uuid(1)])
    expect(damaged.map((failure) => failure.code)).toEqual(['SPOOL_CORRUPT'])
    await after.add(result(3))
    expect((await openSpool()).pending.map((report) => report.task)).toEqual([uuid(1), uuid(3)])
  })

  it('passes over a record that was altered, says so, and keeps those behind it', async () => {
    const before = await openSpool()
    for (const n of [1, 2, 3]) await before.add(result(n))
    const [name = ''] = await journals()
    const raw = await readFile(join(dir, name))
    raw.writeUInt8(raw.readUInt8(100) ^ 1, 100)
    await writeFile(join(dir, name), raw)
    const after = await openSpool()
    expect(after.pending.map((report) => report.task)).toEqual([uuid(2), uuid(3)])
    expect(damaged.map((failure) => failure.code)).toEqual(['SPOOL_CORRUPT'])
  })

  it('gives nothing back under another key, and says so', async () => {
    await (await openSpool()).add(result(1))
    const other = await openSpool({ key: 'cd'.repeat(32) })
    expect(other.size).toBe(0)
    expect(damaged.map((failure) => failure.code)).toEqual(['SPOOL_CORRUPT'])
  })

  it('[CAP-7] refuses loudly when its quota is used up, and loses nothing that it has', async () => {
    const spool = await openSpool({ maxBytes: 3000 })
    await spool.add(result(1))
    await spool.add(result(2))
    expect(spool.full).toBe(false)
    await spool.add(result(3))
    await expect(spool.add(result(4))).rejects.toMatchObject({ code: 'SPOOL_FULL' })
    expect(spool.pending.map((report) => report.task)).toEqual([uuid(1), uuid(2), uuid(3)])
  })

  it('gives disk space back once results are acknowledged', async () => {
    const spool = await openSpool()
    const large = 12 * 1024 * 1024
    for (const n of [1, 2, 3, 4, 5, 6]) await spool.add(result(n, large))
    expect((await journals()).length).toBe(2)
    await spool.remove([1, 2, 3, 4, 5, 6].map((n) => result(n).report))
    expect((await journals()).length).toBe(1)
    expect((await openSpool()).size).toBe(0)
  })

  it('[CAP-7] one result that the hub can’t take does not fill the disk with those that it took', async () => {
    const spool = await openSpool()
    await spool.add(result(0))
    for (let n = 1; n <= 9; n++) {
      await spool.add(result(n, 12 * 1024 * 1024))
      await spool.remove([result(n).report])
    }
    expect((await journals()).length).toBeLessThanOrEqual(2)
    expect(spool.bytes).toBeLessThan(80 * 1024 * 1024)
    expect(spool.pending.map((report) => report.task)).toEqual([uuid(0)])
    expect((await openSpool()).pending.map((report) => report.task)).toContain(uuid(0))
  })

  it('keeps the newer result when one takes the place of another', async () => {
    const spool = await openSpool()
    await spool.add(result(1))
    const failed = {
      ...result(1).report,
      outcome: { kind: 'failed', failure: { code: 'TRANSMISSION_CORRUPT', details: {} } },
    } as const
    await spool.add({ report: failed, spans: [], compressed: new Uint8Array(0) })
    expect(spool.pending).toEqual([failed])
    expect((await openSpool()).pending).toEqual([failed])
  })

  it('says what is wrong when asked for a result that it does not have', async () => {
    await expect((await openSpool()).read(result(9).report)).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' })
  })
})
