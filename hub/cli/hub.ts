import type { Command } from 'commander'
import { acting, type Cli } from './command.ts'

const SETTINGS = `
The hub takes its settings from the environment; with none at all it keeps everything in ./data and listens on
http://127.0.0.1:8000. The most used:

  HUB_PORT, HUB_HOST        where to listen
  NETRAVEN_DATA_DIR         folder for database, texts and key when they are not elsewhere
  DATABASE_URL              PostgreSQL server instead of the embedded one
  STORAGE_URL               where texts are kept
  NETRAVEN_MASTER_KEY_FILE  key over all secrets: keep a copy elsewhere
  NETRAVEN_ADMIN_PASSWORD   first start only; a random one is printed otherwise

Examples:
  netraven hub
  HUB_PORT=8001 NETRAVEN_DATA_DIR=/var/lib/netraven netraven hub`

export function hubCommand(program: Command, cli: Cli): void {
  program
    .command('hub')
    .summary('start a hub')
    .description('Start a hub; it runs until SIGTERM or Ctrl-C.')
    .addHelpText('after', SETTINGS)
    .action(
      acting(cli, async () => {
        await import('../main.ts')
        return undefined
      }),
    )
}
