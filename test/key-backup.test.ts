import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '../hub/ids.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'
import { must, netraven } from './processes.ts'

const PASSPHRASE = 'canary passphrase of the keys'
/** Of the API under test. */
const master = Buffer.alloc(32, 7)

describe.each(servers)('a backup of the keys on %s', (kind) => {
  let api: TestApi
  let folder: string
  beforeEach(async () => {
    api = await openTestApi(kind)
    folder = await mkdtemp(join(tmpdir(), 'netraven-key-backup-'))
  })
  afterEach(async () => {
    await api.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('a backup of the keys opens a restored database, on the host, once it is sure that it fits', async () => {
    const made = await api.call('POST', '/api/admin/keys/backup', { passphrase: PASSPHRASE })
    const file = String(made.body.file)
    expect(file).not.toContain(master.toString('base64'))
    const path = join(folder, 'keys.nrk')
    await writeFile(path, file)
    const env = { DATABASE_URL: api.test.url, NETRAVEN_DATA_DIR: join(folder, 'elsewhere') }
    const into = join(folder, 'restored')
    const restore = (from = path, passphrase = PASSPHRASE, dir = into) =>
      netraven(['keys', 'restore', from, '--into', dir, '--passphrase-stdin', '--json'], env, `${passphrase}\n`)
    const code = async (run: ReturnType<typeof restore>) => JSON.parse((await run).stdout).error.code

    expect(await code(restore(path, 'another passphrase'))).toBe('KEY_BACKUP_PASSPHRASE_WRONG')
    await writeFile(join(folder, 'cut.nrk'), file.slice(0, -40))
    expect(await code(restore(join(folder, 'cut.nrk')))).toBe('KEY_BACKUP_DAMAGED')
    const taken = join(folder, 'taken')
    await mkdir(taken)
    await writeFile(join(taken, 'master.key'), randomBytes(32).toString('base64'))
    expect(await code(restore(path, PASSPHRASE, taken))).toBe('KEY_FILE_EXISTS')

    expect(JSON.parse(await must(restore()))).toMatchObject({ installation: api.installation.id })
    const written = join(into, 'master.key')
    expect((await stat(written)).mode & 0o777).toBe(0o600)
    expect((await readFile(written, 'utf8')).trim()).toBe(master.toString('base64'))
    expect((await api.call('POST', '/api/admin/keys/restore', { file, passphrase: PASSPHRASE })).body).toMatchObject({
      fits: true,
    })

    await sql`update installations set id = ${newId()}`.execute(api.database.db)
    const foreign = await api.call('POST', '/api/admin/keys/restore', { file, passphrase: PASSPHRASE })
    expect([foreign.status, foreign.error?.code]).toEqual([409, 'KEY_BACKUP_FOREIGN'])
  }, 60_000)
})
