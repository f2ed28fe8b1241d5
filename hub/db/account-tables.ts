/** Tables of accounts, sessions and tokens. */
import type { ColumnType, Generated } from 'kysely'

type Created = ColumnType<Date, Date | undefined, never>

export interface UsersTable {
  id: string
  /** Lower case, trimmed. */
  username: string
  /** Of a hub of the release before; see migration 0011. */
  password_hash: string
  /** Of a hub of the release before. */
  role: 'admin'
  display_name: string | null
  /** Unique in any case. */
  email: string | null
  /** Names of built-in and own roles. */
  roles: Generated<string[]>
  /** Beyond those of the roles. */
  scopes: Generated<string[]>
  is_active: Generated<boolean>
  /** The account is of no use from then on. */
  expires_at: Date | null
  last_login_at: Date | null
  /** When what the user may do was last made less, and by whom; null: never. */
  access_changed_at: Date | null
  access_changed_by: string | null
  /** In words, what was changed then. */
  access_change: string | null
  /** Scopes that were lost, wildcards spelt out, and not given back since. */
  access_lost: Generated<string[]>
  /** Days of the last warning that the account expires, and the expiry it was about. */
  expiry_warned_days: number | null
  expiry_warned_for: Date | null
  /** Whose account it is elsewhere: subject and issuer of OpenID Connect; null: nobody's. */
  oidc_issuer: string | null
  oidc_subject: string | null
  /** Those of the roles that groups elsewhere gave. */
  oidc_roles: Generated<string[]>
  created_by: string | null
  created_at: Created
  updated_at: Generated<Date>
}

export interface PasswordsTable {
  user_id: string
  /** argon2id, PHC format. */
  hash: string
  /** Set by somebody else: the next login must choose another. */
  must_change: Generated<boolean>
  changed_at: Generated<Date>
}

export interface RolesTable {
  id: string
  name: string
  about: Generated<string>
  scopes: string[]
  created_at: Created
  updated_at: Generated<Date>
}

export interface GroupsTable {
  id: string
  name: string
  about: Generated<string>
  /** Roles that every member has. */
  roles: Generated<string[]>
  created_at: Created
  updated_at: Generated<Date>
}

export interface GroupMembersTable {
  group_id: string
  user_id: string
}

/** One login, with all the tokens that come of it. */
export interface SessionsTable {
  id: string
  user_id: string
  /** What the login asked for; null: all that the user may do. */
  scopes: string[] | null
  address: string | null
  via: string | null
  created_at: Created
  last_used_at: Generated<Date>
  expires_at: Date
  ended_at: Date | null
  ended_because: string | null
  /** By single sign-on: the provider asked for what it wants. */
  is_signed_on: Generated<boolean>
}

export interface RefreshTokensTable {
  id: string
  session_id: string
  /** sha256 of the token. */
  token_hash: Buffer
  created_at: Created
  expires_at: Date
  /** A second use, later than a moment after, ends the session. */
  used_at: Date | null
}

export interface ServiceTokensTable {
  id: string
  /** Acts for this account, never beyond what it may do. */
  user_id: string
  name: string
  /** sha256 of the token. */
  token_hash: Buffer
  scopes: string[]
  created_by: string
  created_at: Created
  expires_at: Date
  last_used_at: Date | null
  last_used_from: string | null
  revoked_at: Date | null
}

/** Ed25519 keys that sign access tokens; `next` verifies already, `previous` still does, `retired` no more. */
export interface TokenKeysTable {
  id: string
  public_key: string
  /** Seed, encrypted under the master key. */
  sealed_seed: Buffer
  state: 'next' | 'current' | 'previous' | 'retired'
  created_at: Created
  /** When it began to sign. */
  activated_at: Date | null
  /** When it stopped to sign. */
  superseded_at: Date | null
  /** Begins to sign by itself, as soon as every hub had time to read it. */
  is_due: Generated<boolean>
  retired_at: Date | null
}

/** Of a hub of the release before. */
export interface AccessTokensTable {
  id: string
  user_id: string
  /** sha256 of the token. */
  token_hash: Buffer
  expires_at: Date
  created_at: Created
}
