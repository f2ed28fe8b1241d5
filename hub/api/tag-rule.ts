/** Rules that tag devices. */
import { z } from 'zod'
import { Id, IdOrName, Name, Time } from './fields.ts'
import { TagKey, TagValue } from './tag.ts'

const Match = z
  .object({
    site: IdOrName.optional(),
    driver: z.string().trim().min(1).max(60).optional().meta({ description: "A driver's name or one of its aliases" }),
    group: Name.optional(),
    name: z.string().trim().min(1).max(120).optional().meta({ description: 'Name with * for any letters, ? for one' }),
    address: z.string().trim().max(50).optional().meta({ description: 'Range such as 10.0.0.0/8, or an address' }),
  })
  .refine((match) => Object.values(match).some((one) => one !== undefined), 'say what devices it is for')

const SetTags = z
  .record(TagKey, TagValue)
  .refine((tags) => Object.keys(tags).length > 0 && Object.keys(tags).length <= 50, 'must be 1 to 50 tags')

export const NewTagRule = z.object({
  name: Name,
  priority: z
    .number()
    .int()
    .min(-1000)
    .max(1000)
    .default(0)
    .meta({ description: 'Of two rules for one tag the higher wins' }),
  match: Match.meta({ description: 'Every part that is given must fit' }),
  tags: SetTags.meta({ description: 'What is set, over what people set' }),
})
export type NewTagRule = z.output<typeof NewTagRule>

export const TagRuleChange = z
  .object({ name: Name, priority: z.number().int().min(-1000).max(1000), match: Match, tags: SetTags })
  .partial()
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change')
export type TagRuleChange = z.output<typeof TagRuleChange>

export const TagRuleTrial = z.object({ match: Match, tags: SetTags })

export const TagRule = z.object({
  id: Id,
  name: z.string(),
  priority: z.number().int(),
  match: z.object({
    site: z.string().optional(),
    driver: z.string().optional(),
    group: z.string().optional(),
    name: z.string().optional(),
    address: z.string().optional(),
  }),
  tags: z.record(z.string(), z.string()),
  createdBy: z.string(),
  createdAt: Time,
  updatedAt: Time,
})
export type TagRule = z.infer<typeof TagRule>

export const TagRuleEffect = z.object({
  changed: z.number().int(),
  /** The first thousand, by name. */
  devices: z.array(
    z.object({
      device: z.string(),
      before: z.record(z.string(), z.string()),
      after: z.record(z.string(), z.string()),
    }),
  ),
})
export type TagRuleEffect = z.infer<typeof TagRuleEffect>
