import { readFileSync } from 'node:fs'
import { Failure } from '@netraven/protocol/failure.ts'
import { afterAll, describe, expect, it } from 'vitest'
import type { Driver } from './driver.ts'
import { loadAll } from './loaded-drivers.ts'
import { compileDriver } from './own-driver.ts'
import type { Output } from './session.ts'
import { makeText } from './text.ts'
import { TextThread } from './text-thread.ts'

const drivers = await loadAll()

const own = (more: object = {}) =>
  compileDriver(
    JSON.stringify({ name: 'my_ios', extends: 'cisco_ios', ...more }),
    drivers,
    (source) => new RegExp(source),
  )
const config = 'version 15\nhostname sw1\nenable secret 5 s3cret\nend\n'
const outputOf = (driver: Driver, text = config): Output[] =>
  driver.commands
    .filter(({ as }) => as === 'config')
    .map((command) => ({ command, run: 'show running-config', bytes: Buffer.from(text) }))
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof Failure ? error.code : error),
  )
const recording = readFileSync(new URL('./drivers/recordings/cisco_ios.old-switch.session', import.meta.url), 'utf8')
const keep = { secrets: 'keep' } as const

describe('texts in a thread', () => {
  const thread = new TextThread()
  afterAll(() => thread.close())

  it('come out as they would here, of built-in drivers and own ones', async () => {
    const ios = drivers.find('cisco_ios') ?? (await own())
    for (const driver of [ios, await own()]) {
      expect(await thread.text(driver, 'ssh', outputOf(driver), keep)).toEqual(makeText(driver, outputOf(driver), keep))
    }
    const patterns = { ignore: [], remove: ['^hostname '] }
    expect((await thread.text(ios, 'ssh', outputOf(ios), { ...keep, patterns })).text).not.toContain('hostname')
  })

  it('fail as they would here, and the next one is none the worse', async () => {
    const mine = await own()
    expect(await codeOf(thread.text(mine, 'ssh', outputOf(mine, ''), keep))).toBe('EMPTY_READ')
    expect(await codeOf(thread.replay(mine, 'no recording'))).toBe('DRIVER_TRIAL_FAILED')
    expect(await thread.replay(mine, recording)).toMatchObject({ verdict: 'complete' })
  })

  it('of a recording are suspect when the driver does not find their end', async () => {
    const driver = await own({ commands: [{ run: 'show running-config', as: 'config', complete: '^finished$' }] })
    expect(await thread.replay(driver, recording)).toMatchObject({
      verdict: 'suspect',
      reasons: ['the end mark of the configuration is missing'],
    })
  })

  it('are called off when the agent stops: that is no failure of a device', async () => {
    const stopped = new TextThread()
    const mine = await own()
    const waiting = [1, 2].map(() => codeOf(stopped.text(mine, 'ssh', outputOf(mine), keep)))
    await new Promise((resolve) => setImmediate(resolve))
    await stopped.close()
    expect(await Promise.all(waiting)).toEqual(['CANCELLED', 'CANCELLED'])
  })

  it('with a pattern that never ends are given up in time, nobody else waits for ever, and the loop goes on', async () => {
    const short = new TextThread({ limitMs: 1500 })
    const mine = await own()
    const evil = await own({ '+volatile': ['^(?:a+)+!$'] })
    let beats = 0
    const heart = setInterval(() => {
      beats += 1
    }, 10)
    const slow = codeOf(short.text(evil, 'ssh', outputOf(evil, `${'a'.repeat(60)}\n${config}`), keep))
    const next = codeOf(short.text(mine, 'ssh', outputOf(mine), keep))
    expect([await slow, await next]).toEqual(['PATTERN_TOO_SLOW', 'nothing'])
    clearInterval(heart)
    expect(beats).toBeGreaterThan(10)
    await short.close()
  }, 30_000)
})
