/**
 * How this host joins a hub: one HTTPS request. The token names the hub's key, so the answer proves itself although the two
 * have never met.
 */
import { EnrollAnswer, EnrollResponse, enrollProof, splitEnrollmentToken } from '@netraven/protocol/enroll.ts'
import { open } from '@netraven/protocol/envelope.ts'
import { Failure, FailureWire } from '@netraven/protocol/failure.ts'
import { keyFingerprint, signingKey, verifyKey } from '@netraven/protocol/keys.ts'
import { z } from 'zod'
import { type Identity, newKeys } from './identity.ts'

export interface EnrollmentParts {
  readonly fetch: typeof fetch
  readonly software: string
  readonly timeoutMs: number
}

/**
 * Checks a hub's URL: https, or http to this very host.
 * @throws Failure HUB_PLAINTEXT, or USAGE when it is no URL
 */
export function checkHubUrl(text: string, allowPlaintext: boolean): URL {
  if (!URL.canParse(text))
    throw new Failure('USAGE', { option: '--hub', reason: 'not a URL such as https://hub.example' })
  const url = new URL(text)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && (loopback || allowPlaintext))) return url
  if (url.protocol === 'http:') throw new Failure('HUB_PLAINTEXT', { hub: url.origin })
  throw new Failure('USAGE', { option: '--hub', reason: 'not an http or https URL' })
}

/**
 * Enrols.
 * @returns the new identity, not yet written
 * @throws Failure ENROLLMENT_TOKEN_*, HUB_UNTRUSTED, HUB_TLS, LINK_DOWN
 */
export async function enroll(hub: URL, token: string, name: string, parts: EnrollmentParts): Promise<Identity> {
  const split = splitEnrollmentToken(token)
  if (!split) throw new Failure('ENROLLMENT_TOKEN_INVALID', { reason: 'it does not look like a token' })
  const { session, ...keys } = newKeys()
  const signer = signingKey(keys.signSeed)
  const question = {
    token,
    signPublicKey: signer.publicKey,
    boxPublicKey: keys.boxPublicKey,
    session,
    name,
    software: parts.software,
  }
  const proof = Buffer.from(signer.sign(enrollProof(question))).toString('base64url')
  const response = await post(new URL('/api/agents/enroll', hub), { ...question, proof }, parts)
  if (keyFingerprint(response.publicKey) !== split.hubFingerprint) {
    throw new Failure('HUB_UNTRUSTED', { hub: hub.origin, reason: 'another key than the token names' })
  }
  const key = verifyKey(response.publicKey)
  const opened = open(Buffer.from(response.envelope, 'base64url'), {
    keys: (id) => (id === key.id ? key : undefined),
    me: response.agent,
    session,
    subject: 'enroll!',
    nowMs: 0,
    ignoreClock: true,
  })
  const answer = EnrollAnswer.parse(opened.value)
  return {
    agent: answer.agent,
    hub: answer.hub,
    hubUrl: hub.origin,
    site: answer.site,
    name: answer.name,
    hubKeys: answer.keys.map((one) => one.publicKey),
    ...keys,
  }
}

async function post(url: URL, question: unknown, parts: EnrollmentParts): Promise<EnrollResponse> {
  let response: Response
  let body: unknown
  try {
    response = await parts.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(parts.timeoutMs),
      redirect: 'error',
    })
    body = await response.json().catch(() => undefined)
  } catch (error) {
    throw unreachable(url, error)
  }
  const refusal = z.object({ error: FailureWire }).safeParse(body)
  if (!response.ok && refusal.success) throw Failure.fromWire(refusal.data.error)
  const parsed = EnrollResponse.safeParse(body)
  if (!parsed.success)
    throw new Failure('HUB_UNTRUSTED', { hub: url.origin, status: response.status, reason: 'not a hub’s answer' })
  return parsed.data
}

/** Tells a certificate that is not trusted from a hub that is away, by node's error code. */
export function unreachable(url: URL, error: unknown): Failure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code =
    cause instanceof Error && 'code' in cause ? String(cause.code) : cause instanceof Error ? cause.name : 'unknown'
  const tls = /^(?:CERT_|ERR_TLS|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_SSL|HOSTNAME_MISMATCH)/.test(code)
  return new Failure(tls ? 'HUB_TLS' : 'LINK_DOWN', { hub: url.origin, reason: code }, { cause: error })
}
