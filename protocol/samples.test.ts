import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AnswerBody, calls } from './calls.ts'
import { SealedSecret } from './claim.ts'
import { bodyDictionary } from './dictionary.ts'
import { EnrollAnswer, EnrollQuestion, EnrollResponse, enrollProof, splitEnrollmentToken } from './enroll.ts'
import { open, seal } from './envelope.ts'
import { Challenge, Handshake, Refusal } from './hello.ts'
import { keyFingerprint, newSigningKey, type VerifyKey, verifyKey } from './keys.ts'
import { nudges } from './nudges.ts'
import { gapsIn } from './sample-gaps.ts'
import { openFrom } from './sealed-box.ts'
import { type Statement, statementBytes } from './statement.ts'
import { OLDEST_SERVED_VERSION, PROTOCOL_VERSION } from './version.ts'

const schemas = { Challenge, Handshake, Refusal, EnrollQuestion, AnswerBody, ...nudges }
const text = z.string()
const Json = z.record(text, z.unknown())

const Sample = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('call'),
    call: z.enum(Object.keys(calls) as (keyof typeof calls)[]),
    side: z.enum(['question', 'answer']),
    value: Json,
    reads: Json,
  }),
  z.object({
    kind: z.literal('plain'),
    schema: z.enum(Object.keys(schemas) as (keyof typeof schemas)[]),
    value: Json,
    reads: Json,
  }),
  z.object({
    ...{
      kind: z.literal('envelope'),
      publicKey: text,
      to: text,
      session: text,
      sequence: z.number(),
      inReplyTo: z.number(),
    },
    ...{ subject: text, issuedAtMs: z.number(), lifetimeMs: z.number(), value: Json, bytes: text, envelope: text },
  }),
  z.object({ kind: z.literal('enrolled'), token: text, session: text, response: Json, reads: Json }),
  z.object({ kind: z.literal('box'), sealKey: text, secretKey: text, box: text, value: Json }),
  z.object({ kind: z.literal('statement'), publicKey: text, statement: Json, bytes: text, signature: text }),
  z.object({ kind: z.literal('dictionary'), sha256: text }),
])
type Sample = z.infer<typeof Sample>
type Of<Kind extends Sample['kind']> = Extract<Sample, { kind: Kind }>

const folderOf = (version: number) => new URL(`samples/v${version}/`, import.meta.url)
const versions = Array.from(
  { length: PROTOCOL_VERSION - OLDEST_SERVED_VERSION + 1 },
  (_, at) => OLDEST_SERVED_VERSION + at,
)
const valuesOf = (samples: readonly (readonly [string, { value: object }])[]) => samples.map(([, { value }]) => value)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const finder = (key: VerifyKey) => (id: string) => (id === key.id ? key : undefined)

