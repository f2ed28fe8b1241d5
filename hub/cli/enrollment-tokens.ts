import type { Command } from 'commander'
import { CreatedEnrollmentToken, EnrollmentTokenRow } from '../api/agent.ts'
import { pageOf } from '../api/page.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { table, time } from './table.ts'
import { wholeNumber } from './values.ts'

interface CreateOptions extends JsonOption {
  readonly site: string
  readonly validHours?: number
}

export function enrollmentTokenCommands(program: Command, cli: Cli): void {
  const tokens = noun(program, 'enrollment-tokens', 'tokens that let an agent join, once')

  verb(tokens, 'create', 'make a token; it stands alone on stdout and is shown this once', [
    'netraven enrollment-tokens create --site lab',
    'TOKEN=$(netraven enrollment-tokens create --site lab)',
  ])
    .requiredOption('--site <name>', 'site of the agent')
    .option('--valid-hours <hours>', 'how long it can be used, 24 when absent', wholeNumber('--valid-hours', 1, 720))
    .action(
      acting(cli, async (options: CreateOptions) => {
        const client = await cli.client()
        const question = {
          site: options.site,
          ...(options.validHours !== undefined && { validSeconds: options.validHours * 3600 }),
        }
        const made = await client.send('POST', '/api/agents/enrollment-tokens', question, CreatedEnrollmentToken)
        cli.show(options, made, () => made.token)
        if (!options.json) {
          cli.terminal.err(
            `On the jump host of site ${made.site}, until ${time(made.expiresAt)}:\n  netraven-agent enroll --hub ${client.hub} --token TOKEN`,
          )
        }
        return undefined
      }),
    )

  verb(tokens, 'list', 'list tokens, never the tokens themselves', ['netraven enrollment-tokens list']).action(
    acting(cli, async (options: JsonOption) => {
      const items = await Array.fromAsync(
        (await cli.client()).items('/api/agents/enrollment-tokens', pageOf(EnrollmentTokenRow), { limit: 500 }),
      )
      cli.show(options, items, () =>
        items.length === 0
          ? 'No tokens yet. Make one with: netraven enrollment-tokens create --site NAME'
          : table(
              ['ID', 'SITE', 'STATE', 'MADE', 'EXPIRES', 'USED'],
              items.map((one) => [
                one.id,
                one.site,
                one.state,
                time(one.createdAt),
                time(one.expiresAt),
                time(one.usedAt),
              ]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(tokens, 'remove <id>', 'take a token back', ['netraven enrollment-tokens remove ID']).action(
    acting(cli, async (id: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/agents/enrollment-tokens/${inPath(id)}`)
      cli.show(options, { removed: id }, () => 'Token removed; it can no longer be used.')
      return undefined
    }),
  )
}
