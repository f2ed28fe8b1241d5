/**
 * The ways in which one task may be logged in, in their order. The next is tried only when the device refused the one before, or when
 * that is held back because other devices refused it; never after anything else, such as a broken connection. No secret is offered
 * twice. What became of each goes into the report.
 */
import type { SealedSecret } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Report } from '@netraven/protocol/report.ts'
import type { LoginGuard, LoginPass } from './login-guard.ts'

export interface LoginWay {
  /** Under which the guard knows it; absent: it is not guarded. */
  readonly credential?: string | undefined
  /** Opened when it is needed, not before. */
  readonly secret: () => Promise<SealedSecret>
}

/** The device judged the secret and did not take it. */
const REFUSALS: ReadonlySet<string> = new Set(['PASSWORD_REJECTED', 'KEY_REJECTED', 'ENABLE_FAILED'])
/** After these another credential may do. A wrong enable password is not among them: the login itself was right. */
const GOES_ON: ReadonlySet<string> = new Set([
  'PASSWORD_REJECTED',
  'KEY_REJECTED',
  'METHOD_UNSUPPORTED',
  'CREDENTIAL_GUARDED',
])

const noPass: LoginPass = { opened: () => undefined, refused: () => undefined, left: () => undefined }

interface Attempt {
  readonly login: number
  readonly failure: Failure
}

export class Logins {
  readonly #ways: readonly LoginWay[]
  readonly #guard: LoginGuard | undefined
  readonly #attempts: Attempt[] = []
  #opened: number | undefined

  constructor(ways: readonly LoginWay[], guard?: LoginGuard) {
    this.#ways = ways
    this.#guard = guard
  }

  /** The device has no credential. */
  get none(): boolean {
    return this.#ways.length === 0
  }

  /** For the report. @param isRead the device was read: that it was the first which opened it goes without saying */
  told(isRead: boolean): Pick<Report, 'login' | 'refused'> {
    const refused = this.#attempts.filter(({ failure }) => REFUSALS.has(failure.code)).map(({ login }) => login)
    return {
      ...(this.#opened === undefined || (isRead && this.#opened === 0) ? {} : { login: this.#opened }),
      ...(refused.length > 0 ? { refused } : {}),
    }
  }

  /**
   * Does the work with the first secret that the device takes. Callable again, for another way in: what was refused is not offered
   * there either.
   * @param work calls `opened` as soon as the device has let it in
   * @param admit sees each secret as it was stored, before any of it is offered; what it throws ends the whole
   * @throws Failure NO_CREDENTIAL when there is none; that of the last refusal, with all attempts in its details; what the work throws
   */
  async open<T>(
    signal: AbortSignal,
    work: (secret: SealedSecret, opened: () => void) => Promise<T>,
    admit: (secret: SealedSecret) => void = () => undefined,
  ): Promise<T> {
    if (this.#ways.length === 0) throw new Failure('NO_CREDENTIAL')
    const offered: SealedSecret[] = []
    const spent = new Set(this.#attempts.map(({ login }) => login))
    this.#opened = undefined
    for (const [login, way] of this.#ways.entries()) {
      const isLast = login === this.#ways.length - 1
      if (spent.has(login)) continue
      try {
        const stored = await way.secret()
        admit(stored)
        const secret = unknownOf(stored, offered)
        if (!secret) continue
        return await this.#try(login, way, secret, signal, offered, work)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        const wasOpen = this.#opened !== undefined
        const isRefusal = REFUSALS.has(error.code) || (!wasOpen && GOES_ON.has(error.code))
        // A line behind the connection may ask for a login of its own.
        if (isRefusal) {
          this.#opened = undefined
          this.#attempts.push({ login, failure: error })
        }
        if (wasOpen || !GOES_ON.has(error.code)) throw this.#withAttempts(error)
        if (isLast) break
      }
    }
    throw this.#withAttempts(this.#lastJudged())
  }

  async #try<T>(
    login: number,
    { credential }: LoginWay,
    secret: SealedSecret,
    signal: AbortSignal,
    offered: SealedSecret[],
    work: (secret: SealedSecret, opened: () => void) => Promise<T>,
  ): Promise<T> {
    const pass = credential === undefined ? noPass : ((await this.#guard?.enter(credential, signal)) ?? noPass)
    offered.push(secret)
    try {
      return await work(secret, () => {
        this.#opened = login
        offered.length = 0
        pass.opened()
        pass.left()
      })
    } catch (error) {
      if (error instanceof Failure && REFUSALS.has(error.code)) pass.refused()
      throw error
    } finally {
      pass.left()
    }
  }

  /** A refusal tells more than a credential that was held back. */
  #lastJudged(): Failure {
    const judged = this.#attempts.findLast(({ failure }) => failure.code !== 'CREDENTIAL_GUARDED')
    return (judged ?? this.#attempts.at(-1))?.failure ?? new Failure('NO_CREDENTIAL')
  }

  #withAttempts(failure: Failure): Failure {
    if (this.#attempts.length === 0) return failure
    if (this.#attempts.length === 1 && this.#attempts[0]?.failure === failure) return failure
    const attempts = this.#attempts.map(({ login, failure: { code, details } }) => ({
      login: login + 1,
      code,
      ...(Array.isArray(details.tried) && { tried: details.tried.join(', ') }),
    }))
    return new Failure(failure.code, { ...failure.details, attempts }, { cause: failure.cause })
  }
}

/** What of a secret the device has not seen yet; undefined: nothing. */
function unknownOf(secret: SealedSecret, offered: readonly SealedSecret[]): SealedSecret | undefined {
  const before = offered.filter(({ username }) => username === secret.username)
  if (before.length === 0) return secret
  const { password, privateKey, ...rest } = secret
  const enable = rest.enable ?? password
  const hasNewPassword = password !== undefined && before.every((one) => one.password !== password)
  const hasNewKey = privateKey !== undefined && before.every((one) => one.privateKey !== privateKey)
  if (!hasNewPassword && !hasNewKey) return undefined
  return {
    ...rest,
    ...(enable === undefined ? {} : { enable }),
    ...(hasNewPassword ? { password } : {}),
    ...(hasNewKey ? { privateKey } : {}),
  }
}
