/** Lines that are kept but not compared, or not kept at all. */
import { z } from 'zod'
import { Id, IdOrName, Name, Time } from './fields.ts'

export const NewLinePattern = z
  .object({
    /** `ignore`: a line that fits is kept, but makes no new version. `remove`: it is not kept. */
    kind: z.enum(['ignore', 'remove']),
    /** Regular expression of JavaScript, without flags; tried on each line. */
    pattern: z.string().min(1).max(500),
    /** A driver's name or one of its aliases. */
    driver: z.string().trim().min(1).max(60).optional(),
    group: Name.optional(),
    device: IdOrName.optional(),
  })
  .refine(
    ({ driver, group, device }) => [driver, group, device].filter((one) => one !== undefined).length === 1,
    'say what it is for: `driver`, `group` or `device`; one of the three',
  )
export type NewLinePattern = z.infer<typeof NewLinePattern>

export const LinePattern = z.object({
  id: Id,
  kind: z.enum(['ignore', 'remove']),
  pattern: z.string(),
  driver: z.string().nullable(),
  group: z.string().nullable(),
  device: z.string().nullable(),
  createdBy: z.string(),
  createdAt: Time,
})
export type LinePattern = z.infer<typeof LinePattern>
