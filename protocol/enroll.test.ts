import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EnrollmentToken, EnrollQuestion, EnrollResponse, enrollProof, splitEnrollmentToken } from './enroll.ts'
import { keyFingerprint, newSigningKey, verifyKey } from './keys.ts'
import { newBoxKeys } from './sealed-box.ts'

/** Any UTF-16 unit, also half of a pair. */
const utf16 = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))

const hub = newSigningKey()
const agent = newSigningKey()
const secret = Buffer.alloc(32, 5).toString('base64url')
const token = `nre_${secret}.${keyFingerprint(hub.publicKey)}`
const unsigned = {
  token,
  signPublicKey: agent.publicKey,
  boxPublicKey: newBoxKeys().publicKey,
  session: 'ab'.repeat(16),
  name: 'jump-1',
  software: '0.1.0',
}
const question = { ...unsigned, proof: Buffer.from(agent.sign(enrollProof(unsigned))).toString('base64url') }
const proves = ({ proof, ...rest }: EnrollQuestion) =>
  verifyKey(rest.signPublicKey).verify(enrollProof(rest), Buffer.from(proof, 'base64url'))

describe('an enrolment token', () => {
  it('names its secret and the hub’s key, so the first contact can’t be intercepted', () => {
    expect(splitEnrollmentToken(token)).toEqual({ secret, hubFingerprint: keyFingerprint(hub.publicKey) })
    expect(keyFingerprint(newSigningKey().publicKey)).not.toBe(splitEnrollmentToken(token)?.hubFingerprint)
  })

  it('is told from anything else', () => {
    const odd = [
      '',
      'nre_',
      token.slice(1),
      token.slice(0, -1),
      `${token}A`,
      `${token}\n`,
      ` ${token}`,
      token.replace('.', '-'),
      `${token}.${secret}`,
    ]
    for (const text of odd) {
      expect(splitEnrollmentToken(text)).toBeUndefined()
      expect(EnrollmentToken.safeParse(text).success).toBe(false)
    }
    fc.assert(
      fc.property(fc.string({ unit: utf16 }), (text) => {
        expect(splitEnrollmentToken(text)).toBeUndefined()
      }),
    )
  })
})

describe('an enrolment', () => {
  it('proves that the agent holds the key that it brings', () => {
    expect(EnrollQuestion.parse(question)).toEqual(question)
    expect(proves(question)).toBe(true)
  })

  it.each(['token', 'signPublicKey', 'boxPublicKey', 'session', 'name'] as const)(
    'with another %s than was signed proves nothing',
    (field) => {
      const other = { ...question, signPublicKey: newSigningKey().publicKey, boxPublicKey: newBoxKeys().publicKey }
      const changed = { ...other, token: token.replace('_BQ', '_BR'), session: 'cd'.repeat(16), name: 'jump-2' }
      expect(changed[field]).not.toBe(question[field])
      expect(proves({ ...question, [field]: changed[field] })).toBe(false)
    },
  )

  it('signs no two questions alike', () => {
    const name = fc.string({ minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(name, name, (one, other) => {
        const [a, b] = [one, other].map((each) => enrollProof({ ...unsigned, name: each }))
        expect(a?.equals(b ?? Buffer.alloc(0))).toBe(one === other)
      }),
    )
  })

  it.each<[string, object]>([
    ['a token that is none', { token: 'nre_x' }],
    ['a signing key of 31 bytes', { signPublicKey: 'A'.repeat(42) }],
    ['a signing key with a second spelling', { signPublicKey: `${'A'.repeat(42)}B` }],
    ['a box key that is no base64url', { boxPublicKey: '+'.repeat(43) }],
    ['the zero session', { session: '0'.repeat(32) }],
    ['no name', { name: '' }],
    ['a name of 256 characters', { name: 'x'.repeat(256) }],
    ['a name of two lines', { name: 'jump\n1' }],
    ['a name with NUL', { name: 'jump\u0000' }],
    ['a name with half a character', { name: 'jump\ud83d' }],
    ['a short proof', { proof: 'A'.repeat(85) }],
    ['no proof', { proof: undefined }],
  ])('with %s is refused', (_, change) => {
    expect(EnrollQuestion.safeParse({ ...question, ...change }).success).toBe(false)
  })

  it('is answered with a key, an id and an envelope, or it is no hub’s answer', () => {
    const response = { publicKey: hub.publicKey, agent: '01936c1e-0000-7000-8000-000000000001', envelope: 'AQ' }
    expect(EnrollResponse.safeParse(response).success).toBe(true)
    for (const odd of [
      { ...response, publicKey: 'x' },
      { ...response, agent: '1' },
      { ...response, envelope: 7 },
      {},
      null,
    ]) {
      expect(EnrollResponse.safeParse(odd).success).toBe(false)
    }
  })
})
