import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer, Asked } from '@netraven/protocol/calls.ts'
import { CONTENT_PART_BYTES } from '@netraven/protocol/content.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Report } from '@netraven/protocol/report.ts'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Reporter, type ReporterParts } from './reporter.ts'
import { Spool } from './spool.ts'

const uuid = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`
let dir: string
let spool: Spool
let reporter: Reporter | undefined

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'netraven-reporter-'))
  spool = await Spool.open({ dir, key: 'ab'.repeat(32), maxBytes: 1e9, damaged: () => undefined })
})
afterEach(async () => {
  reporter?.stop()
  await spool.close()
  await rm(dir, { recursive: true })
})

function add(n: number, bytes = 10): Promise<void> {
  const report: Report = {
    task: uuid(n),
    attempt: 1,
    device: uuid(n + 1000),
    capturedAtMs: 1,
    durationMs: 1,
    outcome: {
      kind: 'read',
      contentHash: 'a'.repeat(64),
      sizeBytes: bytes,
      verdict: 'complete',
      signature: `${'b'.repeat(85)}A`,
    },
  }
  return spool.add({ report, spans: [1, 2], compressed: Buffer.alloc(bytes, n) })
}

type State = Answer<'report'>['results'][number]['state']

/** A hub that answers as told, and remembers. */
function hub(answerOf: (report: Report) => State, content?: (question: Asked<'content'>) => Answer<'content'>) {
  const batches: number[] = []
  const texts = new Map<string, number>()
  const call = (async (name: string, question: Asked<'report'> & Asked<'content'>, bytes: Uint8Array) => {
    if (name === 'report') {
      batches.push(question.reports.length)
      return { results: question.reports.map((report) => ({ task: report.task, state: answerOf(report as Report) })) }
    }
    texts.set(question.report.task, (texts.get(question.report.task) ?? 0) + bytes.length)
    return content?.(question) ?? { state: question.part + 1 < question.parts ? 'more' : 'recorded' }
  }) as ReporterParts['call']
  reporter = new Reporter({ spool, call, isOnline: () => true, random: () => 0, log: pino({ level: 'silent' }) })
  return { batches, texts, reporter }
}

describe('the reporter', () => {
  it('sends hashes of many results in one message, and no text that the hub has', async () => {
    for (let n = 0; n < 70; n++) await add(n)
    const { batches, texts, reporter } = hub(() => 'recorded')
    reporter.online()
    await vi.waitFor(() => expect(spool.size).toBe(0))
    expect(batches).toEqual([64, 6])
    expect(texts.size).toBe(0)
  })

  it('sends the text when the hub needs it, in parts that fit a message', async () => {
    await add(1, CONTENT_PART_BYTES * 2 + 5)
    await add(2)
    const { texts, reporter } = hub(() => 'need')
    reporter.online()
    await vi.waitFor(() => expect(spool.size).toBe(0))
    expect(texts.get(uuid(1))).toBe(CONTENT_PART_BYTES * 2 + 5)
    expect(texts.get(uuid(2))).toBe(10)
  })

  it('[STO-4] keeps a result that the hub can’t take just now, and brings it again', async () => {
    await add(1)
    let times = 0
    const { reporter } = hub(() => (++times < 3 ? 'later' : 'recorded'))
    reporter.online()
    await vi.waitFor(() => expect(spool.size).toBe(0))
    expect(times).toBe(3)
  })

  it('keeps everything when the link breaks in the middle, and goes on when it is back', async () => {
    await add(1)
    let broken = true
    const { reporter } = hub(() => {
      if (broken) throw new Failure('LINK_DOWN')
      return 'recorded'
    })
    reporter.online()
    await reporter.flush()
    expect(spool.size).toBe(1)
    broken = false
    reporter.online()
    await vi.waitFor(() => expect(spool.size).toBe(0))
  })

  it('gives up one result that the hub can’t read, and brings the others', async () => {
    for (const n of [1, 2, 3]) await add(n)
    const brought: string[] = []
    const { reporter } = hub((report) => {
      if (report.task === uuid(2)) throw new Failure('BODY_INVALID')
      brought.push(report.task)
      return 'recorded'
    })
    reporter.online()
    await vi.waitFor(() => expect(spool.size).toBe(0))
    expect(new Set(brought)).toEqual(new Set([uuid(1), uuid(3)]))
  })

  it('forgets a result that the hub will never take', async () => {
    await add(1)
    const { reporter } = hub(() => 'refused')
    reporter.online()
    await vi.waitFor(() => expect(spool.size).toBe(0))
  })

  it('[HASH-2] sends a text again that was damaged on the way, and reports the task as failed after three times', async () => {
    await add(1)
    const kinds: string[] = []
    let sent = 0
    const { reporter } = hub(
      (report) => {
        kinds.push(report.outcome.kind)
        return report.outcome.kind === 'read' ? 'need' : 'recorded'
      },
      () => {
        sent++
        return { state: 'refused', failure: new Failure('TRANSMISSION_CORRUPT').toJSON() }
      },
    )
    reporter.online()
    await vi.waitFor(() => expect(spool.size).toBe(0))
    expect(sent).toBe(3)
    expect(kinds.at(-1)).toBe('failed')
  })

  describe('with files beside a result', () => {
    const artifact = {
      ...{ source: 'get /x', name: 'x', contentHash: 'c'.repeat(64), sizeBytes: 5, verdict: 'complete' as const },
      signature: `${'b'.repeat(85)}A`,
    }
    async function addWithFile(): Promise<void> {
      const head = { task: uuid(1), attempt: 1, device: uuid(2), capturedAtMs: 1, durationMs: 1 }
      const report: Report = { ...head, outcome: { kind: 'artifacts', artifacts: [artifact] } }
      await spool.add({ report, spans: [], compressed: new Uint8Array(0) })
    }
    function hubOf(answers: ('need' | 'recorded')[], parts: () => AsyncGenerator<Buffer>) {
      const said: string[] = []
      const call = (async (name: string, question: Asked<'report'>) => {
        const kind = name === 'report' ? question.reports[0]?.outcome.kind : undefined
        said.push(kind === undefined ? name : `${name} ${kind}`)
        if (name === 'artifact') return { state: 'recorded' }
        const state = kind === 'failed' ? 'recorded' : (answers.shift() ?? 'recorded')
        return { results: [{ task: uuid(1), state, ...(state === 'need' ? { artifacts: [0] } : {}) }] }
      }) as ReporterParts['call']
      const log = pino({ level: 'silent' })
      reporter = new Reporter({ spool, artifacts: { parts }, call, isOnline: () => true, random: () => 0, log })
      reporter.online()
      return said
    }

    it('sends those that the hub asks for, and then the result again', async () => {
      await addWithFile()
      const said = hubOf(['need', 'recorded'], async function* () {
        yield Buffer.from('part')
      })
      await vi.waitFor(() => expect(spool.size).toBe(0))
      expect(said).toEqual(['report artifacts', 'artifact', 'report artifacts'])
    })

    it('one that is lost on disk makes the task fail, instead of being asked for without end', async () => {
      await addWithFile()
      const said = hubOf(['need', 'need', 'need'], async function* () {
        yield* []
        throw new Failure('SPOOL_CORRUPT')
      })
      await vi.waitFor(() => expect(spool.size).toBe(0))
      expect(said).toEqual(['report artifacts', 'report failed'])
    })
  })
})
