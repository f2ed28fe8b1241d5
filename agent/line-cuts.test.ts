import { describe, expect, it } from 'vitest'
import { linesThatFit, movedSpans, withoutCuts } from './line-cuts.ts'

describe('lines taken out of a text', () => {
  const text = 'a1\nb\na2\nc\na3'

  it('go with their line feed, the first, the last and those between', () => {
    const cuts = linesThatFit(text, [/^a\d$/])
    expect(cuts.map(([from, to]) => text.slice(from, to))).toEqual(['a1\n', 'a2\n', 'a3'])
    expect(withoutCuts(text, cuts)).toBe('b\nc\n')
    expect(linesThatFit(text, [])).toEqual([])
    expect(linesThatFit('', [/^/])).toEqual([])
  })

  it('move what stood behind them, shorten what lay across, and take along what stood in them', () => {
    const cuts = [
      [3, 6],
      [10, 12],
    ] as const
    const spans = [
      [0, 2],
      [2, 4],
      [5, 8],
      [8, 11],
      [12, 14],
    ] as const
    expect(movedSpans(spans, cuts)).toEqual([
      [0, 2],
      [2, 3],
      [3, 5],
      [5, 7],
      [7, 9],
    ])
    expect(
      movedSpans(
        [
          [3, 6],
          [9, 10],
          [10, 12],
        ],
        cuts,
      ),
    ).toEqual([[6, 7]])
    expect(movedSpans([[1, 2]], [])).toEqual([[1, 2]])
  })
})
