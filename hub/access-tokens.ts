/**
 * Access tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037). A token says whose it is and of which session; what that
 * session may do is looked up at each use, so that a token never outlives the access it stands for.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { errors, type JWTPayload, jwtVerify, type ProtectedHeaderParameters, SignJWT } from 'jose'
import { newId } from './ids.ts'
import type { TokenKeys } from './token-keys.ts'

/** The one algorithm: a token that names another is refused before its key is looked for. */
const ALGORITHM = 'EdDSA'
const AUDIENCE = 'netraven-api'

/** Clocks of hubs behind one load balancer may differ by so much, seconds. */
export const CLOCK_LEEWAY_SECONDS = 60

/** No token of ours is longer. */
const MAX_LENGTH = 2048

/** So many verified tokens are remembered. */
const REMEMBERED = 10_000

const SEGMENT = /^[A-Za-z0-9_-]+$/

export interface AccessClaims {
  readonly userId: string
  readonly sessionId: string
  readonly expiresAt: Date
}

export interface AccessTokens {
  /** @param lifetimeMs from now */
  issue(userId: string, sessionId: string, lifetimeMs: number): Promise<string>
  /**
   * @throws Failure TOKEN_TRUNCATED, TOKEN_BAD_SIGNATURE, TOKEN_WRONG_AUDIENCE or TOKEN_EXPIRED
   */
  verify(token: string): Promise<AccessClaims>
  /** Forgets which keys there are: they changed. */
  forgetKeys(): void
}

interface Verified {
  readonly claims: AccessClaims
  readonly keyId: string
}

/**
 * @param hubId id of this installation: a token of another is not taken
 * @param clock in ms
 */
export function accessTokens(hubId: string, keys: TokenKeys, clock: () => number): AccessTokens {
  const verified = new Map<string, Verified>()

  const fresh = async (token: string): Promise<Verified> => {
    const parts = token.split('.')
    if (token.length > MAX_LENGTH || parts.length !== 3 || !parts.every((part) => SEGMENT.test(part))) {
      throw new Failure('TOKEN_TRUNCATED', { segments: parts.length })
    }
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header) => keyFor(keys, header), {
        algorithms: [ALGORITHM],
        issuer: hubId,
        audience: AUDIENCE,
        clockTolerance: CLOCK_LEEWAY_SECONDS,
        currentDate: new Date(clock()),
        requiredClaims: ['sub', 'sid', 'exp', 'iat'],
        typ: 'at+jwt',
      })
      return { claims: claimsOf(payload), keyId: protectedHeader.kid ?? '' }
    } catch (error) {
      throw meaningOf(error, clock())
    }
  }

  return {
    async issue(userId, sessionId, lifetimeMs) {
      const key = await keys.current()
      const nowSeconds = Math.floor(clock() / 1000)
      return new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: ALGORITHM, kid: key.id, typ: 'at+jwt' })
        .setIssuer(hubId)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setJti(newId())
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + Math.floor(lifetimeMs / 1000))
        .sign(privateKeyOf(key.seed))
    },
    async verify(token) {
      const known = verified.get(token)
      const isGood = known && known.claims.expiresAt.getTime() + CLOCK_LEEWAY_SECONDS * 1000 > clock()
      // A key may be taken out of use at any moment, and with it all that it signed.
      if (isGood && (await keys.publicKey(known.keyId)) !== undefined) return known.claims
      verified.delete(token)
      const found = await fresh(token)
      if (verified.size >= REMEMBERED) verified.clear()
      verified.set(token, found)
      return found.claims
    },
    forgetKeys: () => keys.reload(),
  }
}

async function keyFor(keys: TokenKeys, { kid }: ProtectedHeaderParameters): Promise<KeyObject> {
  const publicKey = typeof kid === 'string' ? await keys.publicKey(kid) : undefined
  if (publicKey === undefined)
    throw new Failure('TOKEN_BAD_SIGNATURE', { reason: 'signed with a key that this hub does not know' })
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
}

function privateKeyOf(seed: string): KeyObject {
  const header = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({
    key: Buffer.concat([header, Buffer.from(seed, 'base64url')]),
    format: 'der',
    type: 'pkcs8',
  })
}

function claimsOf(payload: JWTPayload): AccessClaims {
  const { sub, sid, exp } = payload
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number')
    throw new Failure('TOKEN_TRUNCATED')
  return { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1000) }
}

/** What the library's error means, told by its class and claim, never by its message. */
function meaningOf(error: unknown, nowMs: number): unknown {
  if (error instanceof Failure) return error
  const options = { cause: error }
  if (error instanceof errors.JWTExpired) {
    const { exp } = error.payload
    const expiredAt = typeof exp === 'number' ? new Date(exp * 1000).toISOString() : new Date(nowMs).toISOString()
    return new Failure('TOKEN_EXPIRED', { expiredAt, refreshWith: '/api/auth/refresh' }, options)
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const isElsewhere = error.claim === 'aud' || error.claim === 'iss'
    return new Failure(isElsewhere ? 'TOKEN_WRONG_AUDIENCE' : 'TOKEN_BAD_SIGNATURE', { claim: error.claim }, options)
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return new Failure('TOKEN_TRUNCATED', {}, options)
  }
  if (error instanceof errors.JOSEError) return new Failure('TOKEN_BAD_SIGNATURE', {}, options)
  return error
}
