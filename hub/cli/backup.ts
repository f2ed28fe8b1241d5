import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Backup, Diff } from '../api/backup.ts'
import { artifactCommands } from './backup-artifacts.ts'
import { chosen, newest } from './backup-choice.ts'
import { exportCommand } from './backup-export.ts'
import { runCommandOf } from './backup-run.ts'
import { verifyCommand } from './backup-verify.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { bytes, table, time } from './table.ts'
import { wholeNumber } from './values.ts'

interface ListOptions extends JsonOption {
  readonly device?: string
  readonly site?: string
  readonly latest?: boolean
  readonly limit: number
}

interface ShowOptions extends JsonOption {
  readonly device?: string
  readonly raw?: boolean
}

export function backupCommands(program: Command, cli: Cli): void {
  const backup = noun(program, 'backup', 'read devices, and look at what was read')
  runCommandOf(backup, cli)

  verb(backup, 'list', 'list versions, newest first', [
    'netraven backup list',
    'netraven backup list --device sw1',
    'netraven backup list --latest --json',
  ])
    .option('--device <name>', 'only of this device')
    .option('--site <name>', 'only of this site')
    .option('--latest', 'only the newest good version of each device')
    .option('--limit <count>', 'at most so many', wholeNumber('--limit', 1, 100_000), 50)
    .action(
      acting(cli, async (options: ListOptions) => {
        const found = await newest(await cli.client(), options.limit, options)
        cli.show(options, found, () => listText(cli, options, found))
        return undefined
      }),
    )

  verb(backup, 'show [id]', 'print the text of a version, secrets masked', [
    'netraven backup show --device sw1',
    'netraven backup show ID --raw > sw1.cfg',
  ])
    .option('--device <name>', 'the version of this device that was seen last')
    .option('--raw', 'with secrets, byte for byte; the hub writes down who did it')
    .action(
      acting(cli, async (id: string | undefined, options: ShowOptions) => {
        const client = await cli.client()
        const one = await chosen(client, id, options.device)
        const text = await client.text(`/api/backups/${one.id}/content`, { query: { raw: options.raw === true } })
        if (options.json) cli.terminal.json({ ...one, raw: options.raw === true, text })
        else cli.terminal.outRaw(text)
        if (!options.json) warnOf(cli, one)
        return undefined
      }),
    )

  verb(backup, 'diff [from] [to]', 'show what changed between two versions, secrets masked', [
    'netraven backup diff --device sw1',
    'netraven backup diff ID1 ID2',
  ])
    .option('--device <name>', 'the newest good version of this device against the one before')
    .action(
      acting(cli, async (from: string | undefined, to: string | undefined, options: ShowOptions) => {
        const client = await cli.client()
        const [older, newer] = await pair(client, from, to, options.device)
        const diff = await client.get(`/api/backups/${inPath(older)}/diff/${inPath(newer)}`, Diff)
        cli.show(options, diff, () =>
          diff.equal ? 'The two versions look the same once secrets are masked.' : cli.terminal.paintDiff(diff.unified),
        )
        return undefined
      }),
    )

  verb(backup, 'accept [id]', 'take a suspect version for good, after you have looked at it', [
    'netraven backup accept --device sw1',
    'netraven backup accept ID',
  ])
    .option('--device <name>', 'the version of this device that was seen last')
    .action(
      acting(cli, async (id: string | undefined, options: ShowOptions) => {
        const client = await cli.client()
        const one = await chosen(client, id, options.device)
        const accepted = await client.send('POST', `/api/backups/${inPath(one.id)}/accept`, {}, Backup)
        cli.show(options, accepted, () => acceptedText(accepted))
        return undefined
      }),
    )

  verifyCommand(backup, cli)
  exportCommand(backup, cli)
  artifactCommands(backup, cli)
}

async function pair(client: Client, from: string | undefined, to: string | undefined, device: string | undefined) {
  if (device !== undefined) {
    if (from !== undefined) throw new Failure('USAGE', { reason: 'give either two ids or --device' })
    const good = (await newest(client, 100, { device })).filter(isGood)
    const [newer, older] = good
    if (!newer) throw new Failure('BACKUP_NOT_FOUND', { device })
    if (!older)
      throw new Failure('BACKUP_NOT_FOUND', { device, reason: 'there is one version only, nothing has changed since' })
    return [older.id, newer.id] as const
  }
  if (from === undefined || to === undefined) throw new Failure('USAGE', { reason: 'give two ids, or --device' })
  return [from, to] as const
}

function isGood(one: Backup): boolean {
  return one.verdict === 'complete' || one.accepted !== null
}

function acceptedText(one: Backup): string {
  if (one.verdict === 'complete') return `${one.device}: this version was never suspect.`
  const newest = one.latest ? 'it is the newest good version now' : 'a later good version stays the newest'
  return `${one.device}: accepted by ${one.accepted?.by}; ${newest}.`
}

function warnOf(cli: Cli, one: Backup): void {
  if (!isGood(one)) {
    cli.terminal.err(`This version is suspect: ${one.reasons.join('; ') || 'no reason given'}`)
    cli.terminal.err(`If the device really is so: netraven backup accept ${one.id}`)
  }
  if (one.secrets === 'strip') cli.terminal.err('Secrets were stripped at the site; it cannot be restored from.')
}

function listText(cli: Cli, options: ListOptions, found: readonly Backup[]): string {
  if (found.length === 0) {
    const what = options.device === undefined ? '--all' : `--device ${options.device}`
    return `No backups yet. Make them with: netraven backup run ${what} --wait`
  }
  const rows = found.map((one) => [
    one.id,
    one.device,
    time(one.firstSeenAt),
    time(one.lastSeenAt),
    one.seenCount,
    bytes(one.sizeBytes),
    one.latest ? 'newest' : isGood(one) ? '' : 'suspect',
    one.contentHash.slice(0, 12),
  ])
  const head = ['ID', 'DEVICE', 'FIRST SEEN', 'LAST SEEN', 'READS', 'SIZE', 'STATE', 'SHA256']
  const more = found.length === options.limit ? '\nThere may be more: --limit' : ''
  return `${table(head, rows, cli.terminal.width)}${more}`
}
