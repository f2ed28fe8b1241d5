/** Passwords as argon2id hashes (RFC 9106), computed off the event loop. */
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
