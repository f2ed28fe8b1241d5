import { readFileSync } from 'node:fs'
import { patternsOfFile } from '@netraven/protocol/driver-file.ts'
import { describe, expect, it } from 'vitest'
import { readDriverSource } from './driver-source.ts'
import { openPatternCheck } from './pattern-check.ts'

const check = openPatternCheck(500)
const over = (source: string, kind: 'line' | 'text' = 'line') => check([{ path: ['volatile', 0], source, over: kind }])

describe('a pattern that somebody wrote', () => {
  it.each(['^(a+)+$', '^(\\w+\\s?)*$', '(x+x+)+y', '^(?:(?:ab)*)*c', '^ (\\S+|\\S+ )*!$', '(.*a){12}'])(
    '%s is found out before it is kept: on some texts it never ends',
    async (source) => {
      expect(await over(source)).toEqual([
        { path: ['volatile', 0], message: expect.stringContaining('takes far too long') },
      ])
      expect(await over(source, 'text')).toHaveLength(1)
    },
    30_000,
  )

  it('does not keep the hub from answering meanwhile', async () => {
    let beats = 0
    const heart = setInterval(() => {
      beats += 1
    }, 10)
    await over('^(a+)+$')
    clearInterval(heart)
    expect(beats).toBeGreaterThan(3)
  })

  it('is kept when it is sound: those of the example are', async () => {
    const { file } = readDriverSource(readFileSync(new URL('../deploy/examples/acme_os.yaml', import.meta.url), 'utf8'))
    expect(await openPatternCheck()(patternsOfFile(file))).toEqual([])
    expect(await check([])).toEqual([])
  }, 60_000)

  it('is no prompt when it fits a line of text', async () => {
    const prompt = (source: string) => check([{ path: ['prompt'], source, over: 'line' }])
    expect(await prompt('^.*[>#:] ?$')).toEqual([
      { path: ['prompt'], message: 'fits "Password: " too, which is no prompt' },
    ])
    expect(await prompt('^[\\w.-]+[>#] ?$')).toEqual([])
  })

  it('of many bad ones the first few are told, so that nobody waits for all', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      path: ['secrets', index],
      source: '^(a+)+$',
      over: 'line' as const,
    }))
    expect(await check(many)).toHaveLength(3)
  }, 30_000)
})
