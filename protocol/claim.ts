/** The agent asks for work; the hub hands out leased tasks, signed as one batch, each credential sealed for its task. */
import { z } from 'zod'
import { Attempt, Count, PublicKey, Uuid } from './hello.ts'
import { Sha256 } from './statement.ts'
import { Transport } from './transport.ts'

/** `SHA256:` and base64 without padding, as OpenSSH prints it. */
export const HostKey = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/)

/** What a device may override; absent means the driver's or the agent's default. */
export const DeviceOptions = z.object({
  /** Offer old key exchanges, ciphers and MACs to this device. Absent: no. */
  legacyAlgorithms: z.boolean().optional(),
  /** TCP connect and SSH handshake, ms. Default 30,000. */
  connectTimeoutMs: z.number().int().min(100).max(600_000).optional(),
  /** A whole command, ms. Default from the driver. */
  commandTimeoutMs: z.number().int().min(100).max(3_600_000).optional(),
  /** No byte for so long ends a command, ms. Default from the driver. */
  idleTimeoutMs: z.number().int().min(100).max(3_600_000).optional(),
  /** No more output than this is read from a command, bytes. Default 64 MiB. */
  maxOutputBytes: z
    .number()
    .int()
    .min(1024)
    .max(512 * 1024 * 1024)
    .optional(),
  /** The port of a console server: Enter wakes the line, and a session that somebody left open is gone on with. Absent: no. */
  console: z.boolean().optional(),
  /** When SSH lets nobody in to a usable shell, NETCONF on port 830 is tried. Absent: no. */
  netconfFallback: z.boolean().optional(),
  /** Datastore that NETCONF reads (RFC 6241 section 5). Absent: running. */
  netconfSource: z.enum(['running', 'candidate', 'startup']).optional(),
  /** Certificates that sign this device's, PEM. Absent: those that the jump host trusts. */
  tlsCa: z.string().max(65_536).optional(),
  /** The device's own public key instead of any CA: `sha256/` and base64 of the sha256 of its SubjectPublicKeyInfo (RFC 7469 section 2.4). */
  tlsPin: z
    .string()
    .regex(/^sha256\/[A-Za-z0-9+/]{43}=$/)
    .optional(),
  /** Name that the certificate must have. Absent: the device's address. */
  tlsName: z.string().min(1).max(253).optional(),
})
export type DeviceOptions = z.infer<typeof DeviceOptions>

/** How a task may be logged in, beside the first way; `box` and `local` as in the task. */
export const FurtherLogin = z.object({
  credential: Uuid.optional(),
  box: z.string().optional(),
  local: z.string().optional(),
})
export type FurtherLogin = z.infer<typeof FurtherLogin>

/** With the first login, the most that a device is asked to judge in one run. */
export const MAX_FURTHER_LOGINS = 1

/** UTF-16 code units of a recording that comes with a trial; a message must hold it. */
export const RECORDING_MAX = 512 * 1024

/** Own patterns of one device, put together from its driver's, its group's and its own. */
export const LinePatterns = z.object({
  /** Lines that are kept, but make no new version. */
  ignore: z.array(z.string().max(500)).max(200),
  /** Lines that are not kept. */
  remove: z.array(z.string().max(500)).max(200),
})
export type LinePatterns = z.infer<typeof LinePatterns>

/** A device that is passed on the way to another, by SSH. */
export const Hop = z.object({
  device: Uuid,
  name: z.string(),
  address: z.string(),
  port: z.number().int().min(1).max(65535),
  /** `SealedSecret` for this task, in a box; absent with `local`. */
  box: z.string().optional(),
  /** Name of a credential that the jump host keeps. */
  local: z.string().optional(),
  /** Pinned host key; absent: pin at first use. */
  hostKey: HostKey.optional(),
  /** Offer old algorithms to it. Absent: no. */
  legacyAlgorithms: z.boolean().optional(),
})
export type Hop = z.infer<typeof Hop>

