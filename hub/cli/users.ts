import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { pageOf } from '../api/page.ts'
import { ResetLink, User, UserDetail } from '../api/user.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { count, facts, table, time } from './table.ts'
import { recoverCommand } from './users-recover.ts'
import { signOnCommands } from './users-sign-on.ts'
import { gathered, lastMoment, onOff, orNone } from './values.ts'

interface ListOptions extends JsonOption {
  readonly locked?: boolean
  readonly disabled?: boolean
  readonly role?: string
  readonly group?: string
  readonly search?: string
}

interface AccountOptions extends JsonOption {
  readonly displayName?: string | null
  readonly email?: string | null
  readonly role?: string[]
  readonly expires?: string | null
}

interface AddOptions extends AccountOptions {
  readonly scope?: string[]
  readonly passwordStdin?: boolean
  readonly keepPassword?: boolean
}

interface SetOptions extends AccountOptions {
  readonly mustChange?: boolean
  readonly passwordStdin?: boolean
}

interface ScopesOptions extends JsonOption {
  readonly add?: string[]
  readonly remove?: string[]
}

export function userCommands(program: Command, cli: Cli): void {
  const users = noun(program, 'users', 'who may use the hub, and what each may do')

  verb(users, 'list', 'list users', [
    'netraven users list',
    'netraven users list --locked',
    'netraven users list --json',
  ])
    .option('--locked', 'only those held back after too many wrong passwords')
    .option('--disabled', 'only those that were disabled')
    .option('--role <name>', 'only those who have this role themselves')
    .option('--group <name>', 'only the members of this group')
    .option('--search <text>', 'part of the name or of the e-mail address')
    .action(
      acting(cli, async ({ locked, disabled, role, group, search: q, ...options }: ListOptions) => {
        const query = { locked, active: disabled ? false : undefined, role, group, q }
        const found = await Array.fromAsync((await cli.client()).items('/api/users', pageOf(User), query))
        cli.show(options, found, () =>
          found.length === 0
            ? 'No such users. Add one with: netraven users add NAME --role ROLE'
            : table(
                ['NAME', 'ROLES', 'GROUPS', 'LAST LOGIN', 'EXPIRES', 'STATE'],
                found.map((one) => [
                  one.username,
                  one.roles.join(','),
                  one.groups.map(({ name }) => name).join(','),
                  time(one.lastLoginAt),
                  time(one.expiresAt),
                  stateOf(one),
                ]),
                cli.terminal.width,
              ),
        )
        return undefined
      }),
    )

  verb(users, 'show <name>', 'show one user: what the user may do, and failed logins', [
    'netraven users show ann',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const one = await (await cli.client()).get(`/api/users/${inPath(name)}`, UserDetail)
      cli.show(options, one, () => factsOf(one))
      return undefined
    }),
  )

  withAccount(
    verb(users, 'add <name>', 'add a user, with no more than you may do yourself', [
      'netraven users add ann --role operator --email ann@example.net',
      'netraven users add bob --role viewer --password-stdin < password.txt',
      'netraven users add ci --role member --expires 2027-12-31',
    ]),
  )
    .option('--scope <scope>', 'beyond those of the roles; may be given more than once', gathered)
    .option('--password-stdin', 'read the first password from stdin; without it, a reset link is printed')
    .option('--keep-password', 'the first login need not choose another password')
    .action(
      acting(cli, async (name: string, options: AddOptions) => {
        const client = await cli.client()
        const password = options.passwordStdin ? await cli.terminal.line('--password-stdin') : undefined
        const question = {
          ...accountOf(options),
          ...{ username: name, scopes: options.scope, password },
          mustChangePassword: !options.keepPassword,
        }
        const saved = await client.send('POST', '/api/users', question, UserDetail)
        if (password !== undefined) {
          cli.show(options, saved, () => `User ${saved.username} added.`)
          return undefined
        }
        const made = await client.send('POST', `/api/users/${saved.id}/reset-link`, {}, ResetLink)
        cli.show(
          options,
          { ...saved, reset: made },
          () => `User ${saved.username} added.\n${linkText(made, client.hub)}`,
        )
        return undefined
      }),
    )

  withAccount(
    verb(users, 'set <name>', 'change a user', [
      'netraven users set ann --role operator --role auditor',
      'netraven users set ann --email none --expires none',
    ]),
  )
    .option('--must-change <on|off>', 'whether the next login has to choose another password', onOff('--must-change'))
    .option('--password-stdin', 'read a new password from stdin; all sessions of the user end')
    .action(
      acting(cli, async (name: string, options: SetOptions) => {
        const question = {
          ...accountOf(options),
          ...(options.mustChange !== undefined && { mustChangePassword: options.mustChange }),
          ...(options.passwordStdin && { password: await cli.terminal.line('--password-stdin') }),
        }
        if (Object.keys(question).length === 0) throw new Failure('USAGE', { reason: 'nothing to change' })
        const client = await cli.client()
        const saved = await client.send('PATCH', `/api/users/${inPath(name)}`, question, UserDetail)
        cli.show(options, saved, () => `User ${saved.username} changed.`)
        return undefined
      }),
    )

  verb(users, 'scopes <name>', 'show or change the scopes beyond those of the roles', [
    'netraven users scopes ann',
    'netraven users scopes ann --add read:backup_secrets --remove exec:backups',
  ])
    .option('--add <scope>', 'grant it; may be given more than once', gathered)
    .option('--remove <scope>', 'take it away; may be given more than once', gathered)
    .action(
      acting(cli, async (name: string, { add = [], remove = [], ...options }: ScopesOptions) => {
        const client = await cli.client()
        const path = `/api/users/${inPath(name)}`
        const before = await client.get(path, UserDetail)
        const scopes = [...new Set([...before.scopes, ...add])].filter((scope) => !remove.includes(scope))
        const isSame = add.length + remove.length === 0
        const one = isSame ? before : await client.send('PUT', `${path}/scopes`, { scopes }, UserDetail)
        cli.show(options, one, () =>
          facts({ user: one.username, granted: one.scopes.join(' '), 'may do': one.effectiveScopes.join(' ') }),
        )
        return undefined
      }),
    )

  verb(users, 'disable <name>', 'stop a user at once; the account stays', [
    'netraven users disable ann',
    'netraven users disable ann --forget    deletes the account for good',
  ])
    .option('--forget', 'delete the account for good')
    .action(
      acting(cli, async (name: string, { forget = false, ...options }: JsonOption & { readonly forget?: boolean }) => {
        await (await cli.client()).command('DELETE', `/api/users/${inPath(name)}${forget ? '?forget=true' : ''}`)
        const done = forget ? 'forgotten' : 'disabled'
        cli.show(options, { user: name, done }, () => `User ${name} ${done}.`)
        return undefined
      }),
    )

  verb(users, 'reactivate <name>', 'let a disabled or expired account be used again', [
    'netraven users reactivate ann',
    'netraven users reactivate ann --expires 2027-12-31',
  ])
    .option('--expires <date>', 'last day of the account, or none', lastMoment('--expires'))
    .action(
      acting(cli, async (name: string, options: AccountOptions) => {
        const question = { expiresAt: options.expires }
        const one = await (await cli.client()).send(
          'POST',
          `/api/users/${inPath(name)}/reactivate`,
          question,
          UserDetail,
        )
        const until = one.expiresAt === null ? '' : ` until ${time(one.expiresAt)}`
        cli.show(options, one, () => `User ${one.username} may log in again${until}.`)
        return undefined
      }),
    )

  verb(users, 'unlock <name>', 'reset the counter of failed logins', ['netraven users unlock ann']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const one = await (await cli.client()).send('POST', `/api/users/${inPath(name)}/unlock`, {}, UserDetail)
      cli.show(options, one, () => `User ${one.username} may log in at once.`)
      return undefined
    }),
  )

  verb(users, 'reset-password <name>', 'make a link with which the user chooses a new password', [
    'netraven users reset-password ann',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const client = await cli.client()
      const made = await client.send('POST', `/api/users/${inPath(name)}/reset-link`, {}, ResetLink)
      cli.show(options, made, () => linkText(made, client.hub))
      return undefined
    }),
  )

  signOnCommands(users, cli)
  recoverCommand(users, cli)
}

