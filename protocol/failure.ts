/**
 * Everything that can go wrong in a way we know, in one closed table. A failure has a code, the exact message that a
 * person sees (the guide's words where the guide has any), whether trying again may help, what causes it and what to do.
 * The table's rooms are under `failures/`; `netraven explain CODE` and deploy/TROUBLESHOOTING.md are made from it.
 */

import { z } from 'zod'
import { accessFailures } from './failures/access.ts'
import { accountsFailures } from './failures/accounts.ts'
import { databaseFailures } from './failures/database.ts'
import { deviceFailures } from './failures/device.ts'
import { diagnosticsFailures } from './failures/diagnostics.ts'
import { driversFailures } from './failures/drivers.ts'
import { enrollmentFailures } from './failures/enrollment.ts'
import type { FailureEntry } from './failures/entry.ts'
import { envelopeFailures } from './failures/envelope.ts'
import { factorsFailures } from './failures/factors.ts'
import { hubFailures } from './failures/hub.ts'
import { keysFailures } from './failures/keys.ts'
import { limitsFailures } from './failures/limits.ts'
import { linkFailures } from './failures/link.ts'
import { loginFailures } from './failures/login.ts'
import { policyFailures } from './failures/policy.ts'
import { readingFailures } from './failures/reading.ts'
import { requestsFailures } from './failures/requests.ts'
import { storageFailures } from './failures/storage.ts'
import { plainDetails, plainLine } from './plain.ts'

export type { FailureEntry } from './failures/entry.ts'

export const failures = {
  ...accessFailures,
  ...accountsFailures,
  ...databaseFailures,
  ...deviceFailures,
  ...diagnosticsFailures,
  ...driversFailures,
  ...enrollmentFailures,
  ...envelopeFailures,
  ...factorsFailures,
  ...hubFailures,
  ...keysFailures,
  ...limitsFailures,
  ...linkFailures,
  ...loginFailures,
  ...policyFailures,
  ...readingFailures,
  ...requestsFailures,
  ...storageFailures,
} as const satisfies Record<string, FailureEntry>

export type FailureCode = keyof typeof failures

/** Names in the details of a failure are free; values are safe to show: never a credential, never configuration text. */
export type FailureDetails = Readonly<Record<string, unknown>>

/** How a failure crosses the wire. Unknown codes of a newer side are kept as `INTERNAL` with the code in the details. */
export const FailureWire = z.object({
  code: plainLine(64),
  details: z.record(z.string(), z.unknown()).overwrite(plainDetails).default({}),
})
export type FailureWire = z.infer<typeof FailureWire>

/** A known way not to succeed. Safe to show and to send: it never holds a secret. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  readonly details: FailureDetails

  /** @param details facts of this case, such as `{ address, port, elapsedMs }` */
  constructor(code: FailureCode, details: FailureDetails = {}, options?: { cause?: unknown }) {
    super(failures[code].message, options)
    this.code = code
    this.details = details
  }

  get entry(): FailureEntry {
    return failures[this.code]
  }

  /** One line for a log or a terminal: message, code, and the short details. */
  get line(): string {
    const facts = Object.entries(this.details)
      .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
      .map(([name, value]) => `${name} ${value}`)
    return `${this.message} [${this.code}]${facts.length > 0 ? `: ${facts.join(', ')}` : ''}`
  }

  toJSON(): FailureWire {
    return { code: this.code, details: { ...this.details } }
  }

  /** Reads a failure that crossed the wire. */
  static fromWire(wire: FailureWire): Failure {
    if (isFailureCode(wire.code)) return new Failure(wire.code, wire.details)
    return new Failure('INTERNAL', { ...wire.details, reported: wire.code })
  }
}

export function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failures, code)
}

/** The remedies of a failure with `{detail}` filled in from this case; a step whose detail is missing keeps its name. */
export function remediesOf(failure: Pick<Failure, 'code' | 'details'>): string[] {
  const entry: FailureEntry = failures[failure.code]
  return entry.remedies.map((step) =>
    step.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = failure.details[name]
      return value === undefined || typeof value === 'object' ? whole : String(value)
    }),
  )
}
