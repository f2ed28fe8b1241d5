import { readFile } from 'node:fs/promises'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { ImportReport } from '../api/device.ts'
import { acting, type Cli, type JsonOption, verb } from './command.ts'
import { EXIT } from './failure-text.ts'
import { onlySite } from './sites.ts'
import { count } from './table.ts'

interface ImportOptions extends JsonOption {
  readonly site?: string
  readonly dryRun?: boolean
}

const COLUMNS = `
Columns, in any order, behind a header row; others are kept as tags:
  name,address,port,driver,transport,username,password,enable,credential,site,group
Loading the same file again changes nothing; an empty cell leaves what is there.`

export function importCommand(devices: Command, cli: Cli): void {
  verb(devices, 'import <file>', 'load a CSV file of devices', [
    'netraven devices import devices.csv --site lab --dry-run',
    'netraven devices import devices.csv --site lab',
  ])
    .option('--site <name>', 'site of rows that name none; the only site when there is just one')
    .option('--dry-run', 'judge every line, change nothing')
    .addHelpText('after', COLUMNS)
    .action(
      acting(cli, async (file: string, options: ImportOptions) => {
        const text = await readCsv(file)
        const client = await cli.client()
        const site = options.site ?? (await onlySite(client))
        const query = { dryRun: options.dryRun === true, site }
        const report = await client.send('POST', '/api/devices/import', text, ImportReport, { query, limitMs: 600_000 })
        cli.show(options, report, () => summary(report))
        if (!options.json) for (const line of complaints(file, report)) cli.terminal.err(line)
        return report.wrong > 0 ? EXIT.failed : undefined
      }),
    )
}

/** UTF-8 alone: a file in another encoding would load with wrong names. */
async function readCsv(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file))
  } catch (cause) {
    if (cause instanceof TypeError)
      throw new Failure('CSV_INVALID', { file, reason: 'the file is not UTF-8 text' }, { cause })
    const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new Failure('USAGE', { file, reason: `the file cannot be read (${errno})` }, { cause })
  }
}

function summary(report: ImportReport): string {
  const { added, updated, unchanged, wrong, credentials, tags } = report
  const lines = [
    `${report.dryRun ? 'Nothing was changed. It would be: ' : ''}${count(added, 'device')} added, ${updated} updated, ${unchanged} unchanged, ${wrong} wrong.`,
  ]
  if (credentials.length > 0) lines.push(`Credentials made: ${credentials.join(', ')}`)
  if (tags.length > 0) lines.push(`Kept as tags: ${tags.join(', ')}`)
  if (!report.dryRun && added + updated > 0) lines.push('Back them up with: netraven backup run --all --wait')
  return lines.join('\n')
}

/** One line for each problem, as compilers print them: an editor can jump there. */
function complaints(file: string, report: ImportReport): string[] {
  const lines = report.rows.flatMap(({ line, name, problems }) =>
    problems.map((problem) => `${file}:${line}: ${name === '' ? '' : `${name}: `}${problem}`),
  )
  if (report.wrong === 0) return lines
  const loaded = report.dryRun ? 'the good ones would load' : 'the good ones are loaded'
  return [
    ...lines,
    `CSV file is invalid [CSV_INVALID]: ${count(report.wrong, 'line')} to correct; ${loaded}, and loading them again does no harm.`,
  ]
}