/** A chain is no longer than this. */
export const MAX_HOPS = 4

export const Task = z.object({
  id: Uuid,
  /** Fencing number: rises with each hand-out of this task. */
  attempt: Attempt,
  /** `test`: everything is done as for a backup, but no text is kept or sent. Absent: a backup. */
  purpose: z.enum(['backup', 'test']).optional(),
  device: z.object({
    id: Uuid,
    name: z.string(),
    /** Host name or IP address as stored. */
    address: z.string(),
    port: z.number().int().min(1).max(65535),
  }),
  /** Driver name, never an alias. */
  driver: z.string(),
  /** Digest of that driver as this agent announced it in hello; absent when the agent has no such driver. */
  driverDigest: z.string().optional(),
  /**
   * sha256 of the file of an own driver, which the agent asks for by `driver`; then `driverDigest` is that of the built-in driver which
   * it extends. Absent: the built-in driver. Only for agents with the ability `own-drivers`.
   */
  driverFile: Sha256.optional(),
  /** Lines to keep but not to compare, and lines to drop. Absent: none. Only for agents with the ability `own-drivers`. */
  patterns: LinePatterns.optional(),
  /** A trial of a driver: nothing is kept, the outcome goes into `tried`. Absent: none. */
  trial: z
    .object({
      /** What is read instead of a device; see `agent/replay/recording.ts`. */
      recording: z.string().max(RECORDING_MAX).optional(),
    })
    .optional(),
  transport: Transport,
  /**
   * `SealedSecret` for this task, in a box. With `local`, or when the device has no credential, there is one only for
   * `secrets: strip`: without a user name, it brings the key of the masks. Otherwise absent.
   */
  box: z.string().optional(),
  /** Name of a credential that the jump host keeps; the hub never has it. */
  local: z.string().optional(),
  /**
   * Names the credential and its present standing at the site, not its row: what one device says to it is held against the
   * others that have the same. Absent: it is not watched.
   */
  credential: Uuid.optional(),
  /** Tried in order, and only after the device refused the one before. Absent: none. Older agents do not know it. */
  others: z.array(FurtherLogin).max(MAX_FURTHER_LOGINS).optional(),
  /** Pinned host key; absent: pin at first use. */
  hostKey: HostKey.optional(),
  /** Devices to be passed on the way, the one that the agent reaches first. */
  via: z.array(Hop).max(MAX_HOPS).optional(),
  /** Size of the last good version, bytes of text; absent: none yet. */
  lastGoodBytes: Count.optional(),
  /** `keep`: text is kept whole; `strip`: the agent masks, secrets never leave the site. */
  secrets: z.enum(['keep', 'strip']),
  options: DeviceOptions.default({}),
  /** The attempt ends here at the latest, ms since 1970 by the hub's clock. */
  deadlineMs: z.number().int().min(0).max(8.64e15),
})
export type Task = z.infer<typeof Task>

/** What is in a task's box. `task` ties it to that task. */
export const SealedSecret = z.object({
  task: Uuid,
  username: z.string(),
  password: z.string().optional(),
  /** Enable secret; absent: the login password is tried. */
  enable: z.string().optional(),
  /** Private key in PEM or OpenSSH format. */
  privateKey: z.string().optional(),
  passphrase: z.string().optional(),
  /** Key of the masked view's digests, base64url; with `secrets: strip` the agent masks with it. */
  maskKey: z.string().optional(),
})
export type SealedSecret = z.infer<typeof SealedSecret>

export const ClaimQuestion = z.object({ credit: z.number().int().min(1).max(1000) })
export type ClaimQuestion = z.infer<typeof ClaimQuestion>

export const ClaimAnswer = z.object({
  /** Ephemeral key that opens the boxes of this batch. */
  sealKey: PublicKey.optional(),
  tasks: z.array(Task).max(1000),
})
export type ClaimAnswer = z.infer<typeof ClaimAnswer>
