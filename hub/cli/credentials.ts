import { readFile } from 'node:fs/promises'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Credential, type SiteGuard } from '../api/credential.ts'
import { pageOf } from '../api/page.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { credentialTestCommand } from './credentials-test.ts'
import { count, facts, table, time } from './table.ts'
import { lastMoment } from './values.ts'

interface SecretOptions extends JsonOption {
  readonly username?: string
  readonly passwordStdin?: boolean
  readonly key?: string
  readonly passphraseStdin?: boolean
  readonly enableStdin?: boolean
  readonly local?: string
  readonly expires?: string | null
}

interface SetOptions extends SecretOptions {
  readonly name?: string
}

export function credentialCommands(program: Command, cli: Cli): void {
  const credentials = noun(program, 'credentials', 'what opens devices; secrets go in and never come out')

  withSecrets(
    verb(credentials, 'add <name>', 'save a credential', [
      'netraven credentials add core --username backup',
      'netraven credentials add core --username backup --password-stdin < password.txt',
      'netraven credentials add core --username backup --key ~/.ssh/id_ed25519',
      "printf '%s\\n' LOGIN ENABLE | netraven credentials add core --username backup --password-stdin --enable-stdin",
      'netraven credentials add core --local core    kept on the jump host, not here',
    ]),
  ).action(
    acting(cli, async (name: string, options: SecretOptions) => {
      if (options.username === undefined && options.local === undefined) {
        throw new Failure('USAGE', { option: '--username', reason: 'is missing' })
      }
      const secrets = await secretsOf(cli, options, true)
      const expiresAt = options.expires || undefined
      const question = { name, username: options.username ?? '', ...secrets, expiresAt }
      const saved = await (await cli.client()).send('POST', '/api/credentials', question, Credential)
      showSaved(cli, options, saved, 'saved')
      return undefined
    }),
  )

  withSecrets(
    verb(credentials, 'set <name>', 'rename a credential, or replace its secrets; "none" takes a date away', [
      'netraven credentials set core --password-stdin < new-password.txt',
      'netraven credentials set core --expires 2027-12-31',
      'netraven credentials set core --name core-2027',
    ]),
  )
    .option('--name <new>', 'new name')
    .action(
      acting(cli, async (name: string, options: SetOptions) => {
        const { name: newName, username, expires } = options
        // commander makes an empty text of null.
        const expiresAt = expires === '' ? null : expires
        const change = { name: newName, username, expiresAt, ...(await secretsOf(cli, options, false)) }
        if (Object.values(change).every((value) => value === undefined)) {
          throw new Failure('USAGE', { reason: 'nothing to change; see: netraven credentials set --help' })
        }
        const client = await cli.client()
        const saved = await client.send('PATCH', `/api/credentials/${inPath(name)}`, change, Credential)
        showSaved(cli, options, saved, 'changed')
        return undefined
      }),
    )

  verb(credentials, 'list', 'list all credentials, without secrets', ['netraven credentials list']).action(
    acting(cli, async (options: JsonOption) => {
      const items = await Array.fromAsync(
        (await cli.client()).items('/api/credentials', pageOf(Credential), { limit: 500 }),
      )
      cli.show(options, items, () =>
        items.length === 0
          ? 'No credentials yet. Add one with: netraven credentials add NAME --username USER'
          : table(
              ['NAME', 'USERNAME', 'KIND', 'DEVICES', 'CHANGED', 'STATE'],
              items.map((one) => [one.name, one.username, one.kind, one.devices, time(one.updatedAt), stateOf(one)]),
              cli.terminal.width,
            ),
      )
      return undefined
    }),
  )

  verb(credentials, 'show <name>', 'show one credential, without secrets', ['netraven credentials show core']).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const one = await (await cli.client()).get(`/api/credentials/${inPath(name)}`, Credential)
      cli.show(options, one, () => factsOf(one))
      return undefined
    }),
  )

  credentialTestCommand(credentials, cli)

  verb(credentials, 'revoke <name>', 'show a credential to no device any more; new secrets lift that', [
    'netraven credentials revoke core',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      const one = await (await cli.client()).send('POST', `/api/credentials/${inPath(name)}/revoke`, {}, Credential)
      cli.show(options, one, () => `Credential ${one.name} revoked. No device is shown it any more.`)
      return undefined
    }),
  )

  verb(credentials, 'reset-guard <name>', 'use a credential again that is held back because devices refused it', [
    'netraven credentials reset-guard core',
    'netraven credentials reset-guard core --site lab',
  ])
    .option('--site <name>', 'at this site only')
    .action(
      acting(cli, async (name: string, options: JsonOption & { readonly site?: string }) => {
        const { site } = options
        const client = await cli.client()
        const one = await client.send('POST', `/api/credentials/${inPath(name)}/guard/reset`, { site }, Credential)
        const where = site === undefined ? 'everywhere' : `at ${site}`
        cli.show(options, one, () => `Credential ${one.name} may be used again ${where}, few devices at first.`)
        return undefined
      }),
    )

  verb(credentials, 'remove <name>', 'remove a credential that no device uses', [
    'netraven credentials remove core',
  ]).action(
    acting(cli, async (name: string, options: JsonOption) => {
      await (await cli.client()).command('DELETE', `/api/credentials/${inPath(name)}`)
      cli.show(options, { removed: name }, () => `Credential ${name} removed.`)
      return undefined
    }),
  )
}

