import type { Command } from 'commander'
import type { Migrations } from '../db/migrate.ts'
import { acting, type Cli, type JsonOption, noun, verb } from './command.ts'
import { count, facts } from './table.ts'

interface UpOptions extends JsonOption {
  readonly to?: string
}

/** These work on the database itself, with the hub's own settings; no hub need run, and no login is needed. */
export function migrateCommands(program: Command, cli: Cli): void {
  const migrate = noun(program, 'migrate', "the database's schema; takes the hub's own settings, such as DATABASE_URL")

  verb(migrate, 'status', 'show which version the database has', ['netraven migrate status']).action(
    acting(cli, async (options: JsonOption) => {
      const status = await withMigrations(cli, (migrations) => migrations.status())
      const { database, software, pending, unknown } = status
      cli.show(options, status, () =>
        facts({
          database,
          software,
          state:
            unknown.length > 0
              ? 'the database is newer than this software'
              : pending.length > 0
                ? 'behind'
                : 'up to date',
          pending: pending.join(', '),
          unknown: unknown.join(', '),
        }),
      )
      return undefined
    }),
  )

  verb(migrate, 'plan', 'show what `up` would do', ['netraven migrate plan']).action(
    acting(cli, async (options: JsonOption) => {
      const steps = await withMigrations(cli, (migrations) => migrations.plan())
      cli.show(options, { steps }, () => (steps.length === 0 ? 'Nothing to do.' : steps.join('\n')))
      return undefined
    }),
  )

  verb(migrate, 'up', 'bring the schema up to date, one step a transaction', ['netraven migrate up'])
    .option('--to <step>', 'stop after this step')
    .action(
      acting(cli, async (options: UpOptions) => {
        const target = options.to === undefined ? {} : { to: options.to }
        const steps = await withMigrations(cli, (migrations) => migrations.up(target))
        cli.show(options, { steps }, () =>
          steps.length === 0 ? 'Up to date already.' : `${count(steps.length, 'step')} done: ${steps.join(', ')}`,
        )
        return undefined
      }),
    )
}

async function withMigrations<T>(cli: Cli, work: (migrations: Migrations) => Promise<T>): Promise<T> {
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
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir: config.dataDir, log }) : undefined
  try {
    const database = openDatabase(config.databaseUrl ?? embedded?.url ?? '', {
      poolMax: 2,
      statementTimeoutMs: config.dbStatementTimeoutMs,
      acquireTimeoutMs: config.dbAcquireTimeoutMs,
      applicationName: 'netraven migrate',
      log,
    })
    try {
      const { migrationLockTimeoutMs: lockTimeoutMs, migrationTimeoutMs: statementTimeoutMs } = config
      return await work(migrate(database.db, { log, lockTimeoutMs, statementTimeoutMs }))
    } finally {
      await database.close()
    }
  } finally {
    await embedded?.stop()
  }
}