function withAccount(command: Command): Command {
  return command
    .option('--role <name>', 'a role, built-in or own; may be given more than once', gathered)
    .option('--display-name <text>', 'as people call them, or none', orNone)
    .option('--email <address>', 'for reset links and warnings, or none', orNone)
    .option('--expires <date>', 'last day of the account, or none', lastMoment('--expires'))
}

function accountOf({ displayName, email, role, expires }: AccountOptions) {
  return {
    ...(displayName !== undefined && { displayName }),
    ...(email !== undefined && { email }),
    ...(role !== undefined && { roles: role.filter((name) => name.toLowerCase() !== 'none') }),
    ...(expires !== undefined && { expiresAt: expires }),
  }
}

function linkText({ token, link, expiresAt }: ResetLink, hub: string): string {
  const way = link ?? `netraven passwd --reset --hub ${hub}    with the token ${token}`
  return `Give this to the user; it works once, until ${time(expiresAt)}:\n${way}`
}

function stateOf(one: User): string {
  const words = [
    ...(one.isActive ? [] : ['disabled']),
    ...(one.isExpired ? ['expired'] : []),
    ...(one.lockedUntil === null ? [] : [`locked until ${time(one.lockedUntil)}`]),
    ...(one.hasPassword ? [] : ['no password']),
    ...(one.mustChangePassword ? ['must change password'] : []),
  ]
  return words.join(', ') || 'ok'
}

function factsOf(one: UserDetail): string {
  const { accessChange, lock } = one
  return facts({
    name: one.username,
    id: one.id,
    called: one.displayName,
    'e-mail': one.email,
    state: stateOf(one),
    roles: one.roles.join(', '),
    groups: one.groups.map(({ name }) => name).join(', '),
    'scopes beyond roles': one.scopes.join(' '),
    'may do': one.effectiveScopes.join(' '),
    'access changed': accessChange && `${time(accessChange.at)} by ${accessChange.by}: ${accessChange.reason}`,
    lost: accessChange?.lost.join(' '),
    expires: one.expiresAt && time(one.expiresAt),
    'last login': time(one.lastLoginAt),
    'failed logins': lock.attempts.length === 0 ? null : count(lock.attempts.length, 'wrong password'),
    ...Object.fromEntries(
      lock.attempts.map((attempt, at) => [
        `  ${at + 1}`,
        `${time(attempt.at)} from ${attempt.address ?? 'nowhere known'}${attempt.counts ? '' : ' (counts no more)'}`,
      ]),
    ),
    added: `${time(one.createdAt)}${one.createdBy === null ? '' : ` by ${one.createdBy}`}`,
  })
}
