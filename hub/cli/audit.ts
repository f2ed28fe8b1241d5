import { Failure } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { AuditEntry, AuditVerification } from '../api/audit.ts'
import { pageOf } from '../api/page.ts'
import type { AuditProblem } from '../audit-verifier.ts'
import { verifyAuditFile } from './audit-file.ts'
import { acting, type Cli, inPath, type JsonOption, noun, verb } from './command.ts'
import { writeFile } from './export-file.ts'
import { EXIT } from './failure-text.ts'
import { count, facts, table, time } from './table.ts'
import { wholeNumber } from './values.ts'

interface ListOptions extends JsonOption {
  readonly limit: number
  readonly oldest?: boolean
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly request?: string
  readonly since?: string
  readonly until?: string
}

interface ExportOptions extends JsonOption {
  readonly output: string
  readonly since?: string
  readonly until?: string
}

interface VerifyOptions extends JsonOption {
  readonly file?: string
  readonly key?: string
}

const EXPORT_LIMIT_MS = 3_600_000

const VERIFY_HELP = `
Each entry carries the hash of the one before, and the hub signs the newest now and then. An edited, deleted, moved or added entry is
named; so is a log that was cut or written anew, by what the hub signed. Each signature is also in the hub's own log ("audit checkpoint"):
keep those lines elsewhere. With --file no hub is asked; --key then says whose signature counts, instead of believing the file.
Exit code 1 when anything is wrong.`

export function auditCommands(program: Command, cli: Cli): void {
  const audit = noun(program, 'audit', 'who did what, from where and through what')

  verb(audit, 'list', 'list entries, the newest first', [
    'netraven audit list',
    "netraven audit list --actor anna --action 'device removed'",
    'netraven audit list --target sw1 --since 2026-11-01T00:00:00Z --oldest',
  ])
    .option('--actor <name>', 'who did it, name or id')
    .option('--action <words>', "what was done, such as 'device removed'")
    .option('--target <name>', 'what it was done to, name or id')
    .option('--request <id>', 'of one request, as an error shows it')
    .option('--since <moment>', 'not before, such as 2026-11-24T00:00:00Z')
    .option('--until <moment>', 'before')
    .option('--oldest', 'the oldest first')
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1, 100_000), 50)
    .action(
      acting(cli, async (options: ListOptions) => {
        const { limit, actor, action, target, since, until } = options
        const query = { actor, action, target, since, until, requestId: options.request, limit: Math.min(limit, 500) }
        const order = options.oldest ? 'oldest' : 'newest'
        const found: AuditEntry[] = []
        for await (const one of (await cli.client()).items('/api/audit-logs', pageOf(AuditEntry), {
          ...query,
          order,
        })) {
          found.push(one)
          if (found.length >= limit) break
        }
        cli.show(options, { items: found }, () => listText(found, cli.terminal.width))
        return undefined
      }),
    )

  verb(audit, 'show <entry>', 'one entry, by its number or its id', ['netraven audit show 42']).action(
    acting(cli, async (id: string, options: JsonOption) => {
      const entry = await (await cli.client()).get(`/api/audit-logs/${inPath(id)}`, AuditEntry)
      cli.show(options, entry, () => entryText(entry))
      return undefined
    }),
  )

  verb(audit, 'export', 'write the log as lines of JSON that can be verified without the hub', [
    'netraven audit export --output audit.jsonl',
    'netraven audit export --output november.jsonl --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z',
  ])
    .requiredOption('-o, --output <file>', 'file to write')
    .option('--since <moment>', 'entries not before, such as 2026-11-24T00:00:00Z')
    .option('--until <moment>', 'entries before')
    .action(
      acting(cli, async ({ output, since, until, ...options }: ExportOptions) => {
        const asking = { query: { since, until }, limitMs: EXPORT_LIMIT_MS }
        let bytes = 0
        const client = await cli.client()
        async function* counted() {
          for await (const piece of client.stream('/api/audit-logs/export', asking)) {
            bytes += piece.length
            yield piece
          }
        }
        await writeFile(output, counted(), 0o600)
        cli.show(
          options,
          { file: output, bytes },
          () => `Written to ${output}. Check it: netraven audit verify --file ${output}`,
        )
        return undefined
      }),
    )

  verb(audit, 'verify', 'check that nobody touched the log', [
    'netraven audit verify',
    'netraven audit verify --file audit.jsonl',
    'netraven audit verify --file audit.jsonl --key FINGERPRINT',
  ])
    .option('--file <file>', 'check an export instead, without a hub')
    .option('--key <fingerprint>', 'with --file: whose signatures count')
    .addHelpText('after', VERIFY_HELP)
    .action(
      acting(cli, async ({ file, key, ...options }: VerifyOptions) => {
        if (key !== undefined && file === undefined) throw new Failure('USAGE', { reason: '--key goes with --file' })
        const progress = (entries: number, total: number) => {
          if (cli.terminal.canDraw) cli.terminal.stderr.write(`\r${entries} of ${total} entries checked …`)
        }
        const result = file === undefined ? await verifyHub(cli, progress) : await verifyAuditFile(file, key, progress)
        if (cli.terminal.canDraw) cli.terminal.stderr.write('\r\u001B[K')
        cli.show(options, result, () => verdictText(result))
        return result.verified ? undefined : EXIT.failed
      }),
    )
}

