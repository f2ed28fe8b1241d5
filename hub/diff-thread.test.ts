import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { diffTexts } from './diff.ts'
import { openDiffer } from './diff-thread.ts'

const side = (name: string, lines: readonly string[]) => ({ name, text: `${lines.join('\n')}\n` })
const noise = (seed: number) => Array.from({ length: 40_000 }, (_, index) => `line ${(index * seed) % 99_991}`)

describe('a diff', () => {
  it('is what diff -u prints, with the sides named', () => {
    const diff = diffTexts(side('old', ['a', 'b', 'c']), side('new', ['a', 'x', 'c']))
    expect(diff).toEqual({ unified: '--- old\n+++ new\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n', added: 1, removed: 1 })
    expect(diffTexts(side('a', ['same']), side('b', ['same']))).toEqual({ unified: '', added: 0, removed: 0 })
  })

  it('is made in a thread, several at once, each with its own answer', async () => {
    const differ = openDiffer({ timeoutMs: 20_000, maxLength: 1e6, threads: 2 })
    const found = await Promise.all([1, 2, 3].map((n) => differ.diff(side('a', ['0']), side('b', [String(n)]))))
    expect(found.map(({ unified }) => unified.at(-2))).toEqual(['1', '2', '3'])
  })

  it('of two texts that have nothing in common ends with a code, not with a hub that hangs', async () => {
    const differ = openDiffer({ timeoutMs: 50, maxLength: 1e8, threads: 1 })
    const failure = await differ
      .diff(side('a', noise(7919)), side('b', noise(104_729)))
      .catch((error: unknown) => error)
    expect(failure instanceof Failure && failure.code).toBe('DIFF_TOO_LARGE')
    expect((await openDiffer().diff(side('a', ['0']), side('b', ['1']))).added).toBe(1)
  })

  it('of texts beyond the limit is not even begun', async () => {
    const differ = openDiffer({ timeoutMs: 50, maxLength: 10, threads: 1 })
    const failure = await differ.diff(side('a', ['0123456789']), side('b', [])).catch((error: unknown) => error)
    expect(failure instanceof Failure && failure.details).toEqual({ length: 12, limit: 10 })
  })
})
