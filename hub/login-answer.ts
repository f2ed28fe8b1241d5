import type { Access } from './access.ts'
import type { AccessTokens } from './access-tokens.ts'
import { expiryWarning } from './account-expiry.ts'
import type { Login } from './api/session.ts'
import type { OpenedSession } from './sessions.ts'

interface AnswerParts {
  readonly tokens: AccessTokens
  readonly access: Access
  /** Clock in ms. */
  readonly clock: () => number
  readonly accessTokenMs: number
}

/** The tokens of a session that was just opened or refreshed. */
export function loginAnswer({ tokens, access, clock, accessTokenMs }: AnswerParts) {
  return async ({ sessionId, userId, refreshToken, refreshExpiresAt }: OpenedSession): Promise<Login> => {
    const token = await tokens.issue(userId, sessionId, accessTokenMs)
    const { scopes, accountExpiresAt, mustChangePassword } = await access.principalOf(`Bearer ${token}`)
    return {
      access_token: token,
      token_type: 'bearer' as const,
      expires_in: Math.floor(accessTokenMs / 1000),
      refresh_token: refreshToken,
      refresh_expires_in: Math.max(0, Math.floor((refreshExpiresAt.getTime() - clock()) / 1000)),
      scope: scopes.held.join(' '),
      mustChangePassword,
      accountExpiresAt: accountExpiresAt?.toISOString() ?? null,
      warning: expiryWarning(accountExpiresAt, clock()),
    }
  }
}
