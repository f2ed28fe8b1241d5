/**
 * Single sign-on by OpenID Connect: the hub as a client of the operator's provider. Authorization code with PKCE S256 (RFC 7636), state and
 * nonce; the signature of the id token is checked also where TLS would do. Plain HTTP is for a provider on this very machine.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import * as openid from 'openid-client'
import { parseRange } from './address-ranges.ts'
import { isThisMachine } from './config-table.ts'
import { openOutbound } from './outbound.ts'

export interface SignOnSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** With spaces between them. */
  readonly scopes: string
  readonly groupsClaim: string
  readonly roleMap: readonly { readonly group: string; readonly role: string }[]
  readonly autoCreate: boolean
}

/** Whoever signed on, in the provider's words. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly username: string | null
  readonly displayName: string | null
  readonly email: string | null
  readonly groups: readonly string[]
}

/** Secrets of one way there and back. */
export interface SignOnSecrets {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export interface SingleSignOn {
  readonly settings: SignOnSettings
  /** Where the hub is reached. */
  readonly publicUrl: string
  /** Where the browser goes. @throws Failure SSO_UNAVAILABLE */
  authorizationUrl(secrets: SignOnSecrets): Promise<string>
  /** @param query with which the browser came back @throws Failure SSO_FAILED, SSO_UNAVAILABLE */
  identityOf(query: string, secrets: SignOnSecrets): Promise<Identity>
}

export interface SingleSignOnParts {
  readonly settings: SignOnSettings
  readonly publicUrl: string
  readonly outboundAllowed: Parameters<typeof openOutbound>[0]['allowed']
  /** Clock in ms. */
  readonly clock: () => number
}

/** Of one question to the provider, seconds. */
const TIMEOUT_SECONDS = 10
/** Keys of a provider change; what was discovered is asked for again after so long, ms. */
const DISCOVERY_MS = 10 * 60_000

/** As the hub is configured. @returns undefined when there is no provider */
export function singleSignOnOf(
  config: {
    readonly oidc?: SignOnSettings | undefined
    readonly publicUrl?: string | undefined
    readonly outboundAllowed?: SingleSignOnParts['outboundAllowed']
  },
  clock: () => number,
): SingleSignOn | undefined {
  const { oidc, publicUrl, outboundAllowed = [] } = config
  return oidc && publicUrl ? openSingleSignOn({ settings: oidc, publicUrl, outboundAllowed, clock }) : undefined
}

function openSingleSignOn({ settings, publicUrl, outboundAllowed, clock }: SingleSignOnParts): SingleSignOn {
  const issuer = new URL(settings.issuer)
  const isHere = isThisMachine(issuer.hostname)
  const loopback = ['127.0.0.0/8', '::1'].map(parseRange).filter((range) => range !== undefined)
  const outbound = openOutbound({ allowed: [...outboundAllowed, ...(isHere ? loopback : [])] })
  const redirectUri = new URL('/api/auth/oidc/callback', publicUrl).href
  let known: { readonly at: number; readonly configuration: openid.Configuration } | undefined

  const send: openid.CustomFetch = (url, { method, headers, body, signal }) => {
    const isPlain = typeof body === 'string' || body instanceof URLSearchParams || body instanceof Uint8Array
    if (body && !isPlain) throw new TypeError('a body of this kind is not sent')
    return outbound.fetch(url, { method, headers, body: isPlain ? body : null, ...(signal && { signal }) })
  }

  const configured = async (): Promise<openid.Configuration> => {
    if (known && clock() - known.at < DISCOVERY_MS) return known.configuration
    try {
      const secret = settings.clientSecret
      const configuration = await openid.discovery(
        issuer,
        settings.clientId,
        undefined,
        secret === undefined ? openid.None() : openid.ClientSecretBasic(secret),
        {
          [openid.customFetch]: send,
          timeout: TIMEOUT_SECONDS,
          execute: [
            openid.enableNonRepudiationChecks,
            ...(isHere && issuer.protocol === 'http:' ? [openid.allowInsecureRequests] : []),
          ],
        },
      )
      known = { at: clock(), configuration }
      return configuration
    } catch (error) {
      throw new Failure('SSO_UNAVAILABLE', { issuer: settings.issuer, reason: reasonOf(error) }, { cause: error })
    }
  }

  return {
    settings,
    publicUrl,
    async authorizationUrl({ state, nonce, verifier }) {
      const configuration = await configured()
      return openid.buildAuthorizationUrl(configuration, {
        ...{ redirect_uri: redirectUri, scope: settings.scopes, state, nonce, code_challenge_method: 'S256' },
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      }).href
    },
    async identityOf(query, { state, nonce, verifier }) {
      const configuration = await configured()
      try {
        const back = new URL(redirectUri)
        back.search = query
        const tokens = await openid.authorizationCodeGrant(configuration, back, {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
        })
        const claims = tokens.claims()
        if (!claims) throw new Failure('SSO_FAILED', { reason: 'no id token' })
        const more = configuration.serverMetadata().userinfo_endpoint
          ? await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub)
          : {}
        return identityOf({ ...claims, ...more }, claims.iss, claims.sub, settings.groupsClaim)
      } catch (error) {
        if (error instanceof Failure && error.code === 'SSO_FAILED') throw error
        const reason = reasonOf(error)
        if (isAway(error)) throw new Failure('SSO_UNAVAILABLE', { issuer: settings.issuer, reason }, { cause: error })
        throw new Failure('SSO_FAILED', { reason }, { cause: error })
      }
    },
  }
}

function identityOf(claims: Record<string, unknown>, issuer: string, subject: string, groupsClaim: string): Identity {
  const text = (name: string) => {
    const value = claims[name]
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
  }
  const groups = claims[groupsClaim]
  const list = Array.isArray(groups) ? groups : typeof groups === 'string' ? [groups] : []
  return {
    ...{ issuer, subject, displayName: text('name'), email: text('email')?.toLowerCase() ?? null },
    username: text('preferred_username')?.toLowerCase() ?? text('email')?.toLowerCase() ?? null,
    groups: list.filter((one) => typeof one === 'string'),
  }
}

/** From the outside in. */
function chainOf(error: unknown): Error[] {
  const chain: Error[] = []
  for (let one = error; one instanceof Error && chain.length < 5; one = one.cause) chain.push(one)
  return chain
}

function isAway(error: unknown): boolean {
  return chainOf(error).some(
    (one) =>
      (one instanceof Failure && one.code.startsWith('OUTBOUND_')) ||
      ('code' in one && one.code === 'OAUTH_TIMEOUT') ||
      ('status' in one && typeof one.status === 'number' && one.status >= 500),
  )
}

/** The innermost cause says most; what the provider says is not to be trusted with a terminal. */
function reasonOf(error: unknown): string {
  const chain = chainOf(error)
  const told = chain.find((one) => 'error' in one && typeof one.error === 'string')
  const inner = chain.find((one) => one instanceof Failure) ?? chain.at(-1)
  const reason =
    inner instanceof Failure ? String(inner.details.reason ?? inner.message) : (inner?.message ?? 'unknown')
  return (told && 'error' in told ? String(told.error) : reason).replaceAll(/[^\x20-\x7E]/g, ' ').slice(0, 200)
}
