/**
 * What an agent signs about a read: anyone with its public key can check a stored version, without trusting the hub's
 * database. Plain lines, so that a verifier can be written in an afternoon.
 */
import { z } from 'zod'

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
/** 64 bytes in base64url; the last character carries two bits, so one signature has one spelling. */
export const Signature = z.string().regex(/^[A-Za-z0-9_-]{85}[AQgw]$/)

export interface Statement {
  readonly device: string
  readonly task: string
  readonly attempt: number
  readonly contentHash: string
  readonly fingerprint: string
  readonly sizeBytes: number
  readonly verdict: 'complete' | 'suspect'
  readonly capturedAtMs: number
}

/** The signed bytes: nine lines of ASCII, each ended by a line feed. */
export function statementBytes(statement: Statement): Buffer {
  return Buffer.from(
    [
      'netraven statement 1',
      `device ${statement.device}`,
      `task ${statement.task}`,
      `attempt ${statement.attempt}`,
      `content ${statement.contentHash}`,
      `fingerprint ${statement.fingerprint}`,
      `size ${statement.sizeBytes}`,
      `verdict ${statement.verdict}`,
      `captured ${new Date(statement.capturedAtMs).toISOString()}`,
      '',
    ].join('\n'),
  )
}
