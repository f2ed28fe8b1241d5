import { randomUUID } from 'node:crypto'
import type { Asked } from '@netraven/protocol/calls.ts'
import { ClimbedQuestion } from '@netraven/protocol/climb.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Rung } from '@netraven/protocol/ladder.ts'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { Climbs } from './climbs.ts'
import { Ladder } from './ladder.ts'

const log = pino({ level: 'silent' })
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A hub that takes each message when the test says so, and a clock whose pauses end when the test says so. */
function hub() {
  const told: Asked<'climbed'>[] = []
  const answers: ((failure?: Failure) => void)[] = []
  const pauses: { ms: number; end: () => void }[] = []
  const climbs = new Climbs({
    log,
    call: (_, question) => {
      told.push(ClimbedQuestion.parse(question))
      return new Promise((resolve, reject) => {
        answers.push((failure) => (failure ? reject(failure) : resolve({})))
      })
    },
    clock: {
      nowMs: () => 0,
      after: (ms, end) => {
        pauses.push({ ms, end })
        return () => undefined
      },
    },
  })
  const ladder = new Ladder(() => 0)
  const task = { id: randomUUID(), attempt: 2 }
  /** The hub has answered, and the pause is over. */
  const next = async (failure?: Failure) => {
    answers.shift()?.(failure)
    await settled()
    pauses.shift()?.end()
    await settled()
  }
  const climb = (passed: Rung, entered: Rung) => {
    ladder.pass(passed)
    ladder.enter(entered)
    return settled()
  }
  const seen = () => told.map(({ steps, current }) => [steps.at(-1)?.rung, current?.rung])
  return { climbs, ladder, task, told, seen, next, climb, pauses }
}

describe('tests as they climb', () => {
  it('[DEV-2] the hub hears each rung in its order, one message at a time, with the attempt that it belongs to', async () => {
    const { climbs, ladder, task, told, seen, next, climb, pauses } = hub()
    climbs.online(['climbs'])
    climbs.follow(task, ladder)
    ladder.enter('tcp')
    await settled()
    await climb('tcp', 'banner')
    await climb('banner', 'host-key')
    expect(seen()).toEqual([['dns', 'tcp']])
    await next()
    // What happened meanwhile goes at once.
    expect(seen().slice(1)).toEqual([['banner', 'host-key']])
    await next()
    await climb('host-key', 'login')
    expect(seen().slice(2)).toEqual([['host-key', 'login']])
    expect(told[2]).toMatchObject({ task: task.id, attempt: 2, steps: expect.any(Array), current: { ms: 0 } })
    expect(told[2]?.steps.map(({ state }) => state)).toEqual(['skipped', 'passed', 'passed', 'passed'])
    expect(pauses).toEqual([])
  })

  it('[DEV-2] a rung that is passed too fast for a message of its own waits for the pause between two', async () => {
    const { climbs, ladder, task, seen, next, climb, pauses } = hub()
    climbs.online(['climbs'])
    climbs.follow(task, ladder)
    ladder.enter('tcp')
    await settled()
    await next()
    await climb('tcp', 'banner')
    expect(seen()).toHaveLength(2)
    await climb('banner', 'host-key')
    await settled()
    expect([seen().length, pauses.map(({ ms }) => ms)]).toEqual([2, []])
    await next()
    expect(seen()).toHaveLength(3)
  })

  it('[DEV-2] a hub that refuses a rung, or never got it, is told of the next all the same', async () => {
    const { climbs, ladder, task, seen, next, climb } = hub()
    climbs.online(['climbs'])
    climbs.follow(task, ladder)
    ladder.enter('tcp')
    await settled()
    await next(new Failure('TASK_NOT_HELD'))
    await climb('tcp', 'banner')
    await next(new Failure('LINK_DOWN'))
    await climb('banner', 'host-key')
    expect(seen()).toEqual([
      ['dns', 'tcp'],
      ['tcp', 'banner'],
      ['banner', 'host-key'],
    ])
  })

  it('[DEV-2] [MIG-2] an older hub is told of none, one that comes instead of it where the climb stands now', async () => {
    const { climbs, ladder, task, seen, climb } = hub()
    climbs.online(['artifacts'])
    climbs.follow(task, ladder)
    await climb('tcp', 'banner')
    climbs.offline()
    await climb('banner', 'host-key')
    expect(seen()).toEqual([])
    climbs.online(['artifacts', 'climbs'])
    await settled()
    expect(seen()).toEqual([['banner', 'host-key']])
  })

  it('[DEV-2] after the end of a test nothing more is told of it, and others are', async () => {
    const { climbs, ladder, task, told, next } = hub()
    const other = { task: { id: randomUUID(), attempt: 1 }, ladder: new Ladder(() => 0) }
    climbs.online(['climbs'])
    const unfollow = climbs.follow(task, ladder)
    climbs.follow(other.task, other.ladder)
    ladder.enter('tcp')
    await settled()
    ladder.enter('banner')
    other.ladder.enter('tcp')
    unfollow()
    ladder.enter('login')
    await next()
    await next()
    expect(told.map((one) => one.task)).toEqual([task.id, other.task.id])
  })
})
