import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir } from './data-dir-lock.ts'
import { silentLog } from './log.ts'

describe.each([
  ['with flock', 'flock'],
  ['on a system without flock', 'no-such-program'],
])('the lock of a data directory %s', (_, program) => {
  let folder: string
  const lock = () => lockDataDir(folder, silentLog(), program)

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'netraven-lock-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is held by one at a time and says by whom', async () => {
    const held = await lock()
    expect(JSON.parse(await readFile(join(folder, 'hub.lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    await expect(lock()).rejects.toMatchObject({
      code: 'DATA_DIR_LOCKED',
      details: { path: folder, pid: process.pid },
    })
    await held.release()
    await (await lock()).release()
  })

  it('is taken over from a process that is gone, also when its pid came round', async () => {
    for (const left of [{ pid: 2 ** 22 + 1, start: '1' }, { pid: process.pid, start: '1' }, 'garbage', '']) {
      await writeFile(join(folder, 'hub.lock'), typeof left === 'string' ? left : JSON.stringify(left))
      await (await lock()).release()
    }
  })

  it('says that the folder is not there', async () => {
    await rm(folder, { recursive: true })
    await expect(lock()).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE', details: { errno: 'ENOENT' } })
  })
})