type Verdict = Pick<AuditVerification, 'verified' | 'entries' | 'checkpoints' | 'problemCount' | 'signedBy'> & {
  readonly problems: readonly Pick<AuditProblem, 'seq' | 'message'>[]
}

/** Piece by piece, so that no request is long. */
async function verifyHub(cli: Cli, progress: (entries: number, total: number) => void): Promise<Verdict> {
  const client = await cli.client()
  const sum = { entries: 0, checkpoints: 0, problemCount: 0 }
  const problems: Verdict['problems'][number][] = []
  for (let after = 0; ; ) {
    const piece = await client.get('/api/audit-logs/verification', AuditVerification, { query: { after } })
    sum.entries += piece.entries
    sum.checkpoints += piece.checkpoints
    sum.problemCount += piece.problemCount
    problems.push(...piece.problems.slice(0, 100 - problems.length))
    if (piece.done) return { ...sum, problems, verified: sum.problemCount === 0, signedBy: piece.signedBy }
    after = piece.checkedTo
    progress(after, piece.head)
  }
}

function verdictText({ verified, entries, checkpoints, problems, problemCount, signedBy }: Verdict): string {
  const signed = `${count(checkpoints, 'signature')} of the hub right; its keys: ${signedBy.join(', ') || 'none that counts'}.`
  const size = `${entries} ${entries === 1 ? 'entry' : 'entries'} checked, ${signed}`
  if (verified) return `The audit log is whole. ${size}`
  const more = problemCount > problems.length ? [`… and ${problemCount - problems.length} more.`] : []
  return ['The audit log was TOUCHED.', ...problems.map((one) => `  ${one.message}`), ...more, size].join('\n')
}

function listText(found: readonly AuditEntry[], width: number | undefined): string {
  if (found.length === 0) return 'No such entries.'
  const rows = found.map(({ seq, at, actor, action, target }) => [
    seq,
    time(at),
    actor.name,
    actor.address,
    action,
    target && `${target.kind} ${target.name ?? target.id}`,
  ])
  return table(['ENTRY', 'AT', 'WHO', 'FROM', 'WHAT', 'TO'], rows, width)
}

function entryText({ seq, at, id, action, actor, target, before, after, details, prevHash, hash }: AuditEntry): string {
  const json = (value: object | null) => (value && Object.keys(value).length > 0 ? JSON.stringify(value) : null)
  return facts({
    ...{ entry: seq, id, at, action, who: `${actor.name} (${actor.kind})`, from: actor.address, through: actor.via },
    request: actor.requestId,
    target: target && [target.kind, target.name, target.id].filter(Boolean).join(' '),
    before: json(before),
    after: json(after),
    details: json(details),
    'hash before': prevHash,
    hash,
  })
}
