import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure, type FailureCode } from './failure.ts'
import { newSigningKey, signingKey } from './keys.ts'
import { Session, type SessionParts } from './session.ts'

const HUB = '01936c1e-0000-7000-8000-000000000001'
const AGENT = '01936c1e-0000-7000-8000-000000000002'
const HUB_CHALLENGE = '1'.repeat(32)
const AGENT_CHALLENGE = '2'.repeat(32)
const hubKey = signingKey(Buffer.alloc(32, 1).toString('base64url'))
const agentKey = signingKey(Buffer.alloc(32, 2).toString('base64url'))
const keys = (id: string) => [hubKey, agentKey].find((key) => key.id === id)

const agentSide = (parts: Partial<SessionParts> = {}) =>
  new Session({
    ...{ me: AGENT, peer: HUB, key: agentKey, keys, nowMs: () => 1_000_000 },
    ...{ theirChallenge: () => HUB_CHALLENGE, ourChallenge: AGENT_CHALLENGE },
    ...parts,
  })
const hubSide = (parts: Partial<SessionParts> = {}) =>
  new Session({
    ...{ me: HUB, peer: AGENT, key: hubKey, keys, nowMs: () => 1_000_000 },
    ...{ theirChallenge: () => AGENT_CHALLENGE, ourChallenge: HUB_CHALLENGE },
    ...parts,
  })

function codeOf(run: () => unknown): FailureCode | 'accepted' {
  try {
    run()
    return 'accepted'
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

describe('a session', () => {
  it('carries questions and answers, each under its own number', () => {
    const agent = agentSide()
    const hub = hubSide()
    for (const expected of [1, 2, 3]) {
      const question = agent.seal({ subject: 'claim?', value: { credit: expected }, bytes: Buffer.from('q') })
      expect(question.sequence).toBe(expected)
      const asked = hub.open(question.envelope, { subject: 'claim?' })
      expect([asked.value, Buffer.from(asked.bytes).toString()]).toEqual([{ credit: expected }, 'q'])
      const answer = hub.seal({ subject: 'claim!', value: { ok: {} }, inReplyTo: asked.sequence })
      const told = agent.open(answer.envelope, { subject: 'claim!', inReplyTo: question.sequence })
      expect(told.value).toEqual({ ok: {} })
    }
  })

  it('takes each message once and none after a later one, in whatever order they are delivered and repeated', () => {
    const order = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 20 })
    fc.assert(
      fc.property(order, (delivered) => {
        const agent = agentSide()
        const hub = hubSide()
        const sent = Array.from({ length: 7 }, (_, value) => agent.seal({ subject: 'renew?', value }).envelope)
        let last = -1
        for (const index of delivered) {
          const code = codeOf(() => hub.open(sent[index] ?? Buffer.alloc(0), { subject: 'renew?' }))
          expect(code).toBe(index > last ? 'accepted' : 'ENVELOPE_REPLAYED')
          last = Math.max(last, index)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('refuses a message of another connection, although it is the first there', () => {
    const recorded = agentSide().seal({ subject: 'hello?', value: {} }).envelope
    expect(codeOf(() => hubSide().open(recorded, { subject: 'hello?' }))).toBe('accepted')
    const anew = hubSide({ ourChallenge: '3'.repeat(32) })
    expect(codeOf(() => anew.open(recorded, { subject: 'hello?', ignoreClock: true }))).toBe('ENVELOPE_REPLAYED')
  })

  it('refuses an answer to another question, and a question where an answer is due', () => {
    const agent = agentSide()
    const hub = hubSide()
    agent.seal({ subject: 'claim?', value: {} })
    const second = agent.seal({ subject: 'claim?', value: {} })
    const answer = hub.seal({ subject: 'claim!', value: {}, inReplyTo: 1 }).envelope
    const expected = { subject: 'claim!', inReplyTo: second.sequence }
    expect(codeOf(() => agent.open(answer, expected))).toBe('ENVELOPE_REPLAYED')
    const unasked = hub.seal({ subject: 'claim!', value: {} }).envelope
    expect(codeOf(() => agent.open(unasked, expected))).toBe('ENVELOPE_REPLAYED')
    expect(codeOf(() => agent.open(answer, { subject: 'claim!' }))).toBe('ENVELOPE_REPLAYED')
  })

  it('refuses its own message when it is thrown back', () => {
    const agent = agentSide()
    const own = agent.seal({ subject: 'claim?', value: {} }).envelope
    expect(codeOf(() => agent.open(own, { subject: 'claim?' }))).toBe('ENVELOPE_FOREIGN')
  })

  it('goes on after a refused message as if it had never come', () => {
    const hub = hubSide()
    const agent = agentSide()
    const first = agent.seal({ subject: 'claim?', value: 1 }).envelope
    const altered = Buffer.from(first)
    altered[44] = 200
    expect(codeOf(() => hub.open(altered, { subject: 'claim?' }))).toBe('ENVELOPE_BAD_SIGNATURE')
    expect(codeOf(() => hub.open(first, { subject: 'report?' }))).toBe('ENVELOPE_SUBJECT')
    expect(codeOf(() => hub.open(first, { subject: 'claim?' }))).toBe('accepted')
  })

  it('signs with one of two keys at rotation, and knows both', () => {
    const next = newSigningKey()
    const agent = agentSide({ keys: (id) => [hubKey, next].find((key) => key.id === id) })
    const old = hubSide().seal({ subject: 'claim!', value: 1, inReplyTo: 1 }).envelope
    const young = hubSide({ key: next }).seal({ subject: 'claim!', value: 1, inReplyTo: 1 }).envelope
    expect(agent.open(old, { subject: 'claim!', inReplyTo: 1 }).keyId).toBe(hubKey.id)
    const other = agentSide({ keys: (id) => (id === next.id ? next : undefined) })
    expect(other.open(young, { subject: 'claim!', inReplyTo: 1 }).keyId).toBe(next.id)
    expect(codeOf(() => other.open(old, { subject: 'claim!', inReplyTo: 1 }))).toBe('ENVELOPE_UNKNOWN_KEY')
  })

  it('[TOK-7] bears clocks a minute apart, and the message itself two; not more', () => {
    const open = (skewMs: number, ignoreClock = false) => {
      const { envelope } = agentSide({ nowMs: () => 1_000_000 }).seal({ subject: 'renew?', value: {} })
      const hub = hubSide({ nowMs: () => 1_000_000 + skewMs })
      return codeOf(() => hub.open(envelope, { subject: 'renew?', ignoreClock }))
    }
    expect([open(-60_000), open(-60_001)]).toEqual(['accepted', 'ENVELOPE_EARLY'])
    expect([open(180_000), open(180_001)]).toEqual(['accepted', 'ENVELOPE_EXPIRED'])
    expect([open(-86_400_000, true), open(86_400_000, true)]).toEqual(['accepted', 'accepted'])
  })

  it('seals nothing before the other side’s challenge is known', () => {
    const hub = hubSide({ theirChallenge: () => '' })
    expect(() => hub.seal({ subject: 'hello!', value: {}, inReplyTo: 1 })).toThrow(RangeError)
  })

  it('is used up when its numbers are, and never begins again at one', () => {
    const agent = agentSide({ maxSequence: 2 })
    expect([1, 2].map((value) => agent.seal({ subject: 'claim?', value }).sequence)).toEqual([1, 2])
    expect(codeOf(() => agent.seal({ subject: 'claim?', value: 3 }))).toBe('LINK_DOWN')
    expect(codeOf(() => agent.seal({ subject: 'claim?', value: 4 }))).toBe('LINK_DOWN')
  })
})
