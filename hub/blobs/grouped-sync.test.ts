import { describe, expect, it } from 'vitest'
import { groupedSync } from './grouped-sync.ts'

describe('one fsync for many writers', () => {
  /** An fsync under the test's control. */
  function controlled() {
    const runs: { folder: string; done: () => void; fail: (error: Error) => void }[] = []
    const sync = groupedSync((folder) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      runs.push({ folder, done: resolve, fail: reject })
      return promise
    })
    return { runs, sync }
  }

  it('starts at once when none runs, and those who come meanwhile share the next one', async () => {
    const { runs, sync } = controlled()
    const first = sync('a')
    const later = [sync('a'), sync('a'), sync('a')]
    expect(runs).toHaveLength(1)
    runs[0]?.done()
    await first
    expect(runs).toHaveLength(2)
    runs[1]?.done()
    await Promise.all(later)
    const again = sync('a')
    expect(runs).toHaveLength(3)
    runs[2]?.done()
    await again
  })

  it('keeps folders apart', async () => {
    const { runs, sync } = controlled()
    const both = [sync('a'), sync('b')]
    expect(runs.map((run) => run.folder)).toEqual(['a', 'b'])
    for (const run of runs) run.done()
    await Promise.all(both)
  })

  it('tells a failure to those whom it concerns, and the next ones get an fsync of their own', async () => {
    const { runs, sync } = controlled()
    const first = sync('a')
    const second = sync('a')
    runs[0]?.fail(new Error('disk'))
    await expect(first).rejects.toThrow('disk')
    runs[1]?.done()
    await second
  })
})
