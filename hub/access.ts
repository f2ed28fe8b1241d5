/**
 * Who sends a request, and what they may do: from the `Authorization` header to a principal. What is found is remembered for a second
 * at most, and forgotten at once when the database tells that it changed; so a revocation is felt on every hub within a second even if
 * that word is lost.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import type { AccessTokens } from './access-tokens.ts'
import type { Tables } from './db/tables.ts'
import type { Principal } from './principal.ts'
import { builtInRoles } from './roles.ts'
import { ScopeSet } from './scopes.ts'
import { hashOfToken, isServiceToken, looksLikeServiceToken } from './service-token.ts'
import { tokenUses } from './token-uses.ts'

/** Nothing is remembered for longer, ms. */
const REMEMBER_MS = 1_000
const REMEMBERED = 10_000

export interface AccessParts {
  readonly db: Kysely<Tables>
  readonly tokens: AccessTokens
  /** Clock in ms. */
  readonly clock: () => number
}

export interface Access {
  /**
   * Who sends this header.
   * @param address where it came from, for the owner of the token to see
   * @throws Failure TOKEN_MISSING, TOKEN_BAD_SCHEME, TOKEN_TRUNCATED, TOKEN_BAD_SIGNATURE, TOKEN_WRONG_AUDIENCE, TOKEN_EXPIRED,
   * TOKEN_REVOKED, TOKEN_UNKNOWN, ACCESS_CHANGED
   */
  principalOf(authorization: string | undefined, address?: string | null): Promise<Principal>
  /** Forgets what is remembered. @param what payload of the access channel; empty: everything */
  forget(what: string): void
  /** Writes down which tokens were used since the last time, in one go. */
  writeUses(): Promise<void>
}

interface Remembered {
  readonly principal: Principal
  readonly at: number
}

export function openAccess({ db, tokens, clock }: AccessParts): Access {
  const remembered = new Map<string, Remembered>()
  const uses = tokenUses(db, clock)

  const remember = async (key: string, look: () => Promise<Principal>): Promise<Principal> => {
    const known = remembered.get(key)
    if (known && clock() - known.at < REMEMBER_MS) return known.principal
    const at = clock()
    const principal = await look()
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.set(key, { principal, at })
    return principal
  }

  const look = async (token: string): Promise<Principal> => {
    if (looksLikeServiceToken(token)) {
      if (!isServiceToken(token)) throw new Failure('TOKEN_TRUNCATED')
      return remember(`token ${token}`, () => serviceTokenPrincipal(db, token))
    }
    const claims = await tokens.verify(token)
    const principal = await remember(`session ${claims.sessionId}`, () => sessionPrincipal(db, claims.sessionId))
    return { ...principal, expiresAt: claims.expiresAt }
  }

  return {
    async principalOf(authorization, address = null) {
      const principal = await look(tokenOf(authorization))
      uses.note(principal, address)
      return principal
    },
    writeUses: uses.write,
    forget(what) {
      if (what === '' || what === 'keys') tokens.forgetKeys()
      if (what === 'keys') return
      const [kind, id] = what.split(' ')
      if (kind === 'session') remembered.delete(what)
      else if (kind === 'user' || kind === 'token') {
        for (const [key, { principal }] of remembered) {
          if (principal.user.id === id || principal.tokenId === id) remembered.delete(key)
        }
      } else remembered.clear()
    },
  }
}

function tokenOf(header: string | undefined): string {
  if (header === undefined || header.trim() === '') throw new Failure('TOKEN_MISSING')
  const [scheme = '', token = '', ...rest] = header.trim().split(/ +/)
  if (scheme.toLowerCase() !== 'bearer') throw new Failure('TOKEN_BAD_SCHEME')
  if (rest.length > 0 || token === '') throw new Failure('TOKEN_TRUNCATED')
  return token
}

/** Columns of an account that say what it may do. */
const account = [
  'users.id as userId',
  'users.username',
  'users.display_name as displayName',
  'users.roles',
  'users.scopes as userScopes',
  'users.is_active as isActive',
  'users.expires_at as expiry',
  'users.access_changed_at as changedAt',
  'users.access_changed_by as changedBy',
  'users.access_change as change',
  'users.access_lost as lost',
] as const

const groupsOfUser = sql<{ id: string; roles: string[] }[]>`(
  select coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'roles', g.roles)), '[]')
  from group_members m join groups g on g.id = m.group_id where m.user_id = users.id)`.as('groups')

const ownRoles = sql<{ name: string; scopes: string[] }[]>`(
  select coalesce(jsonb_agg(jsonb_build_object('name', r.name, 'scopes', r.scopes)), '[]') from roles r)`.as('ownRoles')

