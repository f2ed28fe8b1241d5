import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Group, GroupDetail } from '../api/group.ts'
import { pageOf } from '../api/page.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { facts, table, time } from './table.ts'
import { gathered } from './values.ts'

interface GroupOptions extends JsonOption {
  readonly about?: string
  readonly role?: string[]
}

interface MemberOptions extends JsonOption {
  readonly add?: string[]
  readonly remove?: string[]
}

export function groupCommands(program: Command, cli: Cli): void {
  const groups = noun(program, 'groups', 'groups of users; their roles count for every member')

  verb(groups, 'list', 'list groups', ['netraven groups list']).action(
    acting(cli, async (options: JsonOption) => {
      const found = await Array.fromAsync((await cli.client()).items('/api/groups', pageOf(Group)))
      cli.show(options, found, () =>
        found.length === 0
          ? 'No groups yet. Add one with: netraven groups add NAME --role ROLE'
          : table(
              ['NAME', 'ROLES', 'MEMBERS', 'ABOUT'],
              found.map((one) => [one.name, one.roles.join(','), one.memberCount, one.about]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(groups, 'show <name>', 'show one group and its members', ['netraven groups show network']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const one = await (await cli.client()).get(`/api/groups/${inPath(name)}`, GroupDetail)
      cli.show(options, one, () =>
        facts({
          name: one.name,
          id: one.id,
          about: one.about,
          roles: one.roles.join(', '),
          members: one.members.map(({ username }) => username).join(', ') || 'nobody',
          added: time(one.createdAt),
        }),
      )
      return undefined
    }),
  )

  withGroup(verb(groups, 'add <name>', 'add a group', ['netraven groups add network --role operator'])).action(
    acting(cli, async (name: string, options: GroupOptions) => {
      const question = { ...groupOf(options), name }
      const one = await (await cli.client()).send('POST', '/api/groups', question, GroupDetail)
      cli.show(
        options,
        one,
        () => `Group ${one.name} added. Put people into it: netraven groups members NAME --add USER`,
      )
      return undefined
    }),
  )

  withGroup(verb(groups, 'set <name>', 'change a group', ['netraven groups set network --role viewer --name readers']))
    .option('--name <name>', 'another name')
    .action(
      acting(cli, async (name: string, options: GroupOptions & { readonly name?: string }) => {
        const question = { ...groupOf(options), ...(options.name !== undefined && { name: options.name }) }
        if (Object.keys(question).length === 0) throw new Failure('USAGE', { reason: 'nothing to change' })
        const client = await cli.client()
        const one = await client.send('PATCH', `/api/groups/${inPath(name)}`, question, GroupDetail)
        cli.show(options, one, () => `Group ${one.name} changed.`)
        return undefined
      }),
    )

  verb(groups, 'members <name>', 'show or change who is in a group', [
    'netraven groups members network',
    'netraven groups members network --add ann --add bob --remove eve',
  ])
    .option('--add <user>', 'may be given more than once', gathered)
    .option('--remove <user>', 'may be given more than once', gathered)
    .action(
      acting(cli, async (name: string, { add = [], remove = [], ...options }: MemberOptions) => {
        const client = await cli.client()
        const path = `/api/groups/${inPath(name)}`
        const before = await client.get(path, GroupDetail)
        const gone = new Set(remove.map((user) => user.toLowerCase()))
        const kept = before.members.filter(({ id, username }) => !gone.has(id) && !gone.has(username))
        const members = [...kept.map(({ id }) => id), ...add]
        const isSame = add.length + remove.length === 0
        const one = isSame ? before : await client.send('PUT', `${path}/members`, { members }, GroupDetail)
        cli.show(options, one, () => one.members.map(({ username }) => username).join('\n') || 'Nobody is in it.')
        return undefined
      }),
    )

  verb(groups, 'remove <name>', 'remove a group; its members stay', ['netraven groups remove network']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/groups/${inPath(name)}`)
      cli.show(options, { removed: name }, () => `Group ${name} removed.`)
      return undefined
    }),
  )
}

function withGroup(command: Command): Command {
  return command
    .option('--role <name>', 'a role of every member, or none; may be given more than once', gathered)
    .option('--about <text>', 'what it is for')
}

function groupOf({ about, role }: GroupOptions) {
  return {
    ...(about !== undefined && { about }),
    ...(role !== undefined && { roles: role.filter((name) => name.toLowerCase() !== 'none') }),
  }
}
