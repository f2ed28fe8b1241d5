/** How operating systems are read: built-in drivers, and those that somebody wrote. */
import { RECORDING_MAX } from '@netraven/protocol/claim.ts'
import { DRIVER_FILE_MAX } from '@netraven/protocol/driver-file.ts'
import { Transport } from '@netraven/protocol/transport.ts'
import { z } from 'zod'
import { ErrorBody } from './error.ts'
import { Id, IdOrName, Time } from './fields.ts'

export const DriverRow = z.object({
  name: z.string(),
  title: z.string(),
  aliases: z.array(z.string()),
  /** Ways in, the usual one first. */
  transports: z.array(Transport),
  /** `own`: a version that somebody wrote is in use. */
  origin: z.enum(['builtin', 'own']),
  /** Of an own one; null: built in. */
  version: z.number().int().nullable(),
})
export type DriverRow = z.infer<typeof DriverRow>

export const NewDriver = z
  .object({
    /** The file, YAML or JSON. */
    source: z.string().min(1).max(DRIVER_FILE_MAX),
    /** It is tried on this device. */
    device: IdOrName.optional(),
    /** It is tried on this recording. */
    recording: z.string().min(1).max(RECORDING_MAX).optional(),
    /** It is used without any trial, and its history says so. */
    untried: z.boolean().default(false),
  })
  .refine(
    ({ device, recording, untried }) =>
      [device !== undefined, recording !== undefined, untried].filter(Boolean).length === 1,
    'say how it is to be tried: `device`, `recording`, or `untried: true`; one of the three',
  )
export type NewDriver = z.infer<typeof NewDriver>

export const DriverVersion = z.object({
  id: Id,
  driver: z.string(),
  /** From 1 for each driver. */
  number: z.number().int(),
  /** sha256 of what agents get, hex; tasks are signed with it. */
  digest: z.string(),
  extends: z.string().nullable(),
  /** `draft`: it passed no trial. */
  state: z.enum(['draft', 'usable']),
  /** Devices are read with it. */
  current: z.boolean(),
  tried: z
    .object({ how: z.enum(['device', 'recording', 'untried']), device: z.string().optional(), at: Time })
    .nullable(),
  createdBy: z.string(),
  createdAt: Time,
})
export type DriverVersion = z.infer<typeof DriverVersion>

export const DriverTrial = z.object({
  id: Id,
  driver: z.string(),
  version: z.number().int(),
  state: z.enum(['waiting', 'running', 'passed', 'failed']),
  /** null: a recording. */
  device: z.string().nullable(),
  agent: z.string().nullable(),
  requestedBy: z.string(),
  requestedAt: Time,
  finishedAt: Time.nullable(),
  /** What was read; null: nothing yet, or it failed before. */
  read: z
    .object({
      verdict: z.enum(['complete', 'suspect']),
      reasons: z.array(z.string()),
      sizeBytes: z.number().int(),
      lines: z.number().int(),
      secrets: z.number().int(),
      /** Its beginning, secrets masked. */
      preview: z.string(),
    })
    .nullable(),
  failure: ErrorBody.nullable(),
})
export type DriverTrial = z.infer<typeof DriverTrial>

export const AddedDriver = z.object({
  version: DriverVersion,
  /** null: it is in use without one. */
  trial: DriverTrial.nullable(),
  /** What one should know, in words. */
  notices: z.array(z.string()),
})
export type AddedDriver = z.infer<typeof AddedDriver>

export const DriverDetails = DriverRow.extend({
  /** The file of the version in use, as it was written; null: built in. */
  source: z.string().nullable(),
  /** How many devices have it. */
  devices: z.number().int(),
})
export type DriverDetails = z.infer<typeof DriverDetails>

export const RollBack = z.object({
  /** Absent: the usable one before. */
  version: z.number().int().min(1).optional(),
})

export const RolledBack = z.object({
  driver: z.string(),
  /** null: the built-in driver. */
  version: z.number().int().nullable(),
})
export type RolledBack = z.infer<typeof RolledBack>
