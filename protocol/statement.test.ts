import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signingKey } from './keys.ts'
import { Sha256, Signature, type Statement, statementBytes } from './statement.ts'

const key = signingKey(Buffer.alloc(32, 9).toString('base64url'))
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString('hex'))
const counts = fc.integer({ min: 1, max: 2 ** 31 - 1 })
const statements: fc.Arbitrary<Statement> = fc.record({
  device: fc.uuid(),
  task: fc.uuid(),
  attempt: counts,
  contentHash: hashes,
  fingerprint: hashes,
  sizeBytes: counts,
  verdict: fc.constantFrom('complete', 'suspect'),
  capturedAtMs: fc.integer({ min: 0, max: 8.64e15 }),
})

describe('a statement', () => {
  it('[HASH-6] is nine plain lines that anybody can write down again', () => {
    const bytes = statementBytes({
      device: '01936c1e-0000-7000-8000-000000000001',
      task: '01936c1e-0000-7000-8000-000000000002',
      attempt: 3,
      contentHash: 'a'.repeat(64),
      fingerprint: 'b'.repeat(64),
      sizeBytes: 11_925,
      verdict: 'complete',
      capturedAtMs: 1_795_519_202_345,
    })
    expect(bytes.toString().split('\n')).toEqual([
      'netraven statement 1',
      'device 01936c1e-0000-7000-8000-000000000001',
      'task 01936c1e-0000-7000-8000-000000000002',
      'attempt 3',
      `content ${'a'.repeat(64)}`,
      `fingerprint ${'b'.repeat(64)}`,
      'size 11925',
      'verdict complete',
      'captured 2026-11-24T11:20:02.345Z',
      '',
    ])
  })

  it('[HASH-6] that differs in any field has other bytes, so its signature fits no other', () => {
    fc.assert(
      fc.property(statements, statements, fc.constantFrom(...Object.keys(statementOf())), (one, other, field) => {
        const changed = { ...one, [field]: other[field as keyof Statement] }
        fc.pre(changed[field as keyof Statement] !== one[field as keyof Statement])
        expect(statementBytes(changed).equals(statementBytes(one))).toBe(false)
        expect(key.verify(statementBytes(changed), key.sign(statementBytes(one)))).toBe(false)
      }),
    )
  })

  it('is always nine lines of printable ASCII', () => {
    fc.assert(
      fc.property(statements, (statement) => {
        expect(statementBytes(statement).toString('latin1')).toMatch(/^([\x20-\x7e]+\n){9}$/)
      }),
    )
  })
})

describe('a signature', () => {
  it('has one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (raw) => {
        const text = Buffer.from(raw).toString('base64url')
        expect(Signature.safeParse(text).success).toBe(true)
        const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(text.slice(-1))
        const twin = `${text.slice(0, -1)}${'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last + 1]}`
        expect(Buffer.from(twin, 'base64url').equals(Buffer.from(raw))).toBe(true)
        expect(Signature.safeParse(twin).success).toBe(false)
      }),
    )
  })

  it.each(['', 'A'.repeat(85), `${'A'.repeat(86)}\n`, `${'A'.repeat(87)}`, `${'+'.repeat(85)}A`])(
    'is not %j',
    (odd) => {
      expect(Signature.safeParse(odd).success).toBe(false)
    },
  )
})

describe('a hash', () => {
  it.each(['', 'a'.repeat(63), 'A'.repeat(64), `${'a'.repeat(64)}\n`, 'g'.repeat(64)])('is not %j', (odd) => {
    expect(Sha256.safeParse(odd).success).toBe(false)
  })
})

function statementOf(): Record<keyof Statement, true> {
  return {
    ...{ device: true, task: true, attempt: true, contentHash: true },
    ...{ fingerprint: true, sizeBytes: true, verdict: true, capturedAtMs: true },
  }
}
