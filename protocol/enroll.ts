/**
 * How a jump host joins, over HTTPS before there is any key. The token names the hub's key, so that the answer can be
 * checked although the agent has never met the hub; the agent signs with its new key to prove that it holds it.
 */
import { z } from 'zod'
import { Hex16, HubKey, PublicKey, Uuid } from './hello.ts'
import { plainLine } from './plain.ts'
import { Signature } from './statement.ts'

/** `nre_` + 32 random bytes in base64url + `.` + fingerprint of the hub's signing key in base64url. */
export const EnrollmentToken = z.string().regex(/^nre_[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$/)

/** @returns the secret part, which the hub stores hashed, and the fingerprint; undefined when it is no such token */
export function splitEnrollmentToken(token: string): { secret: string; hubFingerprint: string } | undefined {
  if (!EnrollmentToken.safeParse(token).success) return undefined
  const [secret = '', hubFingerprint = ''] = token.slice(4).split('.')
  return { secret, hubFingerprint }
}

export const EnrollQuestion = z.object({
  token: EnrollmentToken,
  /** Ed25519 public key made on the jump host. */
  signPublicKey: PublicKey,
  /** X25519 public key made on the jump host. */
  boxPublicKey: PublicKey,
  /** Made by the agent; the answer is sealed to it. */
  session: Hex16,
  /** Without control characters: refused here, not made plain, since `proof` signs it. */
  name: z.string().regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u),
  software: plainLine(64),
  /** Signature over `enrollProof` by the new signing key, base64url. */
  proof: Signature,
})
export type EnrollQuestion = z.infer<typeof EnrollQuestion>

/** The bytes that `proof` signs. */
export function enrollProof(question: Omit<EnrollQuestion, 'proof'>): Buffer {
  const { token, signPublicKey, boxPublicKey, session, name } = question
  return Buffer.from(['netraven enroll', token, signPublicKey, boxPublicKey, session, name].join('\n'))
}

/** HTTP answer: `publicKey` must have the token's fingerprint; `envelope` (base64url) opens under it, subject `enroll!`. */
export const EnrollResponse = z.object({ publicKey: PublicKey, agent: Uuid, envelope: z.string() })
export type EnrollResponse = z.infer<typeof EnrollResponse>

export const EnrollAnswer = z.object({
  agent: Uuid,
  hub: Uuid,
  site: z.string(),
  name: z.string(),
  keys: z.array(HubKey).min(1).max(8),
})
export type EnrollAnswer = z.infer<typeof EnrollAnswer>
