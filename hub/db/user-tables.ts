/** Tables of failed logins and forgotten passwords. Names are kept as sha256: people type passwords where a name belongs. */
import type { ColumnType, Generated } from 'kysely'

type Created = ColumnType<Date, Date | undefined, never>

/** One password that was tried; a right one is not kept. */
export interface LoginAttemptsTable {
  id: string
  /** sha256 of the name that was given, trimmed and in lower case; there need be no such user. */
  name_hash: Buffer
  address: string | null
  via: string | null
  /** Made while the account was locked, from an address that had logged in before. */
  is_reserve: Generated<boolean>
  /** `pending` while the password is being checked; one that is never settled counts as failed. */
  outcome: Generated<'pending' | 'failed'>
  at: Created
  /** Counts no more: somebody logged in, or an administrator cleared it. */
  cleared_at: Date | null
}

export interface LoginLocksTable {
  name_hash: Buffer
  locked_at: Generated<Date>
  locked_until: Date
}

export interface PasswordResetsTable {
  id: string
  user_id: string
  /** sha256 of the token. */
  token_hash: Buffer
  created_by: string
  created_at: Created
  expires_at: Date
  used_at: Date | null
}

/** One "Forgot Password", of a user or of nobody. */
export interface ResetRequestsTable {
  id: string
  name_hash: Buffer
  address: string | null
  at: Created
}
