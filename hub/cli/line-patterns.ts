import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { LinePattern } from '../api/line-pattern.ts'
import { pageOf } from '../api/page.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { table, time } from './table.ts'

interface AddOptions extends JsonOption {
  readonly ignore?: string
  readonly remove?: string
  readonly driver?: string
  readonly group?: string
  readonly device?: string
}

const HELP = `
A pattern is a regular expression, tried on each line that would be kept; anchor it with ^. Whether a text is complete, and where its
secrets stand, is judged before any line is ignored or removed.`

export function linePatternCommands(program: Command, cli: Cli): void {
  const patterns = noun(program, 'patterns', 'lines to keep but not to compare, and lines not to keep')

  verb(patterns, 'add', 'ignore or remove lines, by driver, group or device', [
    "netraven patterns add --ignore '^ntp clock-period ' --driver cisco_ios",
    "netraven patterns add --remove '^! generated at ' --group access",
    "netraven patterns add --ignore '^ description test' --device sw1",
  ])
    .option('--ignore <regex>', 'lines that fit are kept, but make no new version')
    .option('--remove <regex>', 'lines that fit are not kept')
    .option('--driver <name>', 'for all devices with this driver')
    .option('--group <name>', 'for all devices of this group')
    .option('--device <name>', 'for this device')
    .addHelpText('after', HELP)
    .action(
      acting(cli, async (options: AddOptions) => {
        const { ignore, remove, driver, group, device } = options
        if ((ignore === undefined) === (remove === undefined))
          throw new Failure('USAGE', { reason: 'give one of --ignore and --remove' })
        if ([driver, group, device].filter((one) => one !== undefined).length !== 1)
          throw new Failure('USAGE', { reason: 'give one of --driver, --group and --device' })
        const question = {
          kind: ignore === undefined ? 'remove' : 'ignore',
          pattern: ignore ?? remove,
          driver,
          group,
          device,
        }
        const added = await (await cli.client()).send('POST', '/api/patterns', question, LinePattern)
        cli.show(
          options,
          added,
          () => `Lines that fit ${added.pattern} are ${added.kind}d from the next backup on, for ${scopeOf(added)}.`,
        )
        return undefined
      }),
    )

  verb(patterns, 'list', 'list all patterns', ['netraven patterns list']).action(
    acting(cli, async (options: JsonOption) => {
      const { items } = await (await cli.client()).get('/api/patterns', pageOf(LinePattern))
      cli.show(options, items, () =>
        items.length === 0
          ? 'No patterns yet. Add one with: netraven patterns add --ignore REGEX --driver NAME'
          : table(
              ['ID', 'KIND', 'FOR', 'PATTERN', 'BY', 'SINCE'],
              items.map((one) => [one.id, one.kind, scopeOf(one), one.pattern, one.createdBy, time(one.createdAt)]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(patterns, 'remove <id>', 'take a pattern away', [
    'netraven patterns remove 0192f0c1-7b2a-7c3d-8e4f-000000000001',
  ]).action(
    acting(cli, async (id: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/patterns/${inPath(id)}`)
      cli.show(options, { removed: id }, () => `Pattern ${id} removed.`)
      return undefined
    }),
  )
}

function scopeOf({ driver, group, device }: LinePattern): string {
  if (driver !== null) return `driver ${driver}`
  return group === null ? `device ${device}` : `group ${group}`
}
