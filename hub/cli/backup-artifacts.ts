import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Artifact, ArtifactVerification } from '../api/artifact.ts'
import { pageOf } from '../api/page.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, verb } from './command.ts'
import { makeFolder, writeFile } from './export-file.ts'
import { EXIT, steps } from './failure-text.ts'
import { bytes, table, time } from './table.ts'
import { wholeNumber } from './values.ts'

interface ListOptions extends JsonOption {
  readonly device?: string
  readonly site?: string
  readonly latest?: boolean
  readonly limit: number
}

interface SaveOptions extends JsonOption {
  readonly output?: string
  readonly verify?: boolean
}

/** A file may have 64 MiB, and the way to the hub may be long. */
const DOWNLOAD_LIMIT_MS = 600_000

export function artifactCommands(backup: Command, cli: Cli): void {
  verb(backup, 'artifacts', 'list files that are kept byte for byte beside the texts, such as archives, newest first', [
    'netraven backup artifacts',
    'netraven backup artifacts --device lb1 --latest',
  ])
    .option('--device <name>', 'only of this device')
    .option('--site <name>', 'only of this site')
    .option('--latest', 'only the newest good ones')
    .option('--limit <count>', 'at most so many', wholeNumber('--limit', 1, 100_000), 50)
    .action(
      acting(cli, async (options: ListOptions) => {
        const found = await artifactsOf(await cli.client(), options.limit, options)
        cli.show(options, found, () => listText(cli, options, found))
        return undefined
      }),
    )

  verb(backup, 'artifact <id>', 'save such a file, or check it', [
    'netraven backup artifact ID --output lb1.ucs',
    'netraven backup artifact ID --verify',
  ])
    .option('--output <file>', 'where to; the hub writes down who did it')
    .option('--verify', "check the stored bytes against their hash and their agent's signature")
    .action(
      acting(cli, async (id: string, options: SaveOptions) => {
        if ((options.output === undefined) === (options.verify !== true))
          throw new Failure('USAGE', { reason: 'give either --output or --verify' })
        const client = await cli.client()
        return options.output === undefined ? verify(cli, client, id, options) : save(cli, client, id, options)
      }),
    )
}

/** The newest ones, all pages that are needed. */
export async function artifactsOf(
  client: Client,
  limit: number,
  { device, site, latest }: Pick<ListOptions, 'device' | 'site' | 'latest'>,
): Promise<Artifact[]> {
  const query = { device, site, ...(latest && { latest: true }), limit: Math.min(limit, 500) }
  const found: Artifact[] = []
  for await (const one of client.items('/api/artifacts', pageOf(Artifact), query)) {
    found.push(one)
    if (found.length >= limit) break
  }
  return found
}

/** @throws Failure CONTENT_HASH_MISMATCH when other bytes arrived, and what the hub says */
export async function download(client: Client, { id, contentHash: expected, device }: Artifact): Promise<Buffer> {
  const content = await client.bytes(`/api/artifacts/${inPath(id)}/content`, { limitMs: DOWNLOAD_LIMIT_MS })
  const actual = createHash('sha256').update(content).digest('hex')
  if (actual !== expected) throw new Failure('CONTENT_HASH_MISMATCH', { device, artifact: id, expected, actual })
  return content
}

async function save(cli: Cli, client: Client, id: string, options: SaveOptions): Promise<undefined> {
  const one = await client.get(`/api/artifacts/${inPath(id)}`, Artifact)
  const file = resolve(options.output ?? '')
  if (one.failure) throw new Failure('ARTIFACT_NOT_FOUND', { device: one.device, artifact: id })
  const content = await download(client, one)
  await makeFolder(dirname(file))
  await writeFile(file, content, 0o600)
  cli.show(options, { ...one, file }, () => `${one.name} of ${one.device}, ${bytes(content.length)}, saved to ${file}.`)
  if (!options.json && one.state === 'suspect')
    cli.terminal.err(`It is suspect: ${one.reasons.join('; ') || 'no reason given'}`)
  return undefined
}

async function verify(cli: Cli, client: Client, id: string, options: SaveOptions): Promise<number | undefined> {
  const one = await client.send('POST', `/api/artifacts/${inPath(id)}/verify`, {}, ArtifactVerification)
  cli.show(options, one, () => {
    const signed = one.signatureValid ? `signed by agent ${one.agent}` : 'signature WRONG'
    const verdict = one.verified ? 'ok  ' : 'BAD '
    return `${verdict} ${one.artifact}  ${one.device}  ${one.name}  sha256 ${one.actualHash ?? 'unreadable'}  ${signed}`
  })
  if (!options.json) {
    for (const { code, message, remedies } of one.problems)
      cli.terminal.err([`${one.device}: ${message} [${code}]`, ...steps(remedies)].join('\n'))
  }
  return one.verified ? undefined : EXIT.failed
}

function listText(cli: Cli, options: ListOptions, found: readonly Artifact[]): string {
  if (found.length === 0) return 'No artifacts yet. They come with backups of systems that save files of themselves.'
  const rows = found.map((one) => [
    one.id,
    one.device,
    one.name || one.source,
    time(one.firstSeenAt),
    time(one.lastSeenAt),
    one.seenCount,
    one.sizeBytes === null ? null : bytes(one.sizeBytes),
    one.failure
      ? `${one.failure.message} [${one.failure.code}]`
      : one.latest
        ? 'newest'
        : one.state === 'suspect'
          ? 'suspect'
          : '',
    one.contentHash?.slice(0, 12),
  ])
  const head = ['ID', 'DEVICE', 'NAME', 'FIRST SEEN', 'LAST SEEN', 'READS', 'SIZE', 'STATE', 'SHA256']
  const more = found.length === options.limit ? '\nThere may be more: --limit' : ''
  return `${table(head, rows, cli.terminal.width)}${more}`
}
