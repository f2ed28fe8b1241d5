/** What a hub refuses, and how long that is waited for. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { ErrorEnvelope } from '../api/error.ts'

const BUSY_PATIENCE_MS = 10_000
/** A whole window of a limit a minute, and what its end is spread over. */
const LIMIT_PATIENCE_MS = 70_000
const MAX_PAUSE_MS = 30_000

/** What the hub said about a failure, for showing it in the hub's own words: it may be newer than this command. */
export class Refused {
  readonly error: ErrorEnvelope['error']
  readonly status: number

  constructor(error: ErrorEnvelope['error'], status: number) {
    this.error = error
    this.status = status
  }
}

/** With Retry-After. */
export class Busy extends Refused {
  readonly retryAfterSeconds: number

  constructor({ error, status }: Refused, retryAfterSeconds: number) {
    super(error, status)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** @returns ms to wait before the next try; undefined when there is none */
export function pauseAfter(error: unknown, tries: number, elapsedMs: number, patienceMs: number): number | undefined {
  if (!(error instanceof Failure)) return undefined
  if (error.code === 'HUB_UNREACHABLE') return elapsedMs < patienceMs ? Math.min(250 * 2 ** tries, 5_000) : undefined
  if (isLimited(error)) return pauseOfLimit(error, elapsedMs)
  const seconds = secondsToWait(error)
  if (seconds === undefined) return undefined
  const pauseMs = Math.min(seconds * 1000, MAX_PAUSE_MS)
  return elapsedMs + pauseMs <= Math.max(patienceMs, BUSY_PATIENCE_MS) ? pauseMs : undefined
}

/** @returns ms to wait until a limit of calls lets this one through; undefined when it isn't one, or lasts too long */
export function pauseOfLimit(error: unknown, elapsedMs: number): number | undefined {
  const seconds = isLimited(error) ? secondsToWait(error) : undefined
  if (seconds === undefined || elapsedMs + seconds * 1000 > LIMIT_PATIENCE_MS) return undefined
  // At least a moment: a hub that says 0 is not asked without a pause.
  return Math.max(seconds * 1000, 250)
}

/** Whether it was refused because its sender asked too often: then the hub did nothing about it. */
export function isLimited(error: unknown): boolean {
  return error instanceof Failure && error.code.startsWith('RATE_LIMITED_')
}

function secondsToWait(error: unknown): number | undefined {
  return error instanceof Failure && error.cause instanceof Busy ? error.cause.retryAfterSeconds : undefined
}
