import type { Command } from 'commander'
import { z } from 'zod'
import { acting, type Cli, inPath, type JsonOption, verb } from './command.ts'

/** What an administrator does about the ways in which others log in. */
export function signOnCommands(users: Command, cli: Cli): void {
  verb(
    users,
    'reset-second-factor <name>',
    'take the second factor of a user away; the password alone is enough then',
    ['netraven users reset-second-factor ann'],
  ).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/users/${inPath(name)}/second-factor`)
      cli.show(options, { user: name, reset: true }, () => `User ${name} has no second factor any more.`)
      return undefined
    }),
  )

  verb(users, 'link-sso <name>', 'say whose account it is at the provider of single sign-on', [
    'netraven users link-sso ann --subject 248289761001',
    'netraven users link-sso ann --subject none',
  ])
    .requiredOption('--subject <sub>', 'who it is at the provider (claim sub; a refused sign-on tells it), or none')
    .action(
      acting(cli, async (name: string, options: JsonOption & { readonly subject: string }) => {
        const subject = options.subject === 'none' ? null : options.subject
        await (await cli.client()).send('POST', `/api/users/${inPath(name)}/link-sso`, { subject }, z.undefined())
        cli.show(options, { user: name, subject }, () =>
          subject === null ? `User ${name} is linked to nobody.` : `User ${name} is ${subject} at the provider.`,
        )
        return undefined
      }),
    )
}
