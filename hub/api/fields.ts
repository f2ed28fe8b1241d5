/** Fields that several nouns share. */
import { z } from 'zod'

export const Id = z.uuid()

/** ISO 8601 in UTC. */
export const Time = z.iso.datetime()

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/**
 * A name that people give: one line, trimmed, up to 120 characters. It never begins with a dash, so that it can't be taken for
 * an option, and never looks like an id, so that either may stand in a path.
 */
export const Name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(120, 'must not be longer than 120 characters')
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be one line without control characters')
  .refine((name) => !name.startsWith('-'), 'must not begin with a dash')
  .refine((name) => !UUID.test(name), 'must not look like an id')
  .refine((name) => name !== '.' && name !== '..', 'must not be . or ..')

/** An id or a name, whatever its case; in a path, URL-encoded. */
export const IdOrName = z.string().min(1).max(255).meta({ description: 'Id, or name in any case' })
