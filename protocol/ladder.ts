/**
 * How far a read of a device comes. The rungs stand in the order in which they are climbed; a test of a device shows each of
 * them, and every failed read names the one that it fell from.
 */
import { z } from 'zod'
import { type FailureCode, isFailureCode } from './failure.ts'
import { Count } from './hello.ts'
import { plainLine } from './plain.ts'

/**
 * `dns`: the name has an address. `tcp`: the port takes the connection. `banner`: something speaks the transport's protocol.
 * `host-key`: the device proves to be the one that is pinned (over TLS: its certificate). `login`: user and secret are taken.
 * `enable`: the privilege is gained. `prompt`: the device waits for commands. `command`: all commands of the driver are answered.
 * `completeness`: the text has its end.
 */
export const Rung = z.enum(['dns', 'tcp', 'banner', 'host-key', 'login', 'enable', 'prompt', 'command', 'completeness'])
export type Rung = z.infer<typeof Rung>
export const rungs = Rung.options

/** One rung of one read. */
export const Step = z.object({
  rung: Rung,
  /** `skipped`: not needed here, or an earlier rung failed. */
  state: z.enum(['passed', 'failed', 'skipped']),
  /** Time spent on this rung, ms. */
  ms: Count,
  /** What was seen, for a person: the resolved address, the server's version, a fingerprint, how it logged in, a command. */
  detail: plainLine(300).optional(),
  /** Of the failure, when it failed. */
  code: plainLine(64).optional(),
})
export type Step = z.infer<typeof Step>

const CODES: Readonly<Partial<Record<FailureCode, Rung>>> = {
  DNS_FAILED: 'dns',
  POLICY_NETWORK: 'tcp',
  NO_ROUTE: 'tcp',
  TCP_TIMEOUT: 'tcp',
  PORT_REFUSED: 'tcp',
  JUMP_HOST_FAILED: 'tcp',
  BANNER_TIMEOUT: 'banner',
  SSH_LEGACY_ALGOS: 'host-key',
  HOST_KEY_CHANGED: 'host-key',
  TLS_UNTRUSTED: 'host-key',
  TLS_PIN_CHANGED: 'host-key',
  TLS_LEGACY: 'host-key',
  TLS_HANDSHAKE: 'host-key',
  NO_CREDENTIAL: 'login',
  PASSPHRASE_MISSING: 'login',
  PASSPHRASE_UNSAFE: 'login',
  KEY_UNREADABLE: 'login',
  KEY_REJECTED: 'login',
  PASSWORD_REJECTED: 'login',
  METHOD_UNSUPPORTED: 'login',
  LOCAL_CREDENTIAL_UNKNOWN: 'login',
  CREDENTIAL_GUARDED: 'login',
  CREDENTIAL_COOLDOWN: 'login',
  CREDENTIAL_EXPIRED: 'login',
  KEY_EXPIRED: 'login',
  ACCOUNT_LOCK_SUSPECTED: 'login',
  ENABLE_FAILED: 'enable',
  PROMPT_NOT_FOUND: 'prompt',
  COMMAND_REJECTED: 'command',
  PRIVILEGE_INSUFFICIENT: 'command',
  DEVICE_COMMAND_TIMEOUT: 'command',
  OUTPUT_TOO_LARGE: 'command',
  EMPTY_READ: 'command',
  SUSPECT_TRUNCATED: 'completeness',
}

/** The rung that a failure belongs to by its kind, for whoever did not see where it happened; undefined: the kind does not tell. */
export function rungOfCode(code: string): Rung | undefined {
  return isFailureCode(code) ? CODES[code] : undefined
}

/** The rung that a failure says it fell from, else the one of its kind. */
export function rungOf(failure: { readonly code: string; readonly details: Readonly<Record<string, unknown>> }) {
  const said = Rung.safeParse(failure.details.rung)
  return said.success ? said.data : rungOfCode(failure.code)
}
