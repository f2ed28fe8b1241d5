import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../hub/db/connect.ts'
import { isInstalled, openInstallation } from '../hub/installation.ts'
import { keyringOf, openKeyring } from '../hub/keyring.ts'
import { silentLog } from '../hub/log.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'

describe.each(servers)('an installation on %s', (kind) => {
  let test: TestDatabase
  let database: Database
  let dataDir: string
  const open = (folder = dataDir) =>
    openKeyring({
      masterKey: undefined,
      dataDir: folder,
      isInstalled: () => isInstalled(database.db),
      log: silentLog(),
    })

  beforeEach(async () => {
    test = await (await postgresFor(kind)).newDatabase()
    database = test.open()
    dataDir = await mkdtemp(join(tmpdir(), 'netraven-installation-'))
  })
  afterEach(async () => {
    await test.drop()
    await rm(dataDir, { recursive: true, force: true })
  })

  it('is the same for hubs that start together and for later starts, and signs with one key', async () => {
    const keyring = keyringOf(randomBytes(32))
    const opened = await Promise.all(Array.from({ length: 4 }, () => openInstallation(database.db, keyring)))
    const later = await openInstallation(test.open().db, keyring)
    for (const one of opened) {
      expect(one.id).toBe(later.id)
      expect(one.signingKey.publicKey).toBe(later.signingKey.publicKey)
      expect(one.keys().map((key) => key.id)).toEqual([later.signingKey.id])
    }
    const bytes = Buffer.from('task')
    expect(later.signingKey.verify(bytes, opened[0]?.signingKey.sign(bytes) ?? bytes)).toBe(true)
  })

  it('shows the next key after the current one when a rotation was announced', async () => {
    const keyring = keyringOf(randomBytes(32))
    const { signingKey } = await openInstallation(database.db, keyring)
    const next = newSigningKey()
    const seed = keyring.sealBytes('hub-keys', Buffer.from(next.seed, 'base64url'), next.id)
    await database.db
      .insertInto('hub_keys')
      .values({ id: next.id, public_key: next.publicKey, sealed_seed: seed, state: 'next' })
      .execute()
    const again = await openInstallation(database.db, keyring)
    expect(again.keys().map((key) => key.id)).toEqual([signingKey.id, next.id])
    expect(again.signingKey.id).toBe(signingKey.id)
  })

  it('refuses another master key', async () => {
    await openInstallation(database.db, keyringOf(randomBytes(32)))
    await expect(openInstallation(database.db, keyringOf(randomBytes(32)))).rejects.toMatchObject({
      code: 'MASTER_KEY_WRONG',
    })
  })

  it('never makes a new master key over an existing installation', async () => {
    await openInstallation(database.db, await open())
    await openInstallation(database.db, await open())
    await rm(join(dataDir, 'master.key'))
    await expect(open()).rejects.toMatchObject({ code: 'MASTER_KEY_MISSING' })
    await expect(stat(join(dataDir, 'master.key'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('takes back a key that it made a moment after another hub had founded the installation', async () => {
    const late = await open()
    await openInstallation(database.db, keyringOf(randomBytes(32)))
    await expect(openInstallation(database.db, late)).rejects.toMatchObject({ code: 'MASTER_KEY_MISSING' })
    await expect(stat(join(dataDir, 'master.key'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('keeps neither master key nor signing seed in the database in clear', async () => {
    const masterKey = randomBytes(32)
    const { signingKey } = await openInstallation(database.db, keyringOf(masterKey))
    const rows = [
      ...(await database.db.selectFrom('hub_keys').selectAll().execute()),
      ...(await database.db.selectFrom('installations').selectAll().execute()),
    ]
    const all = Buffer.concat(
      rows
        .flatMap((row) => Object.values(row))
        .map((value) => (value instanceof Uint8Array ? value : Buffer.from(String(value)))),
    )
    for (const secret of [masterKey, Buffer.from(signingKey.seed, 'base64url')]) {
      expect(all.includes(secret)).toBe(false)
      expect(all.includes(secret.toString('base64url'))).toBe(false)
    }
  })
})
