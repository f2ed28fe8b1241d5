import { readFile } from 'node:fs/promises'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Key, KeyBackup, KeyChange, KeyKind } from '../api/key.ts'
import { pageOf } from '../api/page.ts'
import type { Client } from './client.ts'
import { acting, type Cli, type JsonOption, noun, verb } from './command.ts'
import { writeFile } from './export-file.ts'
import { backUpOnHost, restoreOnHost } from './keys-on-host.ts'
import { bytes, count, table, time } from './table.ts'
import { wholeNumber } from './values.ts'

interface RotateOptions extends JsonOption {
  readonly force?: boolean
  readonly distrust?: boolean
  readonly wait?: boolean
  readonly waitSeconds: number
}

interface BackupOptions extends JsonOption {
  readonly passphraseStdin?: boolean
  readonly api?: boolean
}

interface RestoreOptions extends JsonOption {
  readonly into: string
  readonly passphraseStdin?: boolean
}

const LOOK_EVERY_MS = 1_000

const ROTATE_HELP = `
Kinds:
  token    signs access tokens. Nobody is logged out.
  task     signs tasks and answers to agents. Begins once every agent has learnt it; agents that are offline hold that up, see --force.
  data     encrypts credentials, keys and stored texts. All of it is encrypted again in the background.
  master   encrypts the data keys. First make a key (openssl rand -base64 32), set it as NETRAVEN_MASTER_KEY and the present one as
           NETRAVEN_MASTER_KEY_PREVIOUS on every hub, or write both into master.key, the new one first; restart the hubs one by one.

Everything goes on meanwhile. All hubs must be of this release. Make a backup of the keys afterwards: netraven keys backup FILE`

export function keyCommands(program: Command, cli: Cli): void {
  const keys = noun(program, 'keys', 'keys of the hub: list, rotate, back up, restore')

  verb(keys, 'list', 'list keys: their state, who does not know them yet, what is left to encrypt again', [
    'netraven keys list',
  ]).action(
    acting(cli, async (options: JsonOption) => {
      const found = await listed(await cli.client())
      cli.show(options, found, () =>
        table(
          ['KIND', 'ID', 'STATE', 'CREATED', 'BEGAN', 'NOTES'],
          found.map((key) => [key.kind, key.id, key.state, time(key.createdAt), time(key.activatedAt), notesOf(key)]),
          cli.terminal.width,
        ),
      )
      return undefined
    }),
  )

  verb(keys, 'rotate <kind>', 'replace a key by a new one while everything goes on', [
    'netraven keys rotate token',
    'netraven keys rotate task --force',
    'netraven keys rotate data --wait',
  ])
    .addHelpText('after', ROTATE_HELP)
    .option('--force', 'of a task key: do not wait for agents that are offline; they learn it when they come back')
    .option(
      '--distrust',
      'of a task key: the one before may have been copied; agents that have not learnt the new one must enrol again',
    )
    .option('--wait', 'wait until the new key counts, and everything is encrypted again')
    .option('--wait-seconds <seconds>', 'how long to wait at most', wholeNumber('--wait-seconds', 1, 86_400), 3_600)
    .action(
      acting(cli, async (word: string, { force, distrust, wait, waitSeconds, ...options }: RotateOptions) => {
        const kind = kindOf(word)
        if ((force || distrust) && kind !== 'task')
          throw new Failure('USAGE', { reason: '--force and --distrust are for task keys' })
        const client = await cli.client()
        const change = await client.send('POST', '/api/admin/keys/rotate', { kind }, KeyChange)
        const until = cli.parts.clock() + waitSeconds * 1000
        if (force || distrust)
          await activate(cli, client, { kind, force: force ?? false, distrust: distrust ?? false }, until)
        const key = wait ? await waited(cli, client, change, until) : await shownKey(client, change)
        cli.show(options, key ?? change, () =>
          `${kind} key ${change.id}: ${key ? `${key.state}. ${notesOf(key)}` : change.state}`.trim(),
        )
        return undefined
      }),
    )

  verb(
    keys,
    'backup <file>',
    'write all keys into an encrypted file; works on the host of the hub, with its settings',
    ['netraven keys backup keys.nrk --passphrase-stdin < passphrase.txt', 'netraven keys backup keys.nrk --api'],
  )
    .option('--passphrase-stdin', 'read the passphrase from stdin instead of asking')
    .option('--api', 'let the running hub make it: for a hub with an embedded database, or from another machine')
    .action(
      acting(cli, async (file: string, { passphraseStdin, api, ...options }: BackupOptions) => {
        const passphrase = await passphraseFor(cli, passphraseStdin, true)
        const made = api
          ? await (await cli.client()).send('POST', '/api/admin/keys/backup', { passphrase }, KeyBackup)
          : await backUpOnHost(cli, passphrase)
        await writeFile(file, Buffer.from(made.file), 0o600)
        cli.show(
          options,
          { file, keys: made.keys },
          () =>
            `${count(made.keys, 'key')} in ${file}. Keep it apart from the backups of the database, and the passphrase apart from both.`,
        )
        return undefined
      }),
    )

  verb(keys, 'restore <file>', 'write master.key from a backup, once it is sure that it opens the database', [
    'netraven keys restore keys.nrk --into /var/lib/netraven --passphrase-stdin < passphrase.txt',
  ])
    .addHelpText(
      'after',
      '\nWorks on the host, with the settings of the hub (DATABASE_URL); restore the database first, and start the hub after.',
    )
    .requiredOption('--into <dir>', 'data directory of the hub')
    .option('--passphrase-stdin', 'read the passphrase from stdin instead of asking')
    .action(
      acting(cli, async (file: string, { into, passphraseStdin, ...options }: RestoreOptions) => {
        const text = await readFile(file, 'utf8').catch((cause: unknown) => {
          throw new Failure('USAGE', { option: 'file', value: file, expected: 'a file that can be read' }, { cause })
        })
        const restored = await restoreOnHost(cli, text, await passphraseFor(cli, passphraseStdin, false), into)
        cli.show(
          options,
          restored,
          () => `${restored.file} written; it opens installation ${restored.installation}. Start the hub.`,
        )
        return undefined
      }),
    )
}

