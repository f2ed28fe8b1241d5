import { describe, expect, it } from 'vitest'
import { type ArtifactStatement, artifactStatementBytes } from './artifact.ts'

const statement: ArtifactStatement = {
  device: '01936c1e-0000-7000-8000-000000000001',
  task: '01936c1e-0000-7000-8000-000000000002',
  attempt: 3,
  name: 'full backup.ucs',
  contentHash: 'a'.repeat(64),
  sizeBytes: 11_925,
  verdict: 'complete',
  capturedAtMs: 1_795_519_202_345,
}

describe('the statement of an artifact', () => {
  it('[HASH-6] is nine plain lines that anybody can write down again', () => {
    expect(artifactStatementBytes(statement).toString().split('\n')).toEqual([
      'netraven artifact 1',
      'device 01936c1e-0000-7000-8000-000000000001',
      'task 01936c1e-0000-7000-8000-000000000002',
      'attempt 3',
      'name full backup.ucs',
      `content ${'a'.repeat(64)}`,
      'size 11925',
      'verdict complete',
      'captured 2026-11-24T11:20:02.345Z',
      '',
    ])
  })

  it('[HASH-6] that differs in any field has other bytes', () => {
    const other: ArtifactStatement = {
      ...{ device: 'x', task: 'x', attempt: 4, name: 'x', contentHash: 'b'.repeat(64), sizeBytes: 1 },
      ...{ verdict: 'suspect', capturedAtMs: 1 },
    }
    for (const field of Object.keys(statement)) {
      const changed = { ...statement, ...Object.fromEntries(Object.entries(other).filter(([name]) => name === field)) }
      expect(artifactStatementBytes(changed).equals(artifactStatementBytes(statement)), field).toBe(false)
    }
  })
})
