import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ARTIFACT_PART_BYTES } from '@netraven/protocol/artifact.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ArtifactSpool } from './artifact-spool.ts'

let dir: string
let spool: ArtifactSpool
const open = () => ArtifactSpool.open({ dir, key: 'ab'.repeat(32) })
const newOwner = () => ({ task: randomUUID(), attempt: 1 })

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'netraven-artifacts-'))
  spool = await open()
})
afterEach(() => rm(dir, { recursive: true }))

async function keep(owner: { task: string; attempt: number }, bytes: Buffer, place = 0) {
  const writer = spool.begin(owner, place)
  for (let at = 0; at < bytes.length; at += 100_000) writer.write(bytes.subarray(at, at + 100_000))
  return writer.end()
}

async function content(from: ArtifactSpool, owner: { task: string; attempt: number }, place = 0): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(from.content(owner, place)))
}

describe('the spool of files', () => {
  it('[JOB-2] gives a file back after a crash, byte for byte, in parts that fit a message', async () => {
    const owner = newOwner()
    const bytes = randomBytes(2 * ARTIFACT_PART_BYTES + 5)
    expect(await keep(owner, bytes)).toMatchObject({ sizeBytes: bytes.length })
    const after = await open()
    after.sweep([owner])
    expect(after.bytes).toBe(spool.bytes)
    expect((await content(after, owner)).equals(bytes)).toBe(true)
    const parts = await Array.fromAsync(after.parts(owner, 0))
    expect(parts).toHaveLength(3)
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(ARTIFACT_PART_BYTES * 1.01)
  })

  it('is not readable on disk', async () => {
    await keep(newOwner(), Buffer.from('canary '.repeat(1000)))
    for (const name of await readdir(dir)) expect((await readFile(join(dir, name))).includes('canary')).toBe(false)
  })

  it('keeps at a start only what belongs to a result that waits', async () => {
    const [kept, gone] = [newOwner(), newOwner()]
    await keep(kept, Buffer.from('a'))
    await keep(gone, Buffer.from('b'))
    await writeFile(join(dir, 'half-written'), 'x')
    spool.sweep([kept])
    expect(await readdir(dir)).toEqual([`${kept.task}.1.0.artifact`])
  })

  it('removes all files of a result, and those of no other', async () => {
    const [one, other] = [newOwner(), newOwner()]
    for (const place of [0, 1]) await keep(one, Buffer.from('a'), place)
    await keep(other, Buffer.from('b'))
    spool.remove(one)
    expect(await readdir(dir)).toEqual([`${other.task}.1.0.artifact`])
    spool.remove(other)
    expect(spool.bytes).toBe(0)
  })

  it('says so when a file was cut, altered or lost', async () => {
    const owner = newOwner()
    await keep(owner, randomBytes(1000))
    const path = join(dir, `${owner.task}.1.0.artifact`)
    const whole = await readFile(path)
    await truncate(path, whole.length - 5)
    await expect(content(spool, owner)).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' })
    whole.writeUInt8(whole.readUInt8(100) ^ 1, 100)
    await writeFile(path, whole)
    await expect(content(spool, owner)).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' })
    await rm(path)
    await expect(content(spool, owner)).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' })
  })

  it('[CAP-7] a disk that takes nothing is told as one that is full', async () => {
    await rm(dir, { recursive: true })
    expect(() => spool.begin(newOwner(), 0)).toThrow(expect.objectContaining({ code: 'SPOOL_FULL' }))
    await open()
  })
})
