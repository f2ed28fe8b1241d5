import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { Verification } from '../api/backup.ts'
import { chosen, newest } from './backup-choice.ts'
import type { Client } from './client.ts'
import { acting, type Cli, inPath, type JsonOption, verb } from './command.ts'
import { EXIT, steps } from './failure-text.ts'
import { count } from './table.ts'

interface VerifyOptions extends JsonOption {
  readonly device?: string
  readonly all?: boolean
}

export function verifyCommand(backup: Command, cli: Cli): void {
  verb(backup, 'verify [ids...]', "check stored texts against their hashes and their agents' signatures", [
    'netraven backup verify ID',
    'netraven backup verify --device sw1',
    'netraven backup verify --all',
  ])
    .option('--device <name>', 'the version of this device that was seen last')
    .option('--all', 'the newest good version of every device')
    .action(
      acting(cli, async (ids: string[], options: VerifyOptions) => {
        const client = await cli.client()
        const found: Verification[] = []
        for (const id of await idsOf(client, ids, options)) {
          const one = await client.send('POST', `/api/backups/${inPath(id)}/verify`, {}, Verification)
          found.push(one)
          if (!options.json) cli.terminal.out(lineOf(one))
        }
        const failed = found.filter((one) => !one.verified)
        const result = { verified: found.length - failed.length, failed: failed.length, backups: found }
        cli.show(options, result, () => `${result.verified} of ${count(found.length, 'version')} verified.`)
        if (!options.json) for (const one of failed) cli.terminal.err(problemText(one))
        return failed.length > 0 ? EXIT.failed : undefined
      }),
    )
}

async function idsOf(client: Client, ids: readonly string[], { device, all }: VerifyOptions): Promise<string[]> {
  if ([ids.length > 0, device !== undefined, all === true].filter(Boolean).length !== 1) {
    throw new Failure('USAGE', { reason: 'give ids, --device or --all' })
  }
  if (ids.length > 0) return [...ids]
  if (device !== undefined) return [(await chosen(client, undefined, device)).id]
  return (await newest(client, Number.POSITIVE_INFINITY, { latest: true })).map((one) => one.id)
}

function lineOf(one: Verification): string {
  const signed = one.signatureValid ? `signed by agent ${one.agent}` : 'signature WRONG'
  return `${one.verified ? 'ok  ' : 'BAD '} ${one.backup}  ${one.device}  sha256 ${one.actualHash ?? 'unreadable'}  ${signed}`
}

function problemText(one: Verification): string {
  return one.problems
    .flatMap(({ code, message, remedies }) => [`${one.device}: ${message} [${code}]`, ...steps(remedies)])
    .join('\n')
}
