import { join, resolve } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Backup } from '../api/backup.ts'
import { pageOf } from '../api/page.ts'
import { artifactsOf, download } from './backup-artifacts.ts'
import type { Client } from './client.ts'
import { acting, type Cli, type JsonOption, verb } from './command.ts'
import { distinctNames, makeFolder, writeFile } from './export-file.ts'
import { EXIT } from './failure-text.ts'
import { count } from './table.ts'

interface ExportOptions extends JsonOption {
  readonly dir: string
  readonly raw?: boolean
  readonly artifacts?: boolean
  readonly site?: string
  readonly device?: string
}

interface Exported {
  readonly files: { device: string; backup?: string; artifact?: string; file: string; contentHash: string }[]
  readonly failures: { device: string; code: string; message: string }[]
}

/** Texts that are fetched at once. */
const CONCURRENCY = 4

export function exportCommand(backup: Command, cli: Cli): void {
  verb(backup, 'export', 'write the newest good version of each device to DIR/NAME.cfg', [
    'netraven backup export --dir ./configs',
    'netraven backup export --dir ./configs --site lab --raw',
  ])
    .requiredOption('--dir <folder>', 'folder for the files; made when it is missing')
    .option('--raw', 'with secrets, byte for byte; the hub writes down who did it')
    .option(
      '--artifacts',
      'the newest files of each device too, into DIR/NAME.artifacts; they are whole, secrets and all',
    )
    .option('--site <name>', 'only devices of this site')
    .option('--device <name>', 'only this device')
    .action(
      acting(cli, async (options: ExportOptions) => {
        const dir = resolve(options.dir)
        const client = await cli.client()
        const { site, device } = options
        const query = { latest: true, limit: 500, site, device }
        const backups = await Array.fromAsync(client.items('/api/backups', pageOf(Backup), query))
        await makeFolder(dir)
        const names = fileNames(backups.map((one) => one.device))
        const jobs = backups.map((one, index) => ({ backup: one, file: join(dir, names[index] ?? `${one.id}.cfg`) }))
        const { files, failures }: Exported = { files: [], failures: [] }
        const work = async () => {
          for (let job = jobs.shift(); job; job = jobs.shift()) {
            const failure = await exportOne(client, job.backup, job.file, options.raw === true)
            const { device: name, id, contentHash } = job.backup
            if (failure) failures.push({ device: name, code: failure.code, message: failure.message })
            else files.push({ device: name, backup: id, file: job.file, contentHash })
          }
        }
        await Promise.all(Array.from({ length: CONCURRENCY }, work))
        if (options.artifacts) {
          const more = await exportArtifacts(client, dir, options)
          files.push(...more.files)
          failures.push(...more.failures)
        }
        const result = {
          dir,
          raw: options.raw === true,
          written: files.length,
          failed: failures.length,
          files,
          failures,
        }
        cli.show(options, result, () =>
          backups.length === 0 && files.length + failures.length === 0
            ? 'Nothing to export yet. Back devices up with: netraven backup run --all --wait'
            : `${count(files.length, 'file')} written to ${dir}${options.raw ? '' : '; secrets are masked, --raw writes them'}.`,
        )
        if (!options.json) for (const one of failures) cli.terminal.err(`${one.device}: ${one.message} [${one.code}]`)
        return failures.length > 0 ? EXIT.failed : undefined
      }),
    )
}

/** @returns why this one could not be read; a folder that can't be written ends everything */
async function exportOne(client: Client, backup: Backup, file: string, raw: boolean): Promise<Failure | undefined> {
  const text = await orFailure(() => client.bytes(`/api/backups/${backup.id}/content`, { query: { raw } }))
  if (text instanceof Failure) return text
  await writeFile(file, text, raw ? 0o600 : 0o640)
  return undefined
}

/** A file name for each device; no two share one. */
export function fileNames(devices: readonly string[]): string[] {
  return distinctNames(devices).map((name) => `${name}.cfg`)
}

/** The newest good files of each device, beside its text. */
async function exportArtifacts(client: Client, dir: string, { site, device }: ExportOptions): Promise<Exported> {
  const found = await artifactsOf(client, Number.POSITIVE_INFINITY, { site, device, latest: true })
  const devices = [...Map.groupBy(found, (one) => one.device)]
  const folders = distinctNames(devices.map(([name]) => name))
  const exported: Exported = { files: [], failures: [] }
  for (const [index, [name, artifacts]] of devices.entries()) {
    const folder = join(dir, `${folders[index]}.artifacts`)
    await makeFolder(folder)
    const names = distinctNames(artifacts.map((one) => one.name))
    for (const [place, one] of artifacts.entries()) {
      const file = join(folder, names[place] ?? one.id)
      const content = await orFailure(() => download(client, one))
      if (content instanceof Failure) {
        exported.failures.push({ device: name, code: content.code, message: content.message })
        continue
      }
      await writeFile(file, content, 0o600)
      exported.files.push({ device: name, artifact: one.id, file, contentHash: one.contentHash ?? '' })
    }
  }
  return exported
}

/** @returns a failure that concerns this one alone */
async function orFailure<T>(work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure && error.code !== 'HUB_UNREACHABLE' && !error.code.startsWith('TOKEN_')) return error
    throw error
  }
}
