import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { pageOf } from '../api/page.ts'
import { TagRule, TagRuleEffect } from '../api/tag-rule.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { count, table } from './table.ts'
import { tag } from './values.ts'

interface RuleOptions extends JsonOption {
  readonly site?: string
  readonly driver?: string
  readonly group?: string
  readonly match?: string
  readonly address?: string
  readonly tag?: Readonly<Record<string, string | null>>
  readonly priority?: number
}

export function tagRuleCommands(program: Command, cli: Cli): void {
  const rules = noun(program, 'tag-rules', 'rules that tag devices when they are added, imported or changed')

  verb(rules, 'list', 'list rules; of two for one tag the last wins', ['netraven tag-rules list']).action(
    acting(cli, async (options: JsonOption) => {
      const { items } = await (await cli.client()).get('/api/tag-rules', pageOf(TagRule))
      cli.show(options, items, () =>
        items.length === 0
          ? 'No rules yet. Add one with: netraven tag-rules add NAME --site SITE --tag KEY=VALUE'
          : table(
              ['NAME', 'PRIORITY', 'FOR', 'SETS'],
              items.map((rule) => [rule.name, rule.priority, words(rule.match), words(rule.tags)]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  matching(
    verb(rules, 'add <name>', 'add a rule', [
      'netraven tag-rules add berlin --site berlin --tag city=berlin',
      'netraven tag-rules add lab --address 10.9.0.0/16 --match "sw-*" --tag env=lab --priority 10',
    ]),
  )
    .option('--priority <number>', 'of two rules for one tag the higher wins', (text) => Number(text))
    .action(
      acting(cli, async (name: string, options: RuleOptions) => {
        const body = { name, priority: options.priority, ...ruleOf(options) }
        const rule = await (await cli.client()).send('POST', '/api/tag-rules', body, TagRule)
        cli.show(options, rule, () => `Rule ${rule.name} added.`)
        if (!options.json) {
          cli.terminal.err(`Devices that are there already: netraven tag-rules apply ${rule.name}`)
        }
        return undefined
      }),
    )

  matching(
    verb(rules, 'test', 'see which devices a rule would change; changes nothing', [
      'netraven tag-rules test --address 10.9.0.0/16 --tag env=lab',
    ]),
  ).action(
    acting(cli, async (options: RuleOptions) => {
      const effect = await (await cli.client()).send('POST', '/api/tag-rules/test', ruleOf(options), TagRuleEffect)
      cli.show(options, effect, () => effectText(effect, 'would change'))
      return undefined
    }),
  )

  verb(rules, 'apply <name>', 'apply a rule now', ['netraven tag-rules apply berlin']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const path = `/api/tag-rules/${inPath(name)}/apply`
      const effect = await (await cli.client()).send('POST', path, undefined, TagRuleEffect)
      cli.show(options, effect, () => effectText(effect, 'changed'))
      return undefined
    }),
  )

  verb(rules, 'remove <name>', 'remove a rule; the tags that it set stay', ['netraven tag-rules remove berlin']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/tag-rules/${inPath(name)}`)
      cli.show(options, { removed: name }, () => `Rule ${name} removed.`)
      return undefined
    }),
  )
}

function matching(command: Command): Command {
  return command
    .option('--site <name>', 'devices of a site')
    .option('--driver <name>', 'devices with a driver')
    .option('--group <name>', 'devices of a group')
    .option('--match <pattern>', 'devices whose name fits; * for any letters, ? for one')
    .option('--address <range>', 'devices with an address in a range such as 10.0.0.0/8')
    .option('--tag <key=value>', 'what is set; may be given more than once', tag)
}

function ruleOf({ site, driver, group, match: name, address, tag: tags }: RuleOptions) {
  if (tags === undefined) throw new Failure('USAGE', { option: '--tag', reason: 'is missing' })
  return { match: { site, driver, group, name, address }, tags }
}

function effectText({ changed, devices }: TagRuleEffect, verbWords: string): string {
  const lines = devices.map(({ device, after }) => `${device}: ${words(after)}`)
  const more = changed > devices.length ? [`… and ${changed - devices.length} more`] : []
  return [...lines, ...more, `${count(changed, 'device')} ${verbWords}.`].join('\n')
}

function words(record: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(record)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}
