/** One request over many devices, and what became of each. */
import { Rung } from '@netraven/protocol/ladder.ts'
import { z } from 'zod'
import { Id, IdOrName, Time } from './fields.ts'

/** Exactly one of the three. */
export const NewRun = z
  .object({
    all: z.literal(true).optional(),
    site: IdOrName.optional(),
    devices: z.array(IdOrName).min(1).max(10_000).optional(),
  })
  .refine(
    ({ all, site, devices }) => [all, site, devices].filter((choice) => choice !== undefined).length === 1,
    'give exactly one of all, site and devices',
  )
export type NewRun = z.infer<typeof NewRun>

export const RunFailure = z.object({
  device: z.string(),
  /** Absent: an older hub. */
  site: z.string().optional(),
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
  remedies: z.array(z.string()),
})
export type RunFailure = z.infer<typeof RunFailure>

/** Many devices of one site failed on the same low rung: suspect what lies between agent and devices. */
export const Outage = z.object({
  site: z.string(),
  rung: Rung,
  failed: z.number().int(),
  /** Devices of the site in this run. */
  total: z.number().int(),
})
export type Outage = z.infer<typeof Outage>

/** Tasks that failed because their device was too busy, and wait to be tried again. */
export const Retrying = z.object({
  tasks: z.number().int(),
  /** Until the first of them, by the clock of the database. */
  inSeconds: z.number(),
})
export type Retrying = z.infer<typeof Retrying>

export const Run = z.object({
  id: Id,
  requestedBy: z.string(),
  state: z.enum(['running', 'finished']),
  createdAt: Time,
  deadlineAt: Time,
  finishedAt: Time.nullable(),
  /** From the request to the end, or until now. */
  seconds: z.number(),
  total: z.number().int(),
  queued: z.number().int(),
  /** Of the queued. Absent: none waits for that. */
  retrying: Retrying.optional(),
  leased: z.number().int(),
  /** changed + unchanged + suspect. */
  succeeded: z.number().int(),
  changed: z.number().int(),
  unchanged: z.number().int(),
  suspect: z.number().int(),
  /** Failed or cancelled. */
  failed: z.number().int(),
  /** The first thousand, by device. */
  failures: z.array(RunFailure),
  /** Sites of waiting devices where no agent is online. */
  sitesWithoutAgent: z.array(z.string()),
  /** Absent: none is suspected. */
  outages: z.array(Outage).optional(),
})
export type Run = z.infer<typeof Run>

export const StartedRun = Run.extend({
  /** Devices that were left out because another run is reading them already. */
  skipped: z.number().int(),
})
export type StartedRun = z.infer<typeof StartedRun>

export const RunSummary = Run.omit({ failures: true, sitesWithoutAgent: true, outages: true })
export type RunSummary = z.infer<typeof RunSummary>

export const RunQuery = z.object({
  state: z.enum(['running', 'finished']).optional(),
  requestedBy: z.string().min(1).max(255).optional().meta({ description: 'Name of a user, or of a schedule' }),
  since: Time.optional().meta({ description: 'Begun then or later' }),
  until: Time.optional().meta({ description: 'Begun before' }),
})
export type RunQuery = z.infer<typeof RunQuery>

export const Task = z.object({
  id: Id,
  device: z.string(),
  site: z.string(),
  state: z.enum(['queued', 'leased', 'succeeded', 'failed', 'cancelled']),
  attempt: z.number().int(),
  agent: z.string().nullable(),
  queuedAt: Time,
  /** Nobody takes it before: it failed, and is tried again then. */
  notBefore: Time.nullable(),
  /** Tries that failed and were followed by another, or will be; oldest first. */
  earlierTries: z.array(
    RunFailure.pick({ code: true, message: true, details: true }).extend({ attempt: z.number().int() }),
  ),
  leasedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  outcome: z.enum(['changed', 'unchanged', 'suspect']).nullable(),
  backup: Id.nullable(),
  durationMs: z.number().int().nullable(),
  failure: RunFailure.omit({ device: true, site: true }).nullable(),
})
export type Task = z.infer<typeof Task>
