/** Lists come in pages; a cursor from one answer asks for the next. */
import { z } from 'zod'

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'At most so many rows' }),
  cursor: z
    .string()
    .max(500)
    .optional()
    .meta({ description: '`nextCursor` of the page before; absent: from the start' }),
})
export type PageQuery = z.infer<typeof PageQuery>

/** @param item schema of one row */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    /** null: this was the last page. */
    nextCursor: z.string().nullable(),
  })
}
