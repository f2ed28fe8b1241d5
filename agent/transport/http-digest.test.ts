import { describe, expect, it } from 'vitest'
import { digestAnswer, digestChallenge } from './http-digest.ts'

const mufasa = {
  method: 'GET',
  uri: '/dir/index.html',
  username: 'Mufasa',
  password: 'Circle of Life',
  count: 1,
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
}
const common =
  'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'

/** RFC 7616 section 3.9.1. */
describe('the examples of RFC 7616', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('are answered as written, with %s', (algorithm, response) => {
    const challenge = digestChallenge([`Digest ${common}, algorithm=${algorithm}`])
    if (!challenge) throw new Error('no challenge')
    const answer = digestAnswer(challenge, mufasa)
    expect(answer).toContain(`response="${response}"`)
    expect(answer).toContain('nc=00000001')
    expect(answer).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"')
  })
})

/** RFC 2617 section 3.5, of which RFC 2069 is the form without qop. */
describe('older devices', () => {
  it('that ask for no quality of protection are answered without one', () => {
    const challenge = digestChallenge(['Digest realm="a", nonce="b"'])
    expect(challenge).toEqual({ realm: 'a', nonce: 'b', algorithm: 'MD5' })
    if (challenge) expect(digestAnswer(challenge, mufasa)).not.toContain('qop=')
  })
})

describe('a challenge', () => {
  it('is the strongest that can be answered, in one header or several', () => {
    expect(digestChallenge([`Digest ${common}, algorithm=MD5`, `Digest ${common}, algorithm=SHA-256`])?.algorithm).toBe(
      'SHA-256',
    )
    expect(digestChallenge(['Basic realm="x, y", Digest realm="r", nonce="n", algorithm=MD5'])?.realm).toBe('r')
  })

  it.each([
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest realm="x", nonce="n", algorithm=TIGER',
    'Digest realm="x", nonce="n", qop="auth-int"',
    'Negotiate',
    '',
  ])('%j can’t be answered', (header) => {
    expect(digestChallenge([header])).toBeUndefined()
  })
})
