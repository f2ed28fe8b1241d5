import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { gapsIn } from './sample-gaps.ts'

const schema = z.object({
  id: z.string(),
  size: z.number().optional(),
  names: z.array(z.object({ name: z.string(), since: z.number().optional() })).default([]),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('read'), note: z.string().optional() }),
    z.object({ kind: z.literal('failed'), details: z.record(z.string(), z.unknown()).default({}) }),
  ]),
})
const gaps = (...values: unknown[]) => gapsIn([{ path: 'report', schema, values }])
const full = { id: '1', size: 1, names: [{ name: 'a', since: 1 }], outcome: { kind: 'read', note: 'x' } }
const failed = { id: '2', outcome: { kind: 'failed', details: { port: 22 } } }

describe('gaps in samples', () => {
  it('are fields that no sample has, wherever they stand, also where a default would fill them in', () => {
    const named = { id: '2', names: [{ name: 'a' }], outcome: { kind: 'failed' } }
    expect(gaps({ id: '1', outcome: { kind: 'read' } }, named).toSorted()).toEqual([
      'report.names.since',
      'report.outcome.kind(failed).details',
      'report.outcome.kind(read).note',
      'report.size',
    ])
    expect(gaps(failed)).toContain('report.names')
  })

  it('are kinds that never come', () => {
    expect(gaps(full)).toEqual(['report.outcome.kind(failed)'])
    const either = z.union([z.object({ seen: z.string() }), z.object({ failure: z.string() })])
    expect(gapsIn([{ path: 'x', schema: either, values: [{ seen: '' }] }])).toEqual(['x.{failure}'])
  })

  it('are none when the samples together show everything', () => {
    expect(gaps(full, failed)).toEqual([])
  })

  it('are none where a schema is shown by another message that has it too', () => {
    const content = z.object({ report: schema, part: z.number() })
    const values = [{ report: failed, part: 0 }]
    const report = { path: 'report', schema, values: [full] }
    expect(gapsIn([report, { path: 'content', schema: content, values }])).toEqual([])
    expect(gapsIn([{ path: 'content', schema: content, values }])).toContain('content.report.size')
  })

  it('can’t hide in a schema of a kind that is not known here', () => {
    const odd = z.object({ a: z.tuple([z.string()]) })
    expect(() => gapsIn([{ path: 'x', schema: odd, values: [{ a: ['x'] }] }])).toThrow('x.a')
  })
})