const isOver = sql<boolean>`users.expires_at is not null and users.expires_at <= now()`.as('isOver')

const hasSecondFactor = sql<boolean>`exists (
  select from second_factors f where f.user_id = users.id and f.confirmed_at is not null)`.as('hasSecondFactor')

async function sessionPrincipal(db: Kysely<Tables>, sessionId: string): Promise<Principal> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .select(account)
    .select('passwords.must_change as mustChange')
    .select([groupsOfUser, ownRoles, isOver, hasSecondFactor])
    .select(['sessions.id', 'sessions.scopes', 'sessions.created_at as madeAt', 'sessions.is_signed_on as isSignedOn'])
    .select(['sessions.expires_at', 'sessions.ended_at', 'sessions.ended_because'])
    .where('sessions.id', '=', sessionId)
    .executeTakeFirst()
  if (!row) throw new Failure('TOKEN_UNKNOWN')
  if (row.ended_at) throw new Failure('TOKEN_REVOKED', { reason: row.ended_because, at: row.ended_at.toISOString() })
  const { principal, scopes } = accountOf(row)
  return {
    ...principal,
    kind: 'user',
    tokenId: row.id,
    tokenName: null,
    mustChangePassword: row.mustChange ?? false,
    secondFactor: row.isSignedOn ? 'elsewhere' : row.hasSecondFactor ? 'here' : 'none',
    isAdmin: scopes.has('admin:users'),
    scopes: row.scopes ? scopes.narrowedTo(row.scopes) : scopes,
    expiresAt: row.expires_at,
  }
}

async function serviceTokenPrincipal(db: Kysely<Tables>, token: string): Promise<Principal> {
  const row = await db
    .selectFrom('service_tokens as token')
    .innerJoin('users', 'users.id', 'token.user_id')
    .select(account)
    .select([groupsOfUser, ownRoles, isOver])
    .select(['token.id', 'token.name', 'token.scopes', 'token.created_at as madeAt'])
    .select(['token.expires_at', 'token.revoked_at'])
    .select(sql<boolean>`token.expires_at <= now()`.as('isExpired'))
    .where('token.token_hash', '=', hashOfToken(token))
    .executeTakeFirst()
  if (!row) throw new Failure('TOKEN_UNKNOWN')
  if (row.revoked_at) throw new Failure('TOKEN_REVOKED', { at: row.revoked_at.toISOString() })
  if (row.isExpired) throw new Failure('TOKEN_EXPIRED', { expiredAt: row.expires_at.toISOString(), token: row.name })
  const { principal, scopes } = accountOf(row)
  return {
    ...principal,
    kind: 'service token',
    tokenId: row.id,
    tokenName: row.name,
    mustChangePassword: false,
    secondFactor: 'elsewhere',
    isAdmin: scopes.has('admin:users'),
    scopes: scopes.narrowedTo(row.scopes),
    expiresAt: row.expires_at,
  }
}

interface AccountRow {
  readonly madeAt: Date
  readonly userId: string
  readonly username: string
  readonly displayName: string | null
  readonly roles: readonly string[]
  readonly userScopes: readonly string[]
  readonly isActive: boolean
  readonly isOver: boolean
  readonly expiry: Date | null
  readonly changedAt: Date | null
  readonly changedBy: string | null
  readonly change: string | null
  readonly lost: readonly string[]
  readonly groups: readonly { readonly id: string; readonly roles: readonly string[] }[]
  readonly ownRoles: readonly { readonly name: string; readonly scopes: readonly string[] }[]
}

function accountOf(row: AccountRow) {
  if (!row.isActive) {
    throw new Failure('ACCESS_CHANGED', { reason: 'the account was disabled', at: row.changedAt?.toISOString() })
  }
  if (row.isOver) throw new Failure('ACCESS_CHANGED', { reason: 'the account expired', at: row.expiry?.toISOString() })
  const roles = [...new Set([...row.roles, ...row.groups.flatMap((group) => group.roles)])]
  const known = [...builtInRoles, ...row.ownRoles]
  const granted = roles.flatMap(
    (name) => known.find((role) => role.name.toLowerCase() === name.toLowerCase())?.scopes ?? [],
  )
  return {
    principal: {
      user: { id: row.userId, username: row.username, displayName: row.displayName },
      roles,
      groupIds: row.groups.map((group) => group.id),
      accountExpiresAt: row.expiry,
      accessChanged:
        row.changedAt && row.changedAt > row.madeAt
          ? { at: row.changedAt, by: row.changedBy, change: row.change, lost: row.lost }
          : null,
    },
    scopes: ScopeSet.of([...granted, ...row.userScopes]),
  }
}