async function passphraseFor(cli: Cli, fromStdin: boolean | undefined, isNew: boolean): Promise<string> {
  const given = fromStdin
    ? await cli.terminal.line('--passphrase-stdin')
    : await cli.terminal.ask('Passphrase of the backup: ', '--passphrase-stdin')
  if (isNew && given.length < 12)
    throw new Failure('USAGE', { option: '--passphrase-stdin', expected: 'at least 12 characters' })
  return given
}

function kindOf(word: string): KeyKind {
  const kind = KeyKind.safeParse(word)
  if (!kind.success) throw new Failure('USAGE', { argument: 'kind', value: word, expected: KeyKind.options.join(', ') })
  return kind.data
}

const listed = async (client: Client) => Array.fromAsync(client.items('/api/admin/keys', pageOf(Key)))

async function shownKey(client: Client, { kind, id }: KeyChange): Promise<Key | undefined> {
  return (await listed(client)).find((key) => key.kind === kind && key.id === id)
}

/** Activates as soon as every hub knows the key. */
async function activate(cli: Cli, client: Client, choice: object, until: number): Promise<void> {
  for (;;) {
    try {
      await client.send('POST', '/api/admin/keys/activate', choice, KeyChange)
      return
    } catch (error) {
      const isEarly =
        error instanceof Failure && error.code === 'KEY_NOT_READY' && error.details.retryAfterSeconds !== undefined
      if (!isEarly || cli.parts.clock() >= until) throw error
      await cli.parts.sleep(LOOK_EVERY_MS)
    }
  }
}

/** @throws Failure KEY_NOT_READY, KEY_AGENTS_BEHIND when time is up */
async function waited(cli: Cli, client: Client, change: KeyChange, until: number): Promise<Key | undefined> {
  let last = ''
  for (;;) {
    const keys = await listed(client)
    const key = keys.find(({ kind, id }) => kind === change.kind && id === change.id)
    const older = keys.some(
      ({ kind, state }) =>
        kind === change.kind && (state === 'retiring' || (kind === 'master' && state === 'previous')),
    )
    if (key?.state === 'current' && !older && (key.left?.rows ?? 0) === 0) return key
    const note = key ? notesOf(key) : ''
    if (note !== last && cli.terminal.canDraw) cli.terminal.err(note)
    last = note
    if (cli.parts.clock() >= until) {
      if (key?.agentsBehind?.count) throw new Failure('KEY_AGENTS_BEHIND', { key: change.id, ...key.agentsBehind })
      throw new Failure('KEY_NOT_READY', { key: change.id, reason: note || 'not done yet' })
    }
    await cli.parts.sleep(LOOK_EVERY_MS)
  }
}

function notesOf({ left, agentsBehind, hubsBehind, beginsByItself, state }: Key): string {
  const notes: string[] = []
  if (state === 'next') notes.push(beginsByItself ? 'begins by itself' : 'waits to be activated')
  if (hubsBehind.length > 0) notes.push(`not known yet to ${hubsBehind.join(', ')}`)
  if (agentsBehind && agentsBehind.count > 0) {
    const more = agentsBehind.count - agentsBehind.agents.length
    notes.push(`not learnt by ${agentsBehind.agents.join(', ')}${more > 0 ? ` and ${more} more` : ''}`)
  }
  if (left && left.rows > 0) {
    const done = left.totalBytes > 0 ? Math.max(0, Math.floor(100 * (1 - left.bytes / left.totalBytes))) : 0
    notes.push(`${count(left.rows, 'row')} and ${bytes(left.bytes)} left to encrypt again (${done} % done)`)
  }
  return notes.join('; ')
}
