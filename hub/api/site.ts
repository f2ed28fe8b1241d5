/** A network that an agent can reach. */
import { z } from 'zod'
import { Id, Name, Time } from './fields.ts'

export const NewSite = z.object({ name: Name })
export type NewSite = z.infer<typeof NewSite>

export const SiteChange = z.object({ name: Name })

export const Site = z.object({
  id: Id,
  name: z.string(),
  devices: z.number().int(),
  /** Not counting revoked ones. */
  agents: z.number().int(),
  agentsOnline: z.number().int(),
  createdAt: Time,
})
export type Site = z.infer<typeof Site>
