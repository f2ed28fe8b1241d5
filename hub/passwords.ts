/** Passwords as argon2id hashes (RFC 9106), computed off the event loop, few at a time. */

import { Failure } from '@netraven/protocol/failure.ts'
import { hash, verify } from '@node-rs/argon2'

/** OWASP's choice for argon2id: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** A hash that no password has: checking against it costs an unknown user as much time as a known one. */
export const NOBODYS_HASH = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** @returns the hash in PHC format, with its salt and parameters */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST)
}

/** @param stored in PHC format */
export function isPassword(stored: string, password: string): Promise<boolean> {
  return verify(stored, password)
}

/** The same two, as many at a time as leave threads to everything else. */
export interface Passwords {
  /** @throws Failure LOGIN_BUSY */
  hash(password: string): Promise<string>
  /** @throws Failure LOGIN_BUSY */
  matches(stored: string, password: string): Promise<boolean>
}

export interface PasswordLimits {
  /** Each takes a core, one of libuv's four threads, and 19 MiB for some 20 ms. */
  readonly atOnce?: number
  /** More than so many are sent away rather than piled up. */
  readonly waiting?: number
  readonly work?: { hash: typeof hashPassword; matches: typeof isPassword }
}

export function openPasswords(limits: PasswordLimits = {}): Passwords {
  const { atOnce = 2, waiting = 100, work = { hash: hashPassword, matches: isPassword } } = limits
  const queue: (() => void)[] = []
  let running = 0

  const inTurn = async <T>(task: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (queue.length >= waiting) throw new Failure('LOGIN_BUSY', { retryAfterSeconds: 2 })
      await new Promise<void>((resolve) => queue.push(resolve))
    } else running += 1
    try {
      return await task()
    } finally {
      const next = queue.shift()
      if (next) next()
      else running -= 1
    }
  }

  return {
    hash: (password) => inTurn(() => work.hash(password)),
    matches: (stored, password) => inTurn(() => work.matches(stored, password)),
  }
}
