import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { pageOf } from '../api/page.ts'
import { Role } from '../api/role.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { facts, table } from './table.ts'
import { gathered } from './values.ts'

interface RoleOptions extends JsonOption {
  readonly about?: string
  readonly scope?: string[]
}

export function roleCommands(program: Command, cli: Cli): void {
  const roles = noun(program, 'roles', 'named sets of scopes, given to users and groups')

  verb(roles, 'list', 'list roles', ['netraven roles list']).action(
    acting(cli, async (options: JsonOption) => {
      const { items } = await (await cli.client()).get('/api/roles', pageOf(Role))
      cli.show(options, items, () =>
        table(
          ['NAME', 'USERS', 'GROUPS', 'KIND', 'ABOUT'],
          items.map((one) => [one.name, one.users, one.groups, one.isBuiltIn ? 'built-in' : 'own', one.about]),
          cli.terminal.width,
        ),
      )
      return undefined
    }),
  )

  verb(roles, 'show <name>', 'show one role and its scopes', ['netraven roles show operator']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const one = await (await cli.client()).get(`/api/roles/${inPath(name)}`, Role)
      cli.show(options, one, () =>
        facts({
          name: one.name,
          about: one.about,
          kind: one.isBuiltIn ? 'built-in, it can not be changed' : 'own',
          users: one.users,
          groups: one.groups,
          scopes: one.scopes.join(' '),
        }),
      )
      return undefined
    }),
  )

  withRole(
    verb(roles, 'add <name>', 'add a role, with no more than you may do yourself', [
      "netraven roles add exporter --scope 'read:*' --scope exec:backups",
    ]),
  ).action(
    acting(cli, async (name: string, { about, scope = [], ...options }: RoleOptions) => {
      const one = await (await cli.client()).send('POST', '/api/roles', { name, about, scopes: scope }, Role)
      cli.show(options, one, () => `Role ${one.name} added. Give it: netraven users set NAME --role ${one.name}`)
      return undefined
    }),
  )

  withRole(
    verb(roles, 'set <name>', 'change a role of your own; felt at once by whoever has it', [
      'netraven roles set exporter --scope read:backups',
    ]),
  ).action(
    acting(cli, async (name: string, { about, scope, ...options }: RoleOptions) => {
      if (about === undefined && scope === undefined) throw new Failure('USAGE', { reason: 'nothing to change' })
      const question = { about, scopes: scope }
      const one = await (await cli.client()).send('PATCH', `/api/roles/${inPath(name)}`, question, Role)
      cli.show(options, one, () => `Role ${one.name} changed.`)
      return undefined
    }),
  )

  verb(roles, 'remove <name>', 'remove a role of your own that nobody has', ['netraven roles remove exporter']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/roles/${inPath(name)}`)
      cli.show(options, { removed: name }, () => `Role ${name} removed.`)
      return undefined
    }),
  )
}

function withRole(command: Command): Command {
  return command
    .option('--scope <scope>', 'a scope or a wildcard such as read:*; may be given more than once', gathered)
    .option('--about <text>', 'what it is for')
}
