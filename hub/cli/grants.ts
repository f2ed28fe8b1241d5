import { Failure } from '@netraven/protocol/failure.ts'
import { type Command, Option } from 'commander'
import { AccessRequest, Grant } from '../api/grant.ts'
import { pageOf } from '../api/page.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { count, table, time } from './table.ts'
import { lastMoment } from './values.ts'

interface ResourceOptions extends JsonOption {
  readonly device?: string
  readonly tag?: string
  readonly site?: string
}

interface GrantOptions extends ResourceOptions {
  readonly user?: string
  readonly group?: string
  readonly level?: string
  readonly expires?: string | null
}

const LEVELS = ['read', 'operate', 'manage']
const levelOption = () =>
  new Option(
    '--level <level>',
    'read: see it; operate: also back up and test it; manage: also change, remove, grant',
  ).choices(LEVELS)

export function grantCommands(program: Command, cli: Cli): void {
  const grants = noun(program, 'grants', 'access to devices that was given to people and groups')

  onResource(
    verb(grants, 'list', 'list what was granted to you, or on what you may grant', [
      'netraven grants list',
      'netraven grants list --device sw1',
    ]),
  )
    .option('--user <name>', 'only to this user')
    .option('--group <name>', 'only to this group')
    .action(
      acting(cli, async (options: GrantOptions) => {
        const { device, tag, site, user, group } = options
        const query = { device, tag, site, user, group, limit: 500 }
        const found = await Array.fromAsync((await cli.client()).items('/api/grants', pageOf(Grant), query))
        cli.show(options, found, () => (found.length === 0 ? NO_GRANTS : grantsText(cli, found)))
        return undefined
      }),
    )

  onResource(
    verb(grants, 'add', 'grant access, or change what was granted', [
      'netraven grants add --device sw1 --user alice --level operate',
      'netraven grants add --tag env=lab --group lab-team --level manage',
      'netraven grants add --site berlin --user bob --level read --expires 2027-12-31',
    ]),
  )
    .option('--user <name>', 'to this user')
    .option('--group <name>', 'to this group')
    .addOption(levelOption().makeOptionMandatory())
    .option('--expires <date>', 'it ends with this day', lastMoment('--expires'))
    .action(
      acting(cli, async (options: GrantOptions) => {
        exactlyOne(options, ['device', 'tag', 'site'])
        exactlyOne(options, ['user', 'group'])
        const { device, tag, site, user, group, level, expires } = options
        const wanted = { device, tag, site, user, group, level, expiresAt: expires ?? undefined }
        const grant = await (await cli.client()).send('PUT', '/api/grants', wanted, Grant)
        cli.show(
          options,
          grant,
          () => `${grant.user ?? `Group ${grant.group}`} may ${grant.level} ${whatOf(grant)}${endOf(grant)}.`,
        )
        return undefined
      }),
    )

  verb(grants, 'remove <id>', 'take access away; the id is in the list', [
    'netraven grants remove 0190f2a4-…    see: netraven grants list',
  ]).action(
    acting(cli, async (id: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/grants/${inPath(id)}`)
      cli.show(options, { removed: id }, () => 'Taken away.')
      return undefined
    }),
  )
}

export function accessCommands(program: Command, cli: Cli): void {
  const access = noun(program, 'access', 'asking for access to devices, and answering')

  verb(access, 'request <kind> <name>', 'ask for access to a device, a tag or a site', [
    'netraven access request device sw1 --level operate --reason "I replace its line card"',
    'netraven access request tag env=lab --level read --reason "new in the lab team"',
  ])
    .addOption(levelOption().makeOptionMandatory())
    .requiredOption('--reason <words>', 'why; whoever answers reads it')
    .action(
      acting(cli, async (kind: string, name: string, options: JsonOption & { level: string; reason: string }) => {
        if (!['device', 'tag', 'site'].includes(kind)) {
          throw new Failure('USAGE', { value: kind, expected: 'device, tag or site' })
        }
        const { level, reason } = options
        const client = await cli.client()
        const asked = await client.send('POST', '/api/access-requests', { [kind]: name, level, reason }, AccessRequest)
        cli.show(options, asked, () => `Asked. If there is such a ${kind}, whoever may grant it sees your request.`)
        if (!options.json) cli.terminal.err('See how it stands with: netraven access requests')
        return undefined
      }),
    )

  verb(access, 'requests', 'list your requests, and those that you may answer', [
    'netraven access requests',
    'netraven access requests --all --json',
  ])
    .option('--all', 'also those that were answered')
    .action(
      acting(cli, async (options: JsonOption & { all?: boolean }) => {
        const query = { ...(!options.all && { state: 'open' }), limit: 500 }
        const items = (await cli.client()).items('/api/access-requests', pageOf(AccessRequest), query)
        const found = await Array.fromAsync(items)
        cli.show(options, found, () => (found.length === 0 ? NO_REQUESTS : requestsText(cli, found)))
        if (!options.json && found.some(({ mayAnswer }) => mayAnswer)) {
          cli.terminal.err('Answer with: netraven access approve ID, or netraven access deny ID --answer WORDS')
        }
        return undefined
      }),
    )

  verb(access, 'approve <id>', 'grant what was asked for', ['netraven access approve 0190f2a4-… --expires 2027-12-31'])
    .addOption(levelOption())
    .option('--expires <date>', 'it ends with this day', lastMoment('--expires'))
    .option('--answer <words>', 'a word to whoever asked')
    .action(
      acting(cli, async (id: string, options: GrantOptions & { answer?: string }) => {
        const { level, expires, answer } = options
        const body = { level, expiresAt: expires ?? undefined, answer }
        const path = `/api/access-requests/${inPath(id)}/approve`
        const request = await (await cli.client()).send('POST', path, body, AccessRequest)
        cli.show(options, request, () => `Granted: ${request.user} may ${level ?? request.level} ${whatOf(request)}.`)
        return undefined
      }),
    )

  verb(access, 'deny <id>', 'grant nothing', ['netraven access deny 0190f2a4-… --answer "ask the lab team"'])
    .option('--answer <words>', 'a word to whoever asked')
    .action(
      acting(cli, async (id: string, options: JsonOption & { answer?: string }) => {
        const path = `/api/access-requests/${inPath(id)}/deny`
        const body = { answer: options.answer }
        const request = await (await cli.client()).send('POST', path, body, AccessRequest)
        cli.show(options, request, () => `Denied: ${request.user} gets no access to ${whatOf(request)}.`)
        return undefined
      }),
    )
}

const NO_GRANTS = 'Nothing was granted. Grant with: netraven grants add --device NAME --user NAME --level read'
const NO_REQUESTS = 'No open requests. Ask with: netraven access request device NAME --level read --reason WORDS'

function onResource(command: Command): Command {
  return command
    .option('--device <name>', 'a device')
    .option('--tag <key=value>', 'every device that carries a tag; KEY alone: whatever its value')
    .option('--site <name>', 'every device of a site')
}

function exactlyOne(options: GrantOptions, names: readonly ('device' | 'tag' | 'site' | 'user' | 'group')[]): void {
  if (names.filter((name) => options[name] !== undefined).length === 1) return
  const all = names.map((name) => `--${name}`)
  throw new Failure('USAGE', { reason: `give exactly one of ${all.slice(0, -1).join(', ')} and ${all.at(-1)}` })
}

function whatOf({ device, tag, site }: Pick<Grant, 'device' | 'tag' | 'site'>): string {
  return device !== null ? `device ${device}` : tag !== null ? `devices tagged ${tag}` : `devices of site ${site}`
}

function endOf({ expiresAt }: Pick<Grant, 'expiresAt'>): string {
  return expiresAt === null ? '' : ` until ${time(expiresAt)}`
}

function grantsText(cli: Cli, found: readonly Grant[]): string {
  const rows = found.map((grant) => [
    ...[grant.id, grant.user ?? `group ${grant.group}`, grant.level, whatOf(grant), grant.madeBy],
    grant.expiresAt === null ? 'never' : time(grant.expiresAt),
  ])
  return `${table(['ID', 'TO', 'LEVEL', 'ON', 'BY', 'ENDS'], rows, cli.terminal.width)}\n${count(found.length, 'grant')}`
}

function requestsText(cli: Cli, found: readonly AccessRequest[]): string {
  const rows = found.map((one) => [
    ...[one.id, one.user, one.level, whatOf(one), one.state, time(one.createdAt)],
    one.answer ?? one.reason,
  ])
  return `${table(['ID', 'WHO', 'LEVEL', 'ON', 'STATE', 'ASKED', 'WORDS'], rows, cli.terminal.width)}\n${count(found.length, 'request')}`
}
