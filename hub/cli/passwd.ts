import type { Command } from 'commander'
import { z } from 'zod'
import { acting, type Cli, checkHub, type JsonOption, verb } from './command.ts'

interface PasswdOptions extends JsonOption {
  readonly reset?: boolean
  readonly hub?: string
  readonly stdin?: boolean
}

const LOCAL_HUB = 'http://127.0.0.1:8000'

/** The own password: with the present one, or with a link that was sent. */
export function passwdCommand(program: Command, cli: Cli): void {
  verb(program, 'passwd', 'change your own password; all other sessions of yours end', [
    'netraven passwd',
    "printf '%s\\n' OLD NEW | netraven passwd --stdin",
    'netraven passwd --reset --hub https://hub.example.net    with the token of a reset link',
  ])
    .option('--reset', 'use the token of a reset link instead of the present password; no login is needed')
    .option('--hub <url>', `with --reset: address of the hub; NETRAVEN_HUB, or ${LOCAL_HUB}, when absent`)
    .option('--stdin', 'read two lines from stdin instead of asking: present password or token, then the new password')
    .action(
      acting(cli, async (options: PasswdOptions) => {
        const ask = (question: string) =>
          options.stdin ? cli.terminal.line('--stdin') : cli.terminal.ask(question, '--stdin')
        if (options.reset) {
          const client = cli.clientOf(checkHub(options.hub ?? cli.parts.config.hub ?? LOCAL_HUB, false, '--hub'))
          // People copy the whole link: the token stands at its end.
          const token = (await ask('Token of the link: ')).trim().replace(/^.*#/, '')
          const password = await ask('New password: ')
          await client.send('POST', '/api/auth/reset-password', { token, password }, z.undefined())
        } else {
          const client = await cli.client()
          const currentPassword = await ask('Present password: ')
          const newPassword = await ask('New password: ')
          await client.send('POST', '/api/auth/change-password', { currentPassword, newPassword }, z.undefined())
        }
        cli.show(options, { changed: true }, () => 'Password changed. Log in again elsewhere.')
        return undefined
      }),
    )
}
