import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Backup } from '../api/backup.ts'
import { pageOf } from '../api/page.ts'
import { writeDurably } from '../durable-file.ts'
import type { Client } from './client.ts'
import { acting, type Cli, type JsonOption, verb } from './command.ts'
import { EXIT } from './failure-text.ts'
import { count } from './table.ts'

interface ExportOptions extends JsonOption {
  readonly dir: string
  readonly raw?: boolean
  readonly site?: string
  readonly device?: string
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
        const files: { device: string; backup: string; file: string; contentHash: string }[] = []
        const failures: { device: string; code: string; message: string }[] = []
        const work = async () => {
          for (let job = jobs.shift(); job; job = jobs.shift()) {
            const failure = await exportOne(client, job.backup, job.file, options.raw === true)
            const { device: name, id, contentHash } = job.backup
            if (failure) failures.push({ device: name, code: failure.code, message: failure.message })
            else files.push({ device: name, backup: id, file: job.file, contentHash })
          }
        }
        await Promise.all(Array.from({ length: CONCURRENCY }, work))
        const result = {
          dir,
          raw: options.raw === true,
          written: files.length,
          failed: failures.length,
          files,
          failures,
        }
        cli.show(options, result, () =>
          backups.length === 0
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
  let text: Buffer
  try {
    text = await client.bytes(`/api/backups/${backup.id}/content`, { query: { raw } })
  } catch (error) {
    if (error instanceof Failure && error.code !== 'HUB_UNREACHABLE' && !error.code.startsWith('TOKEN_')) return error
    throw error
  }
  try {
    await writeDurably(file, text, { mode: raw ? 0o600 : 0o640 })
    return undefined
  } catch (cause) {
    throw unwritable(file, cause)
  }
}

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true })
  } catch (cause) {
    throw unwritable(dir, cause)
  }
}

function unwritable(path: string, cause: unknown): Failure {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  return new Failure('EXPORT_FAILED', { path, errno }, { cause })
}

/**
 * A file name for each device: what a file system could misread becomes `_`, and two that would then be the same file, also
 * where case does not count, are told apart by a number.
 */
export function fileNames(devices: readonly string[]): string[] {
  const taken = new Set<string>()
  return devices.map((device) => {
    const plain = device.replaceAll(/[^\p{L}\p{N} ._@+=,-]/gu, '_').replace(/^[.\s]+|[.\s]+$/g, '_')
    const base = plain.slice(0, 100)
    let name = base
    for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${base}-${number}`
    taken.add(name.toLowerCase())
    return `${name}.cfg`
  })
}
