import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Ended, Login, Me } from '../api/session.ts'
import { acting, type Cli, checkHub, type JsonOption, verb } from './command.ts'
import { signedOn } from './login-sso.ts'
import { forgetLogin, readLogin, withLoginLock, writeLogin } from './stored-login.ts'
import { loginFrom } from './stored-session.ts'
import { count, facts, time } from './table.ts'
import { names } from './values.ts'

interface LoginOptions extends JsonOption {
  readonly hub?: string
  readonly user?: string
  readonly sso?: boolean
  readonly scopes?: string[] | null
  readonly passwordStdin?: boolean
  readonly otp?: string
  readonly allowPlaintext?: boolean
}

interface LogoutOptions extends JsonOption {
  readonly everywhere?: boolean
}

const LOCAL_HUB = 'http://127.0.0.1:8000'

export function loginCommands(program: Command, cli: Cli): void {
  verb(program, 'login', 'log in to a hub; the password is asked for and never stored', [
    'netraven login --hub https://hub.example.net --user admin',
    'netraven login --user admin --password-stdin < password.txt',
    'netraven login --hub https://hub.example.net --sso',
    'netraven login --user admin --scopes read:devices,read:backups,all:devices',
  ])
    .option('--hub <url>', `address of the hub; the one of last time, or ${LOCAL_HUB}, when absent`)
    .option('--user <name>', 'user name; needed unless --sso')
    .option('--sso', 'sign on at the provider of your organisation, in a browser on this machine')
    .option(
      '--scopes <list>',
      'ask for less than all that the user may do; with all:devices on every device, else on own and granted ones',
      names('--scopes'),
    )
    .option('--password-stdin', 'read the password from stdin instead of asking')
    .option('--otp <code>', 'code of the second factor, or a recovery code; asked for when the hub wants one')
    .option('--allow-plaintext', 'send the password over http:// to another machine; anyone on the way can read it')
    .addHelpText(
      'after',
      '\nThe login goes on by itself as long as it is used. Programs take a token: netraven tokens create',
    )
    .action(
      acting(cli, async (options: LoginOptions) => {
        const { config, clock } = cli.parts
        const last = config.hub ?? (await readLogin(config.folder).catch(() => undefined))?.hub
        const hub = checkHub(options.hub ?? last ?? LOCAL_HUB, options.allowPlaintext === true, '--hub')
        if (options.sso) {
          const { login, user } = await signedOn(cli, hub)
          const stored = loginFrom(login, { hub, user }, clock())
          const path = await locked(cli, () => writeLogin(config.folder, stored))
          const { expiresAt } = stored
          cli.show(
            options,
            { hub, user, expiresAt, path, scopes: login.scope.split(' ') },
            () => `Logged in to ${hub} as ${user} until ${time(expiresAt)}; while it is used, it goes on.`,
          )
          return undefined
        }
        const { user } = options
        if (user === undefined) throw new Failure('USAGE', { option: '--user', reason: 'needed unless --sso' })
        const password = options.passwordStdin
          ? await cli.terminal.line('--password-stdin')
          : await cli.terminal.ask(`Password of ${user} at ${hub}: `, '--password-stdin')
        const scopes = options.scopes || undefined
        const answer = await entered(cli, hub, { username: user, password, scopes, otp: options.otp })
        const stored = loginFrom(answer, { hub, user }, clock())
        const path = await locked(cli, () => writeLogin(config.folder, stored))
        const missing =
          scopes?.filter((scope) => !scope.endsWith('*') && !answer.scope.split(' ').includes(scope)) ?? []
        const { expiresAt } = stored
        cli.show(
          options,
          { hub, user, expiresAt, path, scopes: answer.scope.split(' ') },
          () => `Logged in to ${hub} as ${user} until ${time(expiresAt)}; while it is used, it goes on.`,
        )
        if (answer.warning) cli.terminal.err(`Warning: ${answer.warning}`)
        if (missing.length > 0) cli.terminal.err(`Not given, since the user has them not: ${missing.join(', ')}`)
        return undefined
      }),
    )

  verb(program, 'whoami', 'show who is logged in, and what they may do', [
    'netraven whoami',
    'netraven whoami --json',
  ]).action(
    acting(cli, async (options: JsonOption) => {
      const client = await cli.client()
      const me = await client.get('/api/auth/me', Me)
      cli.show(options, { hub: client.hub, ...me }, () =>
        facts({
          hub: client.hub,
          user: me.username,
          name: me.displayName,
          by: me.kind === 'service token' ? 'service token' : null,
          roles: me.roles.join(', ') || 'none',
          scopes: me.scopes.join(', ') || 'none',
          'token until': time(me.tokenExpiresAt),
        }),
      )
      if (me.warning) cli.terminal.err(`Warning: ${me.warning}`)
      return undefined
    }),
  )

  verb(program, 'logout', 'end the login here and at the hub', ['netraven logout', 'netraven logout --everywhere'])
    .option('--everywhere', 'end every login of this user, on all machines; service tokens stay')
    .action(
      acting(cli, async (options: LogoutOptions) => {
        const { config } = cli.parts
        const login = await readLogin(config.folder)
        if (!login) {
          cli.show(options, { loggedOut: false }, () => 'You were not logged in.')
          return undefined
        }
        const client = cli.clientOfLogin(login)
        try {
          const ended = options.everywhere
            ? (await client.send('POST', '/api/auth/logout-all', undefined, Ended)).ended
            : await client.command('POST', '/api/auth/logout')
          cli.show(options, { loggedOut: true, hub: login.hub, ...(ended !== undefined && { ended }) }, () =>
            ended === undefined
              ? `Logged out of ${login.hub}.`
              : `Logged out of ${login.hub} everywhere: ${count(ended, 'login')} ended.`,
          )
        } catch (error) {
          if (!(error instanceof Failure)) throw error
          const isOver = /^(?:TOKEN_|REFRESH_INVALID|ACCESS_CHANGED|NOT_LOGGED_IN)/.test(error.code)
          // What was asked for did not happen elsewhere; here it does in any case.
          if (options.everywhere) throw error
          if (!isOver) {
            const until =
              login.refreshToken === undefined ? ` at ${time(login.expiresAt)}` : ' when it is not used for a week'
            cli.terminal.err(`The hub could not be told [${error.code}]; there the login ends${until}.`)
          }
          cli.show(options, { loggedOut: true, hub: login.hub }, () => `Logged out of ${login.hub}.`)
        } finally {
          await locked(cli, () => forgetLogin(config.folder))
        }
        return undefined
      }),
    )
}

/** Logs in; when the password is wrong and all in capitals, asks what a person would ask. */
async function entered(
  cli: Cli,
  hub: string,
  question: { username: string; password: string; scopes: readonly string[] | undefined; otp: string | undefined },
): Promise<Login> {
  try {
    return await cli.clientOf(hub).send('POST', '/api/auth/token', question, Login)
  } catch (error) {
    const { password, otp } = question
    if (
      otp === undefined &&
      error instanceof Failure &&
      error.code === 'SECOND_FACTOR_REQUIRED' &&
      cli.terminal.canAsk
    ) {
      return entered(cli, hub, { ...question, otp: await cli.terminal.ask('Code of your authenticator: ', '--otp') })
    }
    const isCapitals = password === password.toUpperCase() && password !== password.toLowerCase()
    if (isCapitals && error instanceof Failure && error.code === 'INVALID_CREDENTIALS') {
      cli.terminal.err('Is caps lock on? Every letter of that password was a capital.')
    }
    throw error
  }
}

/** Real time: another process is waited for. */
function locked<T>(cli: Cli, work: () => Promise<T>): Promise<T> {
  return withLoginLock(cli.parts.config.folder, (ms) => new Promise((resolve) => setTimeout(resolve, ms)), work)
}
