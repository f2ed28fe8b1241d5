import type { Command } from 'commander'
import { z } from 'zod'
import { RecoveryCodes, SecondFactorBegun } from '../api/second-factor.ts'
import { acting, type Cli, type JsonOption, noun, verb } from './command.ts'

interface RemoveOptions extends JsonOption {
  readonly stdin?: boolean
}

/** The own second factor. */
export function secondFactorCommands(program: Command, cli: Cli): void {
  const factor = noun(program, 'second-factor', 'a code of an authenticator, asked for at login beside the password')

  verb(factor, 'setup', 'set up a second factor; prints recovery codes, which are shown this once', [
    'netraven second-factor setup',
  ]).action(
    acting(cli, async (options: JsonOption) => {
      const client = await cli.client()
      const begun = await client.send('POST', '/api/auth/second-factor', undefined, SecondFactorBegun)
      cli.terminal.err(`Add this to your authenticator:\n  ${begun.url}\nor type the secret:\n  ${begun.secret}`)
      const code = await cli.terminal.ask('Code that it shows now: ', 'a terminal')
      const path = '/api/auth/second-factor/confirm'
      const { recoveryCodes } = await client.send('POST', path, { code }, RecoveryCodes)
      cli.show(
        options,
        { recoveryCodes },
        () =>
          `Set up. Keep these recovery codes where you keep no password; each works once in place of a code:\n${recoveryCodes.map((one) => `  ${one}`).join('\n')}`,
      )
      return undefined
    }),
  )

  verb(factor, 'remove', 'remove your second factor, with the password and a code', [
    'netraven second-factor remove',
    "printf '%s\\n' PASSWORD CODE | netraven second-factor remove --stdin",
  ])
    .option('--stdin', 'read two lines from stdin instead of asking: password, then code')
    .action(
      acting(cli, async (options: RemoveOptions) => {
        const client = await cli.client()
        const ask = (question: string) =>
          options.stdin ? cli.terminal.line('--stdin') : cli.terminal.ask(question, '--stdin')
        const password = await ask('Password: ')
        const code = await ask('Code, or recovery code: ')
        await client.send('DELETE', '/api/auth/second-factor', { password, code }, z.undefined())
        cli.show(options, { removed: true }, () => 'Removed. The next login needs the password alone.')
        return undefined
      }),
    )
}
