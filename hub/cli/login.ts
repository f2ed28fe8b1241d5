import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Login } from '../api/session.ts'
import { acting, type Cli, checkHub, type JsonOption, verb } from './command.ts'
import { forgetLogin, readLogin, writeLogin } from './stored-login.ts'
import { time } from './table.ts'

interface LoginOptions extends JsonOption {
  readonly hub?: string
  readonly user: string
  readonly passwordStdin?: boolean
  readonly allowPlaintext?: boolean
}

const LOCAL_HUB = 'http://127.0.0.1:8000'

export function loginCommands(program: Command, cli: Cli): void {
  verb(program, 'login', 'log in to a hub; the password is asked for and never stored', [
    'netraven login --hub https://hub.example.net --user admin',
    'netraven login --user admin --password-stdin < password.txt',
  ])
    .option('--hub <url>', `address of the hub; the one of last time, or ${LOCAL_HUB}, when absent`)
    .requiredOption('--user <name>', 'user name')
    .option('--password-stdin', 'read the password from stdin instead of asking')
    .option('--allow-plaintext', 'send the password over http:// to another machine; anyone on the way can read it')
    .action(
      acting(cli, async (options: LoginOptions) => {
        const { config, clock } = cli.parts
        const last = config.hub ?? (await readLogin(config.folder).catch(() => undefined))?.hub
        const hub = checkHub(options.hub ?? last ?? LOCAL_HUB, options.allowPlaintext === true, '--hub')
        const client = cli.clientOf(hub)
        const password = options.passwordStdin
          ? await cli.terminal.line('--password-stdin')
          : await cli.terminal.ask(`Password of ${options.user} at ${hub}: `, '--password-stdin')
        const login = await client.send('POST', '/api/auth/token', { username: options.user, password }, Login)
        const expiresAt = new Date(clock() + login.expires_in * 1000).toISOString()
        const stored = { hub, user: options.user, token: login.access_token, expiresAt }
        const path = await writeLogin(config.folder, stored)
        cli.show(
          options,
          { hub, user: options.user, expiresAt, path },
          () => `Logged in to ${hub} as ${options.user} until ${time(expiresAt)}.`,
        )
        return undefined
      }),
    )

  verb(program, 'logout', 'end the login here and at the hub', ['netraven logout']).action(
    acting(cli, async (options: JsonOption) => {
      const { config } = cli.parts
      const login = await readLogin(config.folder)
      await forgetLogin(config.folder)
      if (!login) {
        cli.show(options, { loggedOut: false }, () => 'You were not logged in.')
        return undefined
      }
      try {
        await cli.clientOf(login.hub, login.token).command('POST', '/api/auth/logout')
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        if (!error.code.startsWith('TOKEN_')) {
          cli.terminal.err(
            `The hub could not be told [${error.code}]; there the token ends at ${time(login.expiresAt)}.`,
          )
        }
      }
      cli.show(options, { loggedOut: true, hub: login.hub }, () => `Logged out of ${login.hub}.`)
      return undefined
    }),
  )
}
