/** Whoever a request comes from, once that is known. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Actor } from './actor.ts'
import type { Scope, ScopeSet } from './scopes.ts'

export interface Principal {
  readonly kind: 'user' | 'service token'
  /** The account: whose devices are reached, and whose limits count. Of a service token: its owner. */
  readonly user: { readonly id: string; readonly username: string; readonly displayName: string | null }
  /** Of the session, or of the service token. */
  readonly tokenId: string
  /** Name of a service token. */
  readonly tokenName: string | null
  readonly roles: readonly string[]
  readonly groupIds: readonly string[]
  readonly scopes: ScopeSet
  readonly expiresAt: Date
  /** That the account may do less than when the token was made; null: nobody took anything away since. */
  readonly accessChanged: {
    readonly at: Date
    readonly by: string | null
    /** In words, what was changed. */
    readonly change: string | null
    /** Scopes that were lost, wildcards spelt out. */
    readonly lost: readonly string[]
  } | null
  /** Of the account; null: it does not expire. */
  readonly accountExpiresAt: Date | null
  /** Somebody else set the password of the account: nothing can be done before it is changed. */
  readonly mustChangePassword: boolean
  /** `elsewhere`: single sign-on, or a service token, where nobody is asked. */
  readonly secondFactor: 'none' | 'here' | 'elsewhere'
  /** Whether the account may change users, however little this token may do. */
  readonly isAdmin: boolean
}

/** Whose logins need a second factor. */
export type SecondFactorPolicy = 'none' | 'admins' | 'all'

export interface Circumstances {
  readonly address: string | null
  readonly via: string | null
  readonly requestId: string
}

/** The principal as the audit log names it. */
export function actorOf(principal: Principal, circumstances: Circumstances): Actor {
  const { kind, user, tokenId, tokenName } = principal
  const isUser = kind === 'user'
  return {
    kind,
    id: isUser ? user.id : tokenId,
    name: isUser ? user.username : `${user.username} (token ${tokenName ?? tokenId})`,
    ...circumstances,
  }
}

/** Says which scopes are missing, and when somebody took them away since this token was made. */
export function missingScope(principal: Principal, required: readonly string[], missing: readonly string[]): Failure {
  const { scopes, accessChanged } = principal
  return new Failure('MISSING_SCOPE', {
    ...{ required, missing, held: scopes.held },
    ...(accessChanged?.lost.some((scope) => missing.includes(scope)) && {
      reason: 'ACCESS_CHANGED',
      change: accessChanged.change,
      changedAt: accessChanged.at.toISOString(),
      changedBy: accessChanged.by,
    }),
  })
}

/** @throws Failure MISSING_SCOPE */
export function requireScopes(principal: Principal, ...required: Scope[]): void {
  const missing = principal.scopes.missing(required)
  if (missing.length > 0) throw missingScope(principal, required, missing)
}

/** What whoever must choose another password may still do. */
const whileChanging = new Set(['/api/auth/me', '/api/auth/change-password', '/api/auth/logout', '/api/auth/logout-all'])

/** @throws Failure PASSWORD_CHANGE_REQUIRED */
export function requireOwnPassword({ mustChangePassword }: Principal, path: string): void {
  if (mustChangePassword && !whileChanging.has(path)) throw new Failure('PASSWORD_CHANGE_REQUIRED')
}

/** What whoever must set up a second factor may do meanwhile. */
const whileEnrolling = new Set([...whileChanging, '/api/auth/second-factor', '/api/auth/second-factor/confirm'])

/** @throws Failure SECOND_FACTOR_SETUP_REQUIRED */
export function requireSetUp({ secondFactor, isAdmin }: Principal, policy: SecondFactorPolicy, path: string): void {
  const isRequired = policy === 'all' || (policy === 'admins' && isAdmin)
  if (isRequired && secondFactor === 'none' && !whileEnrolling.has(path))
    throw new Failure('SECOND_FACTOR_SETUP_REQUIRED')
}
