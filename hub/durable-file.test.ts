import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeDurably, writeOnce } from './durable-file.ts'

describe('durable files', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'netraven-file-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('are written whole, with their permissions, and leave nothing beside them', async () => {
    await writeDurably(join(folder, 'a'), 'one', { mode: 0o440 })
    await writeDurably(join(folder, 'a'), 'two', { mode: 0o440 })
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('two')
    expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o440)
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('are written once by one of many', async () => {
    const won = await Promise.all(Array.from({ length: 10 }, (_, n) => writeOnce(join(folder, 'a'), `${n}`)))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe(`${won.indexOf(true)}`)
    expect(await readdir(folder)).toEqual(['a'])
  })

  it('leave no half of themselves when the name cannot be given', async () => {
    await mkdir(join(folder, 'taken', 'by-a-folder'), { recursive: true })
    await expect(writeDurably(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'EISDIR' })
    expect(await readdir(folder)).toEqual(['taken'])
  })

  it('fsync the folder after the name is given', async () => {
    const synced: string[] = []
    const syncFolder = async (path: string) => {
      synced.push(path, ...(await readdir(path)))
    }
    await writeDurably(join(folder, 'a'), 'x', { syncFolder })
    expect(synced).toEqual([folder, 'a'])
  })
})