function withSecrets(command: Command): Command {
  return command
    .option('--username <user>', 'user name on the devices')
    .option('--password-stdin', 'read the password from stdin instead of asking')
    .option('--key <file>', 'private key, PEM or OpenSSH')
    .option('--passphrase-stdin', 'read the passphrase of the key from stdin')
    .option('--enable-stdin', 'read the enable password from stdin')
    .option('--local <name>', 'the jump host keeps the secrets under this name')
    .option(
      '--expires <date>',
      'last day on which it is used, or the moment, such as 2027-12-31',
      lastMoment('--expires'),
    )
}

/** What stands on several lines of stdin is read in this order: password, passphrase, enable. */
async function secretsOf(cli: Cli, options: SecretOptions, isNew: boolean) {
  const { terminal } = cli
  if (options.passphraseStdin && options.key === undefined) {
    throw new Failure('USAGE', { option: '--passphrase-stdin', reason: 'needs --key' })
  }
  if (options.local !== undefined && (options.passwordStdin || options.key !== undefined || options.enableStdin)) {
    throw new Failure('USAGE', { option: '--local', reason: 'stands alone: the secrets are on the jump host' })
  }
  const mustAsk = isNew && !options.passwordStdin && options.key === undefined && options.local === undefined
  return {
    local: options.local,
    password: options.passwordStdin
      ? await terminal.line('--password-stdin')
      : mustAsk
        ? await terminal.ask(`Password of ${options.username} on the devices: `, '--password-stdin or --key')
        : undefined,
    privateKey: options.key === undefined ? undefined : await readKey(options.key),
    passphrase: options.passphraseStdin ? await terminal.line('--passphrase-stdin') : undefined,
    enable: options.enableStdin ? await terminal.line('--enable-stdin') : undefined,
  }
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new Failure(
      'USAGE',
      { option: '--key', value: path, reason: `the file cannot be read (${errno})` },
      { cause },
    )
  }
}

function showSaved(cli: Cli, options: SecretOptions, saved: Credential, done: string): void {
  cli.show(options, saved, () => `Credential ${saved.name} ${done}.`)
  if (options.key === undefined || options.json) return
  cli.terminal.err(`Key ${saved.keyFingerprint}. Its line for the devices:\n${saved.publicKey}`)
}

function factsOf(one: Credential): string {
  return facts({
    name: one.name,
    id: one.id,
    username: one.username,
    kind: one.kind,
    'on the jump host as': one.local,
    'key fingerprint': one.keyFingerprint,
    'public line': one.publicKey,
    devices: one.devices,
    state: stateOf(one),
    expires: one.expiresAt && time(one.expiresAt),
    revoked: one.revokedAt && time(one.revokedAt),
    ...Object.fromEntries(one.guards.map((guard) => [`at ${guard.site}`, guardText(guard)])),
    added: time(one.createdAt),
    changed: time(one.updatedAt),
  })
}

/** What an operator should know at a glance. */
function stateOf({ expiry, revokedAt, guards }: Credential): string {
  if (revokedAt !== null) return 'revoked'
  if (expiry?.warnDays === 0) return 'expired'
  const closed = guards.filter(({ state }) => state === 'closed').map(({ site }) => site)
  const words = [
    ...(closed.length > 0 ? [`held back at ${closed.join(', ')}`] : []),
    ...(expiry?.warnDays ? [expiry.daysLeft === 0 ? 'ends today' : `ends in ${count(expiry.daysLeft, 'day')}`] : []),
  ]
  return words.length > 0 ? words.join('; ') : 'ok'
}

function guardText({ state, until, refusedBy, refusedAt }: SiteGuard): string {
  const who = `refused by ${refusedBy.join(', ') || 'devices'}, the last at ${time(refusedAt)}`
  if (state === 'closed') return `held back until ${time(until)}: ${who}`
  return state === 'trial' ? `one device at a time: ${who}` : `few devices at a time: ${who}`
}
