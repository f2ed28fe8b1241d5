import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { acting, type Cli, type JsonOption, verb } from './command.ts'
import { withHostDatabase } from './host-database.ts'

const WHERE = `
Works on the host of the hub alone, with the hub's own settings (DATABASE_URL, or NETRAVEN_DATA_DIR), whether the hub runs
or not. No login is needed. The audit log says who did it.`

/** For a last administrator who is locked out. */
export function recoverCommand(users: Command, cli: Cli): void {
  verb(
    users,
    'recover <name>',
    'on the host of the hub: a new password, no second factor, no lock, active, administrator again',
    [
      'netraven users recover admin',
      'NETRAVEN_DATA_DIR=/var/lib/netraven netraven users recover admin --password-stdin < password.txt',
    ],
  )
    .option('--password-stdin', 'read the new password from stdin instead of making a random one')
    .addHelpText('after', WHERE)
    .action(
      acting(cli, async (name: string, options: JsonOption & { readonly passwordStdin?: boolean }) => {
        const password = options.passwordStdin ? await cli.terminal.line('--password-stdin') : undefined
        const { recoverUser } = await import('../recovery.ts')
        const operator = userInfo().username
        const made = await withHostDatabase(cli, 'users recover', ({ db }) =>
          recoverUser(db, { username: name, password, operator }),
        )
        cli.show(options, made, () =>
          made.password === null
            ? `User ${made.username} is an administrator with the new password. All sessions ended.`
            : `User ${made.username} is an administrator with the password ${made.password}\nIt is shown this once, and the first login must change it. All sessions ended.`,
        )
        return undefined
      }),
    )
}
