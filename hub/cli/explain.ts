import { Failure, type FailureEntry, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { nearest } from '../nearest.ts'
import { acting, type Cli, type JsonOption, verb } from './command.ts'
import { steps } from './failure-text.ts'
import { table } from './table.ts'

export function explainCommand(program: Command, cli: Cli): void {
  verb(program, 'explain [code]', 'say what a code means and what to do; works without a hub', [
    'netraven explain',
    'netraven explain TCP_TIMEOUT',
  ]).action(
    acting(cli, async (code: string | undefined, options: JsonOption) => {
      if (code === undefined) {
        const all = Object.entries<FailureEntry>(failures).map(([name, entry]) => ({ code: name, ...entry }))
        cli.show(options, all, () =>
          table(
            ['CODE', 'MESSAGE'],
            all.map((entry) => [entry.code, entry.message]),
            cli.terminal.width,
          ),
        )
        return undefined
      }
      const name = code.replaceAll(/[[\]\s]/g, '').toUpperCase()
      if (!isFailureCode(name)) {
        const didYouMean = nearest(name, Object.keys(failures))
        throw new Failure('USAGE', { code, reason: 'there is no such code', ...(didYouMean && { didYouMean }) })
      }
      const entry: FailureEntry = failures[name]
      cli.show(options, { code: name, ...entry }, () =>
        [
          `${entry.message} [${name}]`,
          'Possible causes:',
          ...steps(entry.causes),
          'What to do:',
          ...steps(entry.remedies),
          entry.retry === 'backoff' ? 'Trying again later may help.' : 'Trying again unchanged does not help.',
        ].join('\n'),
      )
      return undefined
    }),
  )
}
