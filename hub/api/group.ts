/** Groups of users. */
import { z } from 'zod'
import { Id, Name, Time } from './fields.ts'

const About = z.string().trim().max(500).meta({ description: 'What it is for, one line' })
const RoleNames = z.array(Name).max(50).meta({ description: 'Roles that every member has' })

export const NewGroup = z.object({ name: Name, about: About.default(''), roles: RoleNames.default([]) })
export type NewGroup = z.infer<typeof NewGroup>

export const GroupChange = z
  .object({ name: Name, about: About, roles: RoleNames })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'nothing to change')
export type GroupChange = z.infer<typeof GroupChange>

export const Members = z.object({
  members: z.array(z.string().min(1).max(255)).max(10_000).meta({ description: 'All of them, by id or name' }),
})
export type Members = z.infer<typeof Members>

export const Group = z.object({
  id: Id,
  name: z.string(),
  about: z.string(),
  roles: z.array(z.string()),
  memberCount: z.number().int(),
  createdAt: Time,
  updatedAt: Time,
})
export type Group = z.infer<typeof Group>

export const GroupDetail = Group.extend({ members: z.array(z.object({ id: Id, username: z.string() })) })
export type GroupDetail = z.infer<typeof GroupDetail>
