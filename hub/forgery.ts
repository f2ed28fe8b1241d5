/** Whether what a report says was really said by its agent. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { VerifyKey } from '@netraven/protocol/keys.ts'
import type { Report } from '@netraven/protocol/report.ts'
import { statementBytes } from '@netraven/protocol/statement.ts'
import { areSigned } from './artifacts.ts'

export interface Reporter {
  readonly id: string
  readonly key: VerifyKey
}

/** Why a report's signature does not hold; undefined when it does, or when there is nothing signed in it. */
export function forgery(agent: Reporter, report: Report): Failure | undefined {
  const { outcome } = report
  if (!areSigned(agent.key, report)) return new Failure('STATEMENT_INVALID', { task: report.task })
  if (outcome.kind !== 'read') return undefined
  const statement = statementBytes({
    device: report.device,
    task: report.task,
    attempt: report.attempt,
    contentHash: outcome.contentHash,
    fingerprint: outcome.fingerprint ?? outcome.contentHash,
    sizeBytes: outcome.sizeBytes,
    verdict: outcome.verdict,
    capturedAtMs: report.capturedAtMs,
  })
  if (agent.key.verify(statement, Buffer.from(outcome.signature, 'base64url'))) return undefined
  return new Failure('STATEMENT_INVALID', { task: report.task })
}
