/** Roles: named sets of scopes. */
import { z } from 'zod'
import { Name } from './fields.ts'
import { GrantedScope } from './session.ts'

const About = z.string().trim().max(500).meta({ description: 'What it is for, one line' })
const Scopes = z.array(GrantedScope).max(200)

export const NewRole = z.object({
  name: Name.toLowerCase().meta({ description: 'Kept in lower case; it can not be changed later' }),
  about: About.default(''),
  scopes: Scopes,
})
export type NewRole = z.infer<typeof NewRole>

export const RoleChange = z
  .object({ about: About, scopes: Scopes })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'nothing to change')
export type RoleChange = z.infer<typeof RoleChange>

export const Role = z.object({
  name: z.string(),
  about: z.string(),
  scopes: z.array(z.string()),
  isBuiltIn: z.boolean().meta({ description: 'Comes with the hub and can not be changed' }),
  users: z.number().int().meta({ description: 'Users who have it themselves' }),
  groups: z.number().int().meta({ description: 'Groups that give it to their members' }),
})
export type Role = z.infer<typeof Role>
