/** Tags of devices. */
import { z } from 'zod'
import { ErrorBody } from './error.ts'
import { Id, IdOrName, Time } from './fields.ts'
import { PageQuery } from './page.ts'

export const TagKey = z.string().trim().min(1).max(60)
export const TagValue = z.string().max(500)

const Colour = z.string().regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as #1a7f37')

export const NewTag = z.object({
  key: TagKey.regex(/^[^=]+$/, 'must not have an equals sign'),
  value: TagValue.optional().meta({ description: 'Absent: the tag whatever its value' }),
  colour: Colour.optional(),
  description: z.string().max(500).default(''),
})
export type NewTag = z.output<typeof NewTag>

export const TagChange = z
  .object({ colour: Colour.nullable(), description: z.string().max(500) })
  .partial()
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change')
export type TagChange = z.output<typeof TagChange>

export const TagQuery = PageQuery.extend({
  key: z.string().max(60).optional().meta({ description: 'Only tags of this key' }),
})

export const Tag = z.object({
  /** null: devices carry it, and nobody described it; its name stands for it in a path. */
  id: Id.nullable(),
  /** `key=value`, or `key`. */
  name: z.string(),
  key: z.string(),
  /** null: the tag whatever its value. */
  value: z.string().nullable(),
  colour: z.string().nullable(),
  description: z.string(),
  /** Of those that the caller may see. */
  devices: z.number().int(),
  createdBy: z.string().nullable(),
  createdAt: Time.nullable(),
})
export type Tag = z.infer<typeof Tag>

const devices = z.array(IdOrName).min(1).max(10_000)

export const AssignTags = z.object({
  tags: z.record(TagKey, TagValue).refine((tags) => Object.keys(tags).length > 0, 'names no tag'),
  devices,
})

export const UnassignTags = z.object({
  tags: z
    .array(z.string().min(1).max(600))
    .min(1)
    .max(50)
    .meta({ description: '`key=value`, or `key` whatever its value' }),
  devices,
})

export const TaggedDevice = z.object({
  device: z.string(),
  outcome: z.enum(['changed', 'unchanged', 'refused']),
  error: ErrorBody.nullable(),
})
export type TaggedDevice = z.infer<typeof TaggedDevice>

/** What became of each device, in the order of the question. */
export const TaggedDevices = z.object({
  changed: z.number().int(),
  refused: z.number().int(),
  items: z.array(TaggedDevice),
})
export type TaggedDevices = z.infer<typeof TaggedDevices>

export const TagRemoval = z.object({
  /** Devices that no longer carry it. */
  devices: z.number().int(),
})
