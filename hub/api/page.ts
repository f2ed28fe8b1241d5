/** Lists come in pages; a cursor from one answer asks for the next. */
import { z } from 'zod'

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'At most so many rows' }),
  cursor: z
    .string()
    .max(2000)
    .optional()
    .meta({ description: '`nextCursor` of the page before; absent: from the start' }),
})
export type PageQuery = z.infer<typeof PageQuery>

/** @param keys what a list can be sorted by; the first is the usual one */
export function sortQuery(...keys: readonly [string, ...string[]]) {
  const usual = keys[0]
  return z
    .string()
    .max(200)
    .regex(/^-?\w+(?:,-?\w+)*$/, 'must be names with commas between them, each with a minus for the other direction')
    .optional()
    .meta({
      description: `Order: of ${keys.map((key) => `\`${key}\``).join(', ')}, with commas between them and a minus for the other direction. Absent: \`${usual}\``,
      example: usual,
    })
}

/** @param item schema of one row */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    /** null: this was the last page. */
    nextCursor: z.string().nullable(),
  })
}
