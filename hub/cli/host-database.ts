/** The hub's own database, for commands that work on its host: with the hub's settings, and without a login. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Database } from '../db/connect.ts'
import type { Log } from '../log.ts'
import type { Cli } from './command.ts'

/**
 * Opens the database for the length of some work. The embedded one may belong to a hub that runs; then it is shared.
 * @param name of the command, as the database shows it
 * @throws Failure CONFIG_INVALID, DB_…, SCHEMA_MISMATCH when the database is older than this software
 */
export async function withHostDatabase<T>(
  cli: Cli,
  name: string,
  work: (database: Database, log: Log) => Promise<T>,
): Promise<T> {
  // Loaded here alone: every other command starts without a database driver.
  const [{ readConfig }, { openLog }, { openDatabase }, { joinEmbedded, startEmbedded }, { migrate }] =
    await Promise.all([
      import('../config.ts'),
      import('../log.ts'),
      import('../db/connect.ts'),
      import('../db/embedded.ts'),
      import('../db/migrate.ts'),
    ])
  const config = readConfig(cli.parts.environment)
  const log = openLog({ level: 'warn', write: (line) => cli.terminal.err(line), pretty: true })
  const own = { dataDir: config.dataDir, log }
  const embedded =
    config.databaseUrl === undefined
      ? await startEmbedded(own).catch((error: unknown) => {
          if (error instanceof Failure && error.code === 'DATA_DIR_LOCKED') return joinEmbedded(own)
          throw error
        })
      : undefined
  try {
    const database = openDatabase(config.databaseUrl ?? embedded?.url ?? '', {
      poolMax: 2,
      statementTimeoutMs: config.dbStatementTimeoutMs,
      acquireTimeoutMs: config.dbAcquireTimeoutMs,
      applicationName: `netraven ${name}`,
      log,
    })
    try {
      await migrate(database.db, { log }).require()
      return await work(database, log)
    } finally {
      await database.close()
    }
  } finally {
    await embedded?.stop()
  }
}
