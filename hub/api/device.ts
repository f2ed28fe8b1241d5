/** One box. */
import { isIP } from 'node:net'
import { isHostName } from '@netraven/protocol/address.ts'
import { DeviceOptions } from '@netraven/protocol/claim.ts'
import { Transport } from '@netraven/protocol/transport.ts'
import { z } from 'zod'
import { Id, IdOrName, Name, Time } from './fields.ts'

/** IPv4, IPv6, or a host name (RFC 1123, and the underscores that people use). */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 || isHostName(text)
}

export const Address = z.string().trim().refine(isAddress, 'must be an IP address or a host name')

export const Port = z.number().int().min(1).max(65_535)

const HostKey = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'must be SHA256: and 43 characters, as ssh-keygen -l prints it')

const TagName = z.string().trim().min(1).max(60)
const Tags = z.record(TagName, z.string().max(500))

/** Two are tried in one run: the first two of those that the device has not refused the last time. */
const Credentials = z.array(IdOrName).max(8)

/** How a credential did at a device. */
export const DeviceLogin = z.object({
  credential: z.string(),
  /** Moving average of 1 for a login and 0 for a refusal, the newest a tenth of it; null: never tried. */
  successRate: z.number().nullable(),
  lastSucceededAt: Time.nullable(),
  lastRefusedAt: Time.nullable(),
})
export type DeviceLogin = z.infer<typeof DeviceLogin>

export const NewDevice = z.object({
  name: Name,
  address: Address,
  /** Absent: the usual one of the transport. */
  port: Port.optional(),
  /** A driver's name or one of its aliases. */
  driver: z.string().trim().min(1).max(60),
  /** Way in; absent: the driver's usual one. */
  transport: Transport.optional(),
  site: IdOrName,
  /** Absent: none yet. */
  credential: IdOrName.optional(),
  /** Several, in the order in which they are tried; instead of `credential`. */
  credentials: Credentials.optional(),
  /** Device that is passed on the way to this one, by SSH. Absent: the agent reaches it. */
  via: IdOrName.optional(),
  group: Name.optional(),
  tags: Tags.default({}),
  options: DeviceOptions.default({}),
  secrets: z.enum(['keep', 'strip']).default('keep'),
  /** Pinned at once instead of at first use. */
  hostKey: HostKey.optional(),
})
export type NewDevice = z.input<typeof NewDevice>

type OptionFields = typeof DeviceOptions.shape
const clearable = Object.fromEntries(
  Object.entries(DeviceOptions.shape).map(([name, schema]) => [name, schema.nullable()]),
) as { [Option in keyof OptionFields]: z.ZodNullable<OptionFields[Option]> }

export const NewOwner = z.object({
  /** Id or user name; null: nobody's. */
  owner: IdOrName.nullable(),
})

export const HostKeyPin = z.object({ hostKey: HostKey })

export const DeviceHostKey = z.object({
  device: z.string(),
  /** null: the next one seen is pinned. */
  pinned: z.string().nullable(),
  /** Another one that it showed the last time, so that it was not read; null: none. */
  offered: z.string().nullable(),
})
export type DeviceHostKey = z.infer<typeof DeviceHostKey>

/** What is absent stays; null takes away. */
export const DeviceChange = z
  .object({
    name: Name,
    address: Address,
    port: Port,
    driver: z.string().trim().min(1).max(60),
    /** With it the port changes too, if it was the usual one and none is given. */
    transport: Transport,
    site: IdOrName,
    /** Alone: the others go. */
    credential: IdOrName.nullable(),
    /** Several, in the order in which they are tried; instead of `credential`. Ends the pause after a refused login. */
    credentials: Credentials,
    /** null: the agent reaches it. */
    via: IdOrName.nullable(),
    group: Name.nullable(),
    /** Named tags alone change. */
    tags: z.record(TagName, z.string().max(500).nullable()),
    /** Named options alone change. */
    options: z.object(clearable).partial(),
    secrets: z.enum(['keep', 'strip']),
    /** null: pin the next one seen. */
    hostKey: HostKey.nullable(),
  })
  .partial()
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change')
export type DeviceChange = z.infer<typeof DeviceChange>

export const Device = z.object({
  id: Id,
  name: z.string(),
  address: z.string(),
  /** What the name in `address` meant at the last read or test that looked it up; null: none has, or it is an address itself. */
  resolved: z.object({ address: z.string(), at: Time }).nullable(),
  port: z.number().int(),
  driver: z.string(),
  transport: Transport,
  site: z.string(),
  /** The first. */
  credential: z.string().nullable(),
  /** All, in the order in which they are tried. */
  credentials: z.array(z.string()),
  logins: z.array(DeviceLogin),
  /** The device refused its credentials; nobody logs in before `until`. Null: it does not rest. */
  coolDown: z.object({ until: Time, failures: z.number().int(), code: z.string() }).nullable(),
  /** Name of the device that is passed on the way to this one. */
  via: z.string().nullable(),
  /** User name; null: nobody's, or somebody who is not for the caller to see. Absent: an older hub. */
  owner: z.string().nullable().optional(),
  /** What the caller may do with it: see it; back it up and test it; change it. Absent: an older hub. */
  access: z.enum(['read', 'operate', 'manage']).optional(),
  group: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  options: DeviceOptions,
  secrets: z.enum(['keep', 'strip']),
  hostKey: z.string().nullable(),
  createdAt: Time,
  /** Newest good version. */
  latestBackup: Id.nullable(),
  lastReadAt: Time.nullable(),
  /** Why the last task failed; null: it did not. */
  lastFailure: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type Device = z.infer<typeof Device>

export const DeviceQuery = z.object({
  site: IdOrName.optional(),
  group: z.string().optional(),
  driver: z.string().optional(),
  tag: z.string().max(600).optional().meta({ description: '`key=value`, or `key` whatever its value' }),
  owner: z.enum(['me', 'none']).optional().meta({ description: 'Those of the caller, or of nobody' }),
})
export type DeviceQuery = z.infer<typeof DeviceQuery>

export const ImportRow = z.object({
  /** Line of the file where the row begins; the header is line 1. */
  line: z.number().int(),
  name: z.string(),
  outcome: z.enum(['added', 'updated', 'unchanged', 'wrong']),
  /** What is wrong with it, all of it, in words. */
  problems: z.array(z.string()),
})
export type ImportRow = z.infer<typeof ImportRow>

export const ImportReport = z.object({
  dryRun: z.boolean(),
  added: z.number().int(),
  updated: z.number().int(),
  unchanged: z.number().int(),
  wrong: z.number().int(),
  /** Names of credentials that were made for user names and passwords in the file. */
  credentials: z.array(z.string()),
  /** Columns that are kept as tags. */
  tags: z.array(z.string()),
  rows: z.array(ImportRow),
})
export type ImportReport = z.infer<typeof ImportReport>
