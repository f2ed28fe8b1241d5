import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { type LogLevel, openLog, silentLog } from './log.ts'

function captured(options: { level?: LogLevel; pretty?: boolean; bindings?: Record<string, unknown> } = {}) {
  const lines: string[] = []
  const log = openLog({ level: 'trace', write: (line) => lines.push(line), ...options })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') }
}

const CANARY = 'c4nary-s3cret'

describe('the log', () => {
  it('is one JSON object a line, with the level in words and the time', () => {
    const { log, lines, last } = captured({ bindings: { node: 'a' } })
    log.child({ part: 'gateway' }).info({ taskId: 't1' }, 'task given out')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.endsWith('}\n')).toBe(true)
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      node: 'a',
      part: 'gateway',
      taskId: 't1',
      msg: 'task given out',
    })
  })

  it('says nothing below its level', () => {
    const { log, lines } = captured({ level: 'warn' })
    log.info('quiet')
    silentLog().fatal('quieter')
    expect(lines).toEqual([])
  })

  it.each([
    'password',
    'token',
    'secret',
    'privateKey',
    'private_key',
    'passphrase',
    'enable',
    'authorization',
    'Authorization',
    'box',
    'adminPassword',
    'enrollmentToken',
    'masterKey',
    'seed',
    'cookie',
    'text',
  ])('never shows the field %s, at any depth, in fields, bindings, errors and failures', (name) => {
    const { log, lines } = captured({ bindings: { [name]: CANARY } })
    const secret = { [name]: CANARY }
    log.info(secret, 'flat')
    log.info({ a: { b: [{ c: secret }] }, map: new Map([['x', secret]]), set: new Set([secret]) }, 'deep')
    log.child({ request: secret }).debug('bindings')
    log.error(
      { err: Object.assign(new Error('bad'), secret, { cause: Object.assign(new Error('why'), secret) }) },
      'error',
    )
    log.error({ err: new Failure('INTERNAL', secret, { cause: Object.assign(new Error('why'), secret) }) }, 'failure')
    log.error(Object.assign(new Error('bare'), secret))
    expect(lines).toHaveLength(6)
    expect(lines.join('')).not.toContain(CANARY)
    expect(lines[0]).toContain('"<redacted>"')
  })

  it('blanks passwords in URLs wherever they stand', () => {
    const { log, lines } = captured()
    const url = `postgres://hub:${CANARY}@db:5432/netraven`
    log.info({ url, list: [url], err: new Error(`cannot open ${url}`) }, `opening ${url}`)
    log.info(`opening ${url}`)
    log.info('opening %s', url)
    expect(lines.join('')).not.toContain(CANARY)
    expect(lines[0]).toContain('postgres://hub:<redacted>@db:5432/netraven')
  })

  it('shows what an error was: name, message, stack and cause; a failure with code and details', () => {
    const { log, last } = captured()
    log.error({ err: new TypeError('odd', { cause: new RangeError('deeper') }) }, 'broke')
    expect(last().err).toMatchObject({
      name: 'TypeError',
      message: 'odd',
      cause: { name: 'RangeError', message: 'deeper' },
    })
    expect(last().err.stack).toContain('log.test.ts')
    log.warn({ err: new Failure('STORAGE_FULL', { folder: '/x' }) }, 'full')
    expect(last().err).toEqual({ code: 'STORAGE_FULL', message: 'No space left on device', details: { folder: '/x' } })
    log.error(new RangeError('bare'))
    expect(last()).toMatchObject({ err: { name: 'RangeError', message: 'bare' }, msg: 'bare' })
  })

  it('survives what JSON does not: cycles, big integers, bytes, deep nests', () => {
    const { log, last } = captured()
    const cycle: Record<string, unknown> = { n: 10n, bytes: Buffer.from('abc'), when: new Date(0) }
    cycle.self = cycle
    log.info({ cycle }, 'odd')
    expect(last().cycle).toMatchObject({ n: '10', bytes: '<3 bytes>', when: '1970-01-01T00:00:00.000Z' })
  })

  it('is one readable line on a terminal', () => {
    const { log, lines } = captured({ pretty: true })
    log.info({ taskId: 't1', note: 'two words' }, 'task given out')
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}task given out taskId=t1 note="two words"\n$/)
    log.error({ err: new Failure('STORAGE_FULL') }, 'full')
    expect(lines[1]).toContain('error full')
    expect(lines[1]).toContain('STORAGE_FULL')
    log.error({ err: new Error('broke') }, 'bug')
    expect(lines[2]).toContain('log.test.ts')
  })
})
