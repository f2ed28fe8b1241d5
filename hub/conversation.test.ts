import { randomBytes, randomUUID } from 'node:crypto'
import { AnswerBody, type CallName } from '@netraven/protocol/calls.ts'
import { CONTENT_PART_BYTES } from '@netraven/protocol/content.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { newBoxKeys } from '@netraven/protocol/sealed-box.ts'
import { Session } from '@netraven/protocol/session.ts'
import { describe, expect, it } from 'vitest'
import { Backups } from './backups.ts'
import { AgentConversation, type ConversationParts } from './conversation.ts'
import { openLog } from './log.ts'

const hubKey = newSigningKey()
const agentKey = newSigningKey()
const hubId = randomUUID()
const challenge = randomBytes(16).toString('hex')
const agent = {
  id: randomUUID(),
  name: 'jump-1',
  siteId: randomUUID(),
  siteName: 'berlin',
  state: 'enrolled' as const,
  key: agentKey,
  boxPublicKey: newBoxKeys().publicKey,
}

const report = {
  task: randomUUID(),
  attempt: 1,
  device: randomUUID(),
  capturedAtMs: 0,
  durationMs: 0,
  outcome: {
    kind: 'read',
    contentHash: 'ab'.repeat(32),
    sizeBytes: 10,
    verdict: 'complete',
    signature: 'A'.repeat(86),
  },
}

/** Backups that take any text and remember it. */
class Taking extends Backups {
  readonly taken: { text: string; spans: readonly number[] }[] = []

  override async content(...[, question, compressed]: Parameters<Backups['content']>) {
    this.taken.push({ text: compressed.toString(), spans: question.spans ?? [] })
    return { state: 'recorded' as const }
  }
}

/** Both ends of a connection; `ask` is the agent's. */
function connect(parts: Partial<ConversationParts> = {}) {
  const lines: string[] = []
  const log = openLog({ level: 'trace', write: (line) => void lines.push(line) })
  // What it would need of a database is never reached.
  const backups = new Taking({ log } as unknown as ConstructorParameters<typeof Backups>[0])
  const conversation = new AgentConversation({
    agent,
    challenge,
    hubId,
    signingKey: () => hubKey,
    driverFile: async () => '{}',
    tried: async () => undefined,
    diagnostic: async () => ({}),
    diagnosed: async () => undefined,
    climbed: async () => undefined,
    announcedKeys: () => [hubKey],
    backups,
    arrived: async () => undefined,
    left: async () => undefined,
    seen: async () => undefined,
    claim: async () => ({ tasks: [] }),
    renew: async () => [],
    classify: (error) => (error instanceof Failure ? error : undefined),
    leaseMs: 45_000,
    renewEveryMs: 15_000,
    nowMs: () => 1000,
    log,
    ...parts,
  })
  const session = randomBytes(16).toString('hex')
  const ours = new Session({
    me: agent.id,
    peer: hubId,
    key: agentKey,
    theirChallenge: () => challenge,
    ourChallenge: session,
    keys: (id) => (id === hubKey.id ? hubKey : undefined),
    nowMs: () => 1000,
  })
  const ask = async (name: CallName, value: unknown, bytes?: Uint8Array) => {
    const { envelope, sequence } = ours.seal({ subject: `${name}?`, value, ...(bytes ? { bytes } : {}) })
    const answer = await conversation.answer(name, envelope)
    return AnswerBody.parse(ours.open(answer, { subject: `${name}!`, inReplyTo: sequence }).value)
  }
  const hello = () => ask('hello', { session, software: '1', hostname: 'h', node: '24', concurrency: 5 })
  const content = (part: number, parts: number, text: string, extra: object = {}) =>
    ask('content', { report, encoding: 'zstd', part, parts, ...extra }, Buffer.from(text))
  return { ask, hello, content, backups, lines }
}

const refusal = async (answer: Promise<unknown>) => answer.then(String, (error: Failure) => error.code)
const outOfOrder = { failure: expect.objectContaining({ code: 'CONTENT_OUT_OF_ORDER' }) }

