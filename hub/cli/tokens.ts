import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { isUuid } from '../api/fields.ts'
import { pageOf } from '../api/page.ts'
import { Me } from '../api/session.ts'
import { CreatedServiceToken, Revoked, Token } from '../api/token.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { count, table, time } from './table.ts'
import { names, wholeNumber } from './values.ts'

interface ListOptions extends JsonOption {
  readonly user?: string
  readonly everyone?: boolean
  readonly ended?: boolean
}

interface CreateOptions extends JsonOption {
  readonly scopes: string[] | null
  readonly validDays: number
  readonly user?: string
}

interface RevokeOptions extends JsonOption {
  readonly all?: boolean
  readonly user?: string
}

const STANDARD_DAYS = 90

export function tokenCommands(program: Command, cli: Cli): void {
  const tokens = noun(program, 'tokens', 'logins and service tokens: yours, or those of others')

  verb(tokens, 'list', 'list logins and service tokens, never the tokens themselves', [
    'netraven tokens list',
    'netraven tokens list --user ann --ended',
    'netraven tokens list --everyone --json',
  ])
    .option('--user <name>', 'those of somebody else; needs admin:tokens')
    .option('--everyone', 'those of all users; needs admin:tokens')
    .option('--ended', 'also those that ended or expired')
    .action(
      acting(cli, async ({ user, everyone, ended, ...options }: ListOptions) => {
        if (user !== undefined && everyone)
          throw new Failure('USAGE', { reason: 'give --user or --everyone, not both' })
        const client = await cli.client()
        const found = await Array.fromAsync(client.items('/api/auth/tokens', pageOf(Token), { user, everyone, ended }))
        cli.show(options, found, () =>
          found.length === 0
            ? 'No tokens. Make one for a program with: netraven tokens create NAME --scopes LIST'
            : table(
                ['ID', 'USER', 'KIND', 'NAME', 'SCOPES', 'LAST USED', 'FROM', 'EXPIRES', 'STATE'],
                found.map((one) => [
                  one.id,
                  one.user,
                  one.kind === 'session' ? 'login' : one.kind,
                  one.name ?? one.via,
                  one.scopes?.join(',') ?? 'all of the user',
                  time(one.lastUsedAt),
                  one.address,
                  time(one.expiresAt),
                  stateOf(one, cli.parts.clock()),
                ]),
                cli.terminal.width,
              ),
        )
        return undefined
      }),
    )

  verb(tokens, 'create <name>', 'make a service token; it stands alone on stdout and is shown this once', [
    'netraven tokens create ci --scopes exec:backups,read:jobs,all:devices',
    'NETRAVEN_TOKEN=$(netraven tokens create report --scopes read:devices --valid-days 30)',
  ])
    .requiredOption(
      '--scopes <list>',
      'what it may do, with commas between; all:devices among them lets it reach every device that its owner reaches',
      names('--scopes'),
    )
    .option(
      '--valid-days <days>',
      `days until it expires, at most 365; ${STANDARD_DAYS} when absent`,
      wholeNumber('--valid-days', 1, 365),
      STANDARD_DAYS,
    )
    .option('--user <name>', 'for whom it acts, you when absent; needs admin:tokens')
    .action(
      acting(cli, async (name: string, { scopes, validDays, user, ...options }: CreateOptions) => {
        if (!scopes)
          throw new Failure('USAGE', { option: '--scopes', reason: 'a token without scopes could do nothing' })
        const client = await cli.client()
        const question = { name, scopes, validDays, user }
        const made = await client.send('POST', '/api/auth/service-token', question, CreatedServiceToken)
        cli.show(options, made, () => made.token)
        if (!options.json) {
          cli.terminal.err(
            `Service token ${made.name} of ${made.user}, until ${time(made.expiresAt)}. Use it as NETRAVEN_TOKEN, or as Authorization: Bearer TOKEN.\nTake it back with: netraven tokens revoke ${made.id}`,
          )
        }
        return undefined
      }),
    )

  verb(tokens, 'revoke', 'end a login or a service token, here and on every hub', [
    'netraven tokens revoke ci',
    'netraven tokens revoke 0198d6a1-52a8-7c63-9c5e-2f3f1f6f8a10',
    'netraven tokens revoke --all --user ann',
  ])
    .argument('[token]', 'id, or name of a service token')
    .option('--all', 'every login and service token')
    .option('--user <name>', 'of somebody else; needs admin:tokens')
    .action(
      acting(cli, async (token: string | undefined, { all, user, ...options }: RevokeOptions) => {
        if ((token === undefined) === (all !== true))
          throw new Failure('USAGE', { reason: 'give either a token or --all' })
        const client = await cli.client()
        if (token !== undefined) {
          const id = await idOf(client, token, user)
          await client.command('DELETE', `/api/auth/tokens/${inPath(id)}`)
          cli.show(options, { revoked: id }, () => 'Revoked; no hub takes it any more.')
          return undefined
        }
        const path = `/api/auth/tokens?user=${inPath(user ?? (await ownName(client)))}`
        const revoked = await client.send('DELETE', path, undefined, Revoked)
        const { sessions, serviceTokens } = revoked
        cli.show(
          options,
          revoked,
          () => `Ended ${count(sessions, 'login')} and ${count(serviceTokens, 'service token')}.`,
        )
        return undefined
      }),
    )
}

function stateOf({ isCurrent, endedAt, endedBecause, expiresAt }: Token, nowMs: number): string {
  if (endedAt !== null) return endedBecause ?? 'ended'
  if (Date.parse(expiresAt) <= nowMs) return 'expired'
  return isCurrent ? 'this one' : 'live'
}

async function idOf(client: Client, token: string, user: string | undefined): Promise<string> {
  if (isUuid(token)) return token
  const query = { user, kind: 'service token' }
  for await (const one of client.items('/api/auth/tokens', pageOf(Token), query)) {
    if (one.name?.toLowerCase() === token.toLowerCase()) return one.id
  }
  throw new Failure('NOT_FOUND', { token })
}

async function ownName(client: Client): Promise<string> {
  return (await client.get('/api/auth/me', Me.pick({ username: true }))).username
}
