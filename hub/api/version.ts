/** Which hub this is. */
import { z } from 'zod'

export const Version = z.object({
  version: z.string().meta({ description: 'Of the software of this hub', example: '0.1.0' }),
  schemaVersion: z.string().nullable().meta({
    description: 'The last step of the schema that this software knows; the database has it, or it is not ready',
  }),
  protocolVersion: z.number().int().meta({ description: 'Of what agents and hub say to each other' }),
  oldestProtocolVersion: z.number().int().meta({ description: 'The oldest that an agent may speak' }),
  node: z.string().meta({ description: 'Version of Node.js', example: 'v24.21.0' }),
})
export type Version = z.infer<typeof Version>
