/** What works on the hub's own database and master key, beside the hub or without it. */
import { resolve } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Kysely } from 'kysely'
import type { HubConfig } from '../config.ts'
import type { Tables } from '../db/tables.ts'
import type { Cli } from './command.ts'

/** @throws Failure MASTER_KEY_MISSING, MASTER_KEY_WRONG, DATA_DIR_LOCKED when a hub runs on an embedded database */
export async function backUpOnHost(cli: Cli, passphrase: string): Promise<{ file: string; keys: number }> {
  const [{ openKeyring }, { backUpKeys }, { recordEvent }, { consoleActor }, { openLog }] = await Promise.all([
    import('../keyring.ts'),
    import('../key-backup.ts'),
    import('../events.ts'),
    import('../actor.ts'),
    import('../log.ts'),
  ])
  return withDatabase(cli, undefined, async (db, config) => {
    const log = openLog({ level: 'warn', write: (line) => cli.terminal.err(line), pretty: true })
    const { masterKey, previousMasterKey, dataDir } = config
    const keyring = await openKeyring({ masterKey, previousMasterKey, dataDir, log, isInstalled: async () => true })
    const made = await backUpKeys(db, keyring, passphrase)
    await recordEvent(db, { kind: 'keys backed up', actor: consoleActor('console'), details: { keys: made.keys } })
    return made
  })
}

/**
 * Writes `master.key` (mode 0600) when the backup opens the database.
 * @throws Failure KEY_BACKUP_…; KEY_FILE_EXISTS when another key is there; DATA_DIR_UNUSABLE
 */
export async function restoreOnHost(cli: Cli, text: string, passphrase: string, into: string) {
  const [{ fitOf, openKeyBackup, rewrap }, { masterKeyFile, readMasterKeys }, { writeDurably }, { mkdir }] =
    await Promise.all([
      import('../key-backup.ts'),
      import('../keyring.ts'),
      import('../durable-file.ts'),
      import('node:fs/promises'),
    ])
  const backup = await openKeyBackup(text, passphrase)
  const dataDir = resolve(into)
  return withDatabase(cli, dataDir, async (db) => {
    const fit = await fitOf(db, backup)
    const file = masterKeyFile(dataDir)
    const there = await readMasterKeys(file)
    const isSame = there?.every((key) => backup.masters.some((other) => other.equals(key))) ?? true
    if (!isSame) throw new Failure('KEY_FILE_EXISTS', { file })
    if (fit === 'data keys') await rewrap(db, backup)
    const lines = backup.masters.map((key) => `${key.toString('base64')}\n`).join('')
    try {
      await mkdir(dataDir, { recursive: true })
      await writeDurably(file, lines, { mode: 0o600 })
    } catch (cause) {
      const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
      throw new Failure('DATA_DIR_UNUSABLE', { path: dataDir, errno }, { cause })
    }
    return { installation: backup.installation, createdAt: backup.createdAt, file }
  })
}

/** @param dataDir of the embedded database, when there is no DATABASE_URL; absent: that of the settings */
async function withDatabase<T>(
  cli: Cli,
  dataDir: string | undefined,
  work: (db: Kysely<Tables>, config: HubConfig) => Promise<T>,
): Promise<T> {
  // Loaded here alone: every other command starts without a database driver.
  const [{ readConfig }, { openLog }, { openDatabase }, { startEmbedded }, { migrate }] = await Promise.all([
    import('../config.ts'),
    import('../log.ts'),
    import('../db/connect.ts'),
    import('../db/embedded.ts'),
    import('../db/migrate.ts'),
  ])
  const config = readConfig(cli.parts.environment)
  const log = openLog({ level: 'warn', write: (line) => cli.terminal.err(line), pretty: true })
  const folder = dataDir ?? config.dataDir
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir: folder, log }) : undefined
  try {
    const database = openDatabase(config.databaseUrl ?? embedded?.url ?? '', {
      poolMax: 2,
      statementTimeoutMs: config.dbStatementTimeoutMs,
      acquireTimeoutMs: config.dbAcquireTimeoutMs,
      applicationName: 'netraven keys',
      log,
    })
    try {
      await migrate(database.db, { log }).require()
      return await work(database.db, config)
    } finally {
      await database.close()
    }
  } finally {
    await embedded?.stop()
  }
}
