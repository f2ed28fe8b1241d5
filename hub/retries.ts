/**
 * Which reads are tried again without anybody asking, and after how long. It is for a device that was there but too busy to answer,
 * and only once: what is wrong with the way, the login or the settings does not pass by itself in a minute.
 *
 * Every code that may be tried again says so in the table of failures (`retry`); this is the smaller set where the hub does it.
 */
import { type FailureWire, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import { type Rung, rungOf } from '@netraven/protocol/ladder.ts'

export interface RetryPolicy {
  /** Shortest pause, ms; the longest is twice that. 0: nothing is tried again. */
  readonly afterMs: number
  /** From 0 up to 1. */
  readonly random: () => number
}

/** A read that failed, as its agent told it. */
export interface FailedRead {
  readonly failure: FailureWire
  /** How many tries of the same task failed before. */
  readonly earlierTries: number
  /** Whether the device refused a login on the way. */
  readonly wasRefused: boolean
}

const MAX_RETRIES = 1

/** Too Many Requests (RFC 6585, section 4) and Service Unavailable (RFC 9110, section 15.6.4). */
const BUSY_STATUSES: ReadonlySet<unknown> = new Set([429, 503])

/**
 * How a busy device fails. `DEVICE_COMMAND_TIMEOUT`: it fell silent, or was still talking when the time was up. `BANNER_TIMEOUT`: its
 * network took the connection, but what should answer did not, or all its login lines are taken. `HTTP_STATUS`: it says so itself.
 *
 * Not `TCP_TIMEOUT`, `NO_ROUTE`, `PORT_REFUSED`, `DNS_FAILED`, `JUMP_HOST_FAILED`: a segment that is down would be asked twice, and
 * each silent address costs the whole connect timeout. Not `TASK_DEADLINE`: the device had all the time that a task may take. Not
 * `CHANNEL_REFUSED` and `CONNECTION_LOST`: a missing right and a bad line look just like that.
 */
const OVERLOADED: Readonly<Record<string, (details: FailureWire['details']) => boolean>> = {
  DEVICE_COMMAND_TIMEOUT: () => true,
  BANNER_TIMEOUT: () => true,
  HTTP_STATUS: ({ status }) => BUSY_STATUSES.has(status),
}

/** Here a secret may lie with the device unjudged: giving it once more could be the wrong one too many. */
const AT_THE_DOOR: ReadonlySet<Rung | undefined> = new Set(['login', 'enable'] as const)

/**
 * How long to wait before a failed read is tried again, ms; null: it has failed for good. The pause is `afterMs` and up to as much
 * again by chance, so that devices which failed together do not come back together.
 */
export function retryDelayMs(
  { failure, earlierTries, wasRefused }: FailedRead,
  { afterMs, random }: RetryPolicy,
): number | null {
  const { code, details } = failure
  if (afterMs === 0 || earlierTries >= MAX_RETRIES || wasRefused) return null
  if (!isFailureCode(code) || failures[code].retry === 'never') return null
  if (!Object.hasOwn(OVERLOADED, code) || !OVERLOADED[code]?.(details) || AT_THE_DOOR.has(rungOf(failure))) return null
  return Math.round(afterMs + random() * afterMs)
}
