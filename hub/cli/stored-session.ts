/**
 * The token of a stored login, kept fresh: shortly before it ends, and when the hub says that it has ended, it is exchanged for the
 * next, which is stored before it is used. Commands that run at once share one exchange, since a refresh token counts only once.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Login } from '../api/session.ts'
import { readLogin, type StoredLogin, withLoginLock, writeLogin } from './stored-login.ts'

/** A token is exchanged so long before its end, ms; the hub itself forgives a minute. */
const EARLY_MS = 10_000

/** What a request is sent with. */
export interface Bearer {
  /** A token that holds for now. */
  token(): Promise<string>
  /** After the hub said that `refused` has expired. @returns undefined when there is no other */
  next(refused: string): Promise<string | undefined>
}

export interface StoredSessionParts {
  readonly folder: string
  readonly login: StoredLogin
  /** Asks the hub once to exchange a refresh token. */
  readonly refresh: (refreshToken: string) => Promise<Login>
  /** Clock in ms. */
  readonly clock: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** A token that is what it is. */
export function fixedToken(token: string): Bearer {
  return { token: async () => token, next: async () => undefined }
}

export function storedSession({ folder, login, refresh, clock, sleep }: StoredSessionParts): Bearer {
  let current = login
  let exchanging: Promise<StoredLogin> | undefined

  const endsSoon = ({ expiresAt }: StoredLogin) => Date.parse(expiresAt) - clock() < EARLY_MS

  const exchange = (refused: string) =>
    withLoginLock(folder, sleep, async () => {
      const stored = await readLogin(folder)
      const { hub, user } = current
      if (!stored || stored.hub !== hub || stored.user !== user) {
        throw new Failure('NOT_LOGGED_IN', { hub, user, reason: 'logged out meanwhile' })
      }
      // Another command was first.
      if (stored.token !== refused && !endsSoon(stored)) return stored
      if (stored.refreshToken === undefined)
        throw new Failure('NOT_LOGGED_IN', { hub, user, reason: 'the login expired' })
      const answer = await refresh(stored.refreshToken).catch((error: unknown) => {
        throw error instanceof Failure && error.code === 'REFRESH_INVALID' ? over(error, stored) : error
      })
      const next = loginFrom(answer, stored, clock())
      await writeLogin(folder, next)
      return next
    })

  const renew = async (refused: string): Promise<string> => {
    exchanging ??= exchange(refused).finally(() => {
      exchanging = undefined
    })
    current = await exchanging
    return current.token
  }

  return {
    async token() {
      const canRenew = current.refreshToken !== undefined
      return canRenew && endsSoon(current) ? renew(current.token) : current.token
    },
    async next(refused) {
      if (current.token !== refused) return current.token
      return current.refreshToken === undefined ? undefined : renew(refused)
    },
  }
}

/** What is stored of a hub's answer. */
export function loginFrom(answer: Login, { hub, user }: Pick<StoredLogin, 'hub' | 'user'>, nowMs: number): StoredLogin {
  const expiresAt = new Date(nowMs + answer.expires_in * 1000).toISOString()
  return { hub, user, token: answer.access_token, expiresAt, refreshToken: answer.refresh_token }
}

/** The session is over; only a new login helps, and it says where and as whom. */
function over(failure: Failure, { hub, user }: StoredLogin): Failure {
  return new Failure('REFRESH_INVALID', { hub, user, reason: failure.details.reason }, { cause: failure })
}
