import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { consoleActor } from '../actor.ts'
import { pageOf } from '../api/page.ts'
import { LimitCounter, LimitReset, LimitRule, LimitRules, limitBucketNames, NewLimitRules } from '../api/rate-limit.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { withHostDatabase } from './host-database.ts'
import { count, facts, table, time } from './table.ts'
import { wholeNumber } from './values.ts'

interface SetOptions extends JsonOption {
  readonly limit?: number
  readonly window?: number
  readonly user?: string
  readonly role?: string
  readonly range?: string
  readonly remove?: boolean
}

interface RulesOptions extends JsonOption {
  readonly file?: string
}

interface AllowOptions extends JsonOption {
  readonly remove?: boolean
}

const RULES = '/api/admin/rate-limits/rules'

const HELP = `
Buckets: ${limitBucketNames.join(', ')}.
Calls with a token count for the user, whatever the address; all others for the address, an IPv6 address with its whole /64. The first rule
that fits counts; a rule for somebody goes before the rules for all. Every hub follows at once.`

export function limitCommands(program: Command, cli: Cli): void {
  const limits = noun(program, 'limits', 'how often somebody may call the hub, and how often they did')

  verb(limits, 'list', 'show the counters of this moment', ['netraven limits list']).action(
    acting(cli, async (options: JsonOption) => {
      const client = await cli.client()
      const items = await Array.fromAsync(client.items('/api/admin/rate-limits', pageOf(LimitCounter)))
      cli.show(options, items, () =>
        items.length === 0
          ? 'Nobody has called in this window. The limits: netraven limits rules'
          : table(
              ['KEY', 'FOR', 'USED', 'WINDOW', 'RESETS'],
              items.map((one) => [one.key, one.subject, one.used, `${one.windowSeconds} s`, time(one.resetsAt)]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(limits, 'rules', 'show the rules, or put those of a file in their place', [
    'netraven limits rules',
    'netraven limits rules --json > rules.json',
    'netraven limits rules --file rules.json',
  ])
    .option('--file <path>', 'JSON with `rules` and `allow`, as --json shows them')
    .action(
      acting(cli, async (options: RulesOptions) => {
        const client = await cli.client()
        const shown =
          options.file === undefined
            ? await client.get(RULES, LimitRules)
            : await client.send('PUT', RULES, readRulesFile(options.file), LimitRules)
        cli.show(options, shown, () => rulesText(shown, cli.terminal.width))
        return undefined
      }),
    )

  verb(limits, 'set <bucket>', 'set or remove one rule', [
    'netraven limits set principal --limit 3000 --user exporter',
    'netraven limits set anonymous --limit 1000 --range 192.0.2.0/24',
    'netraven limits set principal --user exporter --remove',
  ])
    .option('--limit <calls>', 'calls in a window', wholeNumber('--limit', 1, 1_000_000))
    .option('--window <seconds>', "length of the window; the bucket's when absent", wholeNumber('--window', 1, 86_400))
    .option('--user <name>', 'for this user alone')
    .option('--role <name>', 'for users with this role alone')
    .option('--range <range>', 'for calls from these addresses alone')
    .option('--remove', 'take the rule away')
    .addHelpText('after', HELP)
    .action(
      acting(cli, async (bucket: string, options: SetOptions) => {
        const { limit, window, user, role, range, remove } = options
        if ((limit === undefined) !== (remove === true))
          throw new Failure('USAGE', { reason: 'give one of --limit and --remove' })
        const parsed = LimitRule.safeParse({ bucket, limit: limit ?? 1, windowSeconds: window, user, role, range })
        if (!parsed.success) throw new Failure('USAGE', { reason: parsed.error.issues[0]?.message ?? 'not a rule' })
        const client = await cli.client()
        const before = await client.get(RULES, LimitRules)
        const others = before.rules.filter((one) => !isSame(one, parsed.data))
        if (remove && others.length === before.rules.length)
          throw new Failure('USAGE', { reason: 'there is no such rule: netraven limits rules' })
        const rules = remove ? others : inOrder([parsed.data, ...others])
        const shown = await client.send('PUT', RULES, { rules, allow: before.allow }, LimitRules)
        cli.show(options, shown, () => rulesText(shown, cli.terminal.width))
        return undefined
      }),
    )

  verb(limits, 'allow <range>', 'never limit calls from an address or a range', [
    'netraven limits allow 192.0.2.10',
    'netraven limits allow 192.0.2.10 --remove',
  ])
    .option('--remove', 'limit them again')
    .action(
      acting(cli, async (range: string, options: AllowOptions) => {
        const client = await cli.client()
        const { rules, allow } = await client.get(RULES, LimitRules)
        const others = allow.filter((one) => one !== range)
        const wanted = { rules, allow: options.remove ? others : [...others, range] }
        const shown = await client.send('PUT', RULES, wanted, LimitRules)
        cli.show(options, shown, () => rulesText(shown, cli.terminal.width))
        return undefined
      }),
    )

  verb(limits, 'reset <key>', 'begin a counter anew', [
    'netraven limits reset anonymous:203.0.113.7',
    'netraven limits reset login:203.0.113.7 --on-host',
  ])
    .option('--on-host', "with the hub's own settings, on its host: for whoever can't log in")
    .action(
      acting(cli, async (key: string, options: JsonOption & { readonly onHost?: boolean }) => {
        const reset = options.onHost
          ? await resetOnHost(cli, key)
          : await (await cli.client()).send('DELETE', `/api/admin/rate-limits/${inPath(key)}`, undefined, LimitReset)
        cli.show(options, reset, () =>
          reset.wasCounted ? `${key} begins anew on every hub.` : `Nothing was counted for ${key}.`,
        )
        return undefined
      }),
    )
}

async function resetOnHost(cli: Cli, key: string): Promise<LimitReset> {
  const { resetCounter } = await import('../limit-counters.ts')
  const actor = consoleActor(userInfo().username)
  return withHostDatabase(cli, 'limits', async ({ db }) => ({
    key,
    wasCounted: await db.transaction().execute((trx) => resetCounter(trx, key, actor)),
  }))
}

/** @throws Failure USAGE */
function readRulesFile(path: string): NewLimitRules {
  try {
    const { rules, allow } = LimitRules.partial().parse(JSON.parse(readFileSync(path, 'utf8')))
    return NewLimitRules.parse({ rules, allow })
  } catch (cause) {
    throw new Failure('USAGE', { option: '--file', value: path, expected: 'JSON with `rules` and `allow`' }, { cause })
  }
}

const isFor = ({ user, role, range }: LimitRule) => [user, role, range].some((one) => one !== undefined)

function isSame(a: LimitRule, b: LimitRule): boolean {
  return a.bucket === b.bucket && a.user === b.user && a.role === b.role && a.range === b.range
}

/** Those for somebody first, since the first that fits counts. */
function inOrder(rules: readonly LimitRule[]): LimitRule[] {
  return [...rules.filter(isFor), ...rules.filter((rule) => !isFor(rule))]
}

function rulesText({ rules, allow, defaults, updatedAt, updatedBy }: LimitRules, width: number | undefined): string {
  const whom = ({ user, role, range }: LimitRule) =>
    [user && `user ${user}`, role && `role ${role}`, range && `from ${range}`].filter(Boolean).join(', ') || 'all'
  const seconds = (rule: LimitRule) =>
    rule.windowSeconds ?? defaults.find(({ bucket }) => bucket === rule.bucket)?.windowSeconds ?? 60
  const rows = [
    ...rules.map((rule) => [rule.bucket, whom(rule), `${rule.limit} in ${seconds(rule)} s`, 'rule']),
    ...defaults.map((one) => [one.bucket, 'all', `${one.limit} in ${one.windowSeconds} s`, one.about]),
  ]
  const more = facts({
    'never limited': allow.join(', ') || 'no addresses',
    changed: updatedAt === null ? 'never' : `${time(updatedAt)} by ${updatedBy}`,
  })
  return `${count(rules.length, 'rule')}; the first that fits counts.\n\n${table(['BUCKET', 'FOR', 'LIMIT', 'ABOUT'], rows, width)}\n\n${more}`
}
