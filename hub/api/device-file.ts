/** Devices as a file: what import takes and export gives, so that one is the other's answer. */
import { z } from 'zod'

const cell = z.string().max(20_000)

/** Judged row by row as a line of CSV is: what is wrong with one does not stop the others. */
export const DeviceFileRow = z.object({
  name: cell,
  address: cell,
  port: z.union([z.number().int(), cell]).optional(),
  driver: cell.meta({ description: 'A driver’s name or one of its aliases' }),
  transport: cell.optional(),
  username: cell.optional().meta({ description: 'With a password this becomes a credential; never exported' }),
  password: cell.optional().meta({ description: 'Never exported' }),
  enable: cell.optional().meta({ description: 'Never exported' }),
  credential: cell.optional().meta({ description: 'Name of a credential, or several with | between them' }),
  site: cell.optional(),
  group: cell.optional(),
  tags: z.record(z.string().min(1).max(60), z.string().max(500)).optional(),
})
export type DeviceFileRow = z.infer<typeof DeviceFileRow>

export const DeviceFile = z.object({ devices: z.array(DeviceFileRow).max(50_000) })
export type DeviceFile = z.infer<typeof DeviceFile>

export const DeviceFileSchema = z.object({
  columns: z.array(
    z.object({
      name: z.string(),
      required: z.boolean(),
      description: z.string(),
      exported: z.boolean().meta({ description: 'Secrets go in and never come out' }),
    }),
  ),
  otherColumns: z.string(),
  delimiters: z.array(z.string()),
  drivers: z.array(z.string()).meta({ description: 'Names that the column `driver` takes, beside their aliases' }),
  json: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of the same as JSON' }),
})
export type DeviceFileSchema = z.infer<typeof DeviceFileSchema>
