/** Tables of second factors and of single sign-on. */
import type { ColumnType, Generated } from 'kysely'

type Created = ColumnType<Date, Date | undefined, never>

export interface SecondFactorsTable {
  user_id: string
  /** Secret of RFC 6238 as base32, encrypted under the master key. */
  sealed_secret: Buffer
  /** Time step of the last code that was used: none of it or before counts again. */
  last_step: Generated<number>
  created_at: Created
  /** null: begun, and not asked for yet. */
  confirmed_at: Date | null
}

export interface RecoveryCodesTable {
  id: string
  user_id: string
  /** sha256 of the code, without dashes. */
  code_hash: Buffer
  used_at: Date | null
}

/** One way to the provider and back. */
export interface SignOnsTable {
  id: string
  /** sha256 of the state that the provider gives back. */
  state_hash: Buffer
  /** sha256 of the cookie that the browser has. */
  browser_hash: Buffer
  /** Where the browser goes afterwards: a path of the hub, or a port of the browser's own machine. */
  redirect: string
  /** Of a command that waits there: sha256 of what it shows to take the tokens, base64url. */
  challenge: string | null
  created_at: Created
  expires_at: Date
  /** Came back from the provider; a second time is refused. */
  used_at: Date | null
  user_id: string | null
  /** sha256 of the code that is exchanged for tokens. */
  code_hash: Buffer | null
  code_expires_at: Date | null
  code_used_at: Date | null
}