describe('a conversation with an agent', () => {
  it('hears nothing before hello, and hello once', async () => {
    const { ask, hello } = connect()
    expect(await refusal(ask('claim', { credit: 1 }))).toBe('HELLO_REQUIRED')
    expect(await hello()).toMatchObject({ ok: { site: 'berlin', leaseMs: 45_000, lost: [] } })
    expect(await refusal(hello())).toBe('HELLO_REQUIRED')
    expect(await ask('claim', { credit: 1 })).toEqual({ ok: { tasks: [] } })
  })

  it('[DEV-2] says in hello that it wants to hear how far tests are, and listens to so much of it a second', async () => {
    let nowMs = 1000
    const heard: unknown[] = []
    const { ask, hello } = connect({ nowMs: () => nowMs, climbed: async (_, { attempt }) => void heard.push(attempt) })
    expect(await hello()).toMatchObject({ ok: { abilities: ['artifacts', 'climbs', 'keys'] } })
    const climbs = async (count: number) => {
      for (let attempt = 1; attempt <= count; attempt++) {
        expect(await ask('climbed', { task: report.task, attempt, steps: [] })).toEqual({ ok: {} })
      }
      return heard.splice(0).length
    }
    expect(await climbs(50)).toBe(20)
    expect(await climbs(1)).toBe(0)
    nowMs += 100
    expect(await climbs(5)).toBe(2)
    nowMs += 5000
    expect(await climbs(50)).toBe(20)
  })

  it('says that a question is malformed, and goes on', async () => {
    const { ask, hello } = connect()
    await hello()
    const refused = { failure: { code: 'BODY_INVALID', details: { call: 'claim', problems: 1 } } }
    expect(await ask('claim', { credit: 'much' })).toEqual(refused)
    expect(await ask('claim', { credit: 1 })).toEqual({ ok: { tasks: [] } })
  })

  it('puts a text of several parts together in order, with the places of its secrets', async () => {
    const { hello, content, backups } = connect()
    await hello()
    expect(await content(0, 3, 'one ', { spans: [4, 2] })).toEqual({ ok: { state: 'more' } })
    expect(await content(1, 3, 'two ')).toEqual({ ok: { state: 'more' } })
    expect(await content(2, 3, 'three')).toEqual({ ok: { state: 'recorded' } })
    expect(backups.taken).toEqual([{ text: 'one two three', spans: [4, 2] }])
  })

  it('never joins parts of different texts: a part out of order begins again from the first', async () => {
    const { hello, content, backups } = connect()
    await hello()
    expect(await content(1, 2, 'b')).toEqual(outOfOrder)
    await content(0, 3, 'a')
    expect(await content(2, 3, 'c')).toEqual(outOfOrder)
    expect(await content(1, 3, 'b')).toEqual(outOfOrder)
    await content(0, 2, 'a')
    expect(await content(1, 2, 'x', { report: { ...report, attempt: 2 } })).toEqual(outOfOrder)
    expect(backups.taken).toEqual([])
    await content(0, 2, 'a')
    expect(await content(1, 2, 'b')).toEqual({ ok: { state: 'recorded' } })
    expect(backups.taken).toEqual([{ text: 'ab', spans: [] }])
  })

  it('refuses a part that is larger than agreed', async () => {
    const { hello, content } = connect()
    await hello()
    const answer = await content(0, 1, 'x'.repeat(CONTENT_PART_BYTES + 1))
    expect(answer).toMatchObject({ failure: { code: 'BODY_INVALID' } })
  })

  it('a bug of the hub is told without its message, and logged with it', async () => {
    const { ask, hello, lines } = connect({ claim: () => Promise.reject(new TypeError('canary-detail')) })
    await hello()
    const answer = await ask('claim', { credit: 1 })
    expect(answer).toMatchObject({ failure: { code: 'INTERNAL' } })
    expect(JSON.stringify(answer)).not.toContain('canary-detail')
    expect(lines.join()).toContain('canary-detail')
  })
})