describe.each(versions)('the golden samples of protocol version %i', (version) => {
  const folder = folderOf(version)
  const files = readdirSync(folder).filter((name) => name !== 'SHA256SUMS')
  const load = (file: string) => Sample.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
  const samples = files.map((file) => [file, load(file)] as const)
  const of = <Kind extends Sample['kind']>(kind: Kind) =>
    samples.filter((pair): pair is readonly [string, Of<Kind>] => pair[1].kind === kind)

  it('[TST-3] are only ever added to: none was changed or removed (a new one comes from scripts/protocol-samples.ts)', () => {
    const listed = readFileSync(new URL('SHA256SUMS', folder), 'utf8').trimEnd().split('\n')
    const found = files.map((file) => `${sha256(readFileSync(new URL(file, folder)))}  ${file}`)
    expect(found.toSorted()).toEqual(listed.toSorted())
  })

  it('cover every call, every nudge and every other message', () => {
    const pairs = of('call').map(([, { call, side }]) => `${call} ${side}`)
    for (const name of Object.keys(calls))
      expect(pairs).toEqual(expect.arrayContaining([`${name} question`, `${name} answer`]))
    expect(new Set(of('plain').map(([, { schema }]) => schema))).toEqual(new Set(Object.keys(schemas)))
    const subjects = new Set(of('envelope').map(([, { subject }]) => subject))
    expect(subjects).toEqual(new Set(Object.keys(calls).flatMap((name) => [`${name}?`, `${name}!`])))
    for (const kind of ['enrolled', 'box', 'statement', 'dictionary'] as const)
      expect(of(kind).length).toBeGreaterThan(0)
  })

  // What no sample shows may be renamed or dropped unseen. A new field wants a new sample: scripts/protocol-sample-fields.ts.
  it('[TST-3] show every field that may be left out, and every kind, of all messages', () => {
    if (version !== PROTOCOL_VERSION) return
    const ofCalls = Object.entries(calls).flatMap(([name, call]) =>
      (['question', 'answer'] as const).map((side) => ({
        ...{ path: `${name} ${side}`, schema: call[side] },
        values: valuesOf(of('call').filter(([, sample]) => sample.call === name && sample.side === side)),
      })),
    )
    const others = Object.entries(schemas).map(([name, schema]) => ({
      ...{ path: name, schema },
      values: valuesOf(of('plain').filter(([, sample]) => sample.schema === name)),
    }))
    const gaps = gapsIn([...ofCalls, ...others, { path: 'box', schema: SealedSecret, values: valuesOf(of('box')) }])
    expect(gaps).toEqual([])
  })

  // A later version may read more from an old message (a new default), never less and nothing else.
  it.each(of('call'))('[TST-3] %s is read as on the day it was made', (_, { call, side, value, reads }) => {
    expect(calls[call][side].parse(value)).toMatchObject(reads)
  })

  it.each(of('plain'))('[TST-3] %s is read as on the day it was made', (_, { schema, value, reads }) => {
    expect(schemas[schema].parse(value)).toMatchObject(reads)
  })

  it.each(of('envelope'))('[TST-3] %s opens, and says what was put in', (_, sample) => {
    const { publicKey, to, envelope, value, bytes, ...head } = sample
    const { session, sequence, inReplyTo, subject, issuedAtMs, lifetimeMs } = head
    const raw = Buffer.from(envelope, 'base64url')
    const opened = open(raw, {
      keys: finder(verifyKey(publicKey)),
      me: to,
      nowMs: issuedAtMs,
      session,
      subject,
      inReplyTo,
    })
    expect(opened).toMatchObject({ session, sequence, inReplyTo, subject, issuedAtMs, lifetimeMs, value })
    expect(Buffer.from(opened.bytes).toString('base64url')).toBe(bytes)
    expect(raw[0]).toBe(version)
    if (version !== PROTOCOL_VERSION) return

    // Deflate may choose other bytes with another zlib; what stands before the body may not.
    const key = newSigningKey()
    const anew = seal({ key, to, session, sequence, inReplyTo, subject, issuedAtMs, lifetimeMs, value })
    const headOf = (whole: Buffer) => [whole[0], whole.toString('hex', 9, 60 + subject.length)]
    expect(headOf(anew)).toEqual(headOf(raw))
  })

  it.each(of('enrolled'))(
    '[TST-3] %s lets an agent in as on the day it was made',
    (_, { token, session, response, reads }) => {
      const { publicKey, agent, envelope } = EnrollResponse.parse(response)
      expect(splitEnrollmentToken(token)?.hubFingerprint).toBe(keyFingerprint(publicKey))
      const expected = { me: agent, session, subject: 'enroll!', nowMs: 0, ignoreClock: true }
      const opened = open(Buffer.from(envelope, 'base64url'), { keys: finder(verifyKey(publicKey)), ...expected })
      expect(EnrollAnswer.parse(opened.value)).toMatchObject(reads)
    },
  )

  it('[TST-3] an enrolment’s proof is over the same bytes as on the day it was made', () => {
    for (const [, { schema, value }] of of('plain')) {
      if (schema !== 'EnrollQuestion') continue
      const { proof, ...question } = EnrollQuestion.parse(value)
      const key = verifyKey(question.signPublicKey)
      expect(key.verify(enrollProof(question), Buffer.from(proof, 'base64url'))).toBe(true)
    }
  })

  it.each(of('box'))('[TST-3] %s opens', (_, { sealKey, secretKey, box, value }) => {
    expect(openFrom(sealKey, secretKey).open(box)).toEqual(value)
  })

  it.each(of('statement'))('[HASH-6] %s is signed over the same bytes as on the day it was made', (_, sample) => {
    const bytes = statementBytes(sample.statement as unknown as Statement)
    expect(bytes.toString()).toBe(sample.bytes)
    expect(verifyKey(sample.publicKey).verify(bytes, Buffer.from(sample.signature, 'base64url'))).toBe(true)
  })

  it.each(of('dictionary'))('%s: the dictionary has not changed, or it is a new protocol version', (_, sample) => {
    if (version === PROTOCOL_VERSION) expect(sha256(bodyDictionary)).toBe(sample.sha256)
  })
})
