import type { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { Worker, type WorkerParts } from './worker.ts'

const uuid = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`

function task(n: number, attempt = 1, device = n): Task {
  return {
    id: uuid(n),
    attempt,
    device: { id: uuid(1000 + device), name: `sw${device}`, address: '192.0.2.1', port: 22 },
    driver: 'linux',
    transport: 'ssh',
    secrets: 'keep',
    options: {},
    deadlineMs: Date.now() + 60_000,
  }
}

/** A hub with a list of tasks, and reads that end when told. */
function bench(tasks: Task[], parts: Partial<WorkerParts> = {}) {
  const running = new Map<string, { finish: () => void; signal: AbortSignal }>()
  const credits: number[] = []
  const claims = vi.fn()
  const call = (async (name: string, question: { credit: number }) => {
    if (name === 'renew') return { lost: [] }
    claims()
    credits.push(question.credit)
    return { tasks: tasks.splice(0, question.credit) }
  }) as WorkerParts['call']
  const worker = new Worker({
    concurrency: 2,
    call,
    isOnline: () => true,
    hasRoom: () => true,
    hubNowMs: Date.now,
    holding: () => [],
    health: () => ({ rssBytes: 1, spooled: 0, active: 0 }),
    log: pino({ level: 'silent' }),
    run: (one, _, signal) =>
      new Promise((resolve) => {
        running.set(`${one.id}/${one.attempt}`, { finish: resolve, signal })
        signal.addEventListener('abort', () => resolve())
      }),
    ...parts,
  })
  const ran = () => [...running.keys()].map((key) => Number(key.slice(24, 36)))
  return { worker, running, credits, claims, ran }
}

const online = { lost: [], renewEveryMs: 1_000_000 }

describe('the worker', () => {
  it('[JOB-5] runs as many devices at once as it may, and asks for more only when a place is free', async () => {
    const { worker, running, credits, ran } = bench([1, 2, 3, 4, 5].map((n) => task(n)))
    worker.online(online)
    await vi.waitFor(() => expect(ran()).toEqual([1, 2]))
    expect(credits).toEqual([2])
    running.get(`${uuid(1)}/1`)?.finish()
    await vi.waitFor(() => expect(ran()).toEqual([1, 2, 3]))
    expect(credits).toEqual([2, 1])
    worker.offline()
    await worker.drain(AbortSignal.abort())
  })

  it('does not ask again and again when there is no more work, until it is nudged', async () => {
    const tasks = [task(1)]
    const { worker, running, claims, ran } = bench(tasks)
    worker.online(online)
    await vi.waitFor(() => expect(ran()).toEqual([1]))
    running.get(`${uuid(1)}/1`)?.finish()
    await vi.waitFor(() => expect(worker.active).toBe(0))
    expect(claims).toHaveBeenCalledTimes(1)
    tasks.push(task(2))
    worker.nudge()
    await vi.waitFor(() => expect(ran()).toEqual([1, 2]))
    worker.offline()
    await worker.drain(AbortSignal.abort())
  })

  it('never runs a task twice that was handed out twice, and never two on one device', async () => {
    const tasks = [task(1), task(1), task(2, 1, 1)]
    const { worker, running, ran } = bench(tasks, { concurrency: 5 })
    worker.online(online)
    await vi.waitFor(() => expect(ran()).toEqual([1]))
    expect(worker.active).toBe(1)
    running.get(`${uuid(1)}/1`)?.finish()
    await vi.waitFor(() => expect(worker.active).toBe(0))
    tasks.push(task(1), task(1, 2))
    worker.nudge()
    await vi.waitFor(() => expect([...running.keys()]).toEqual([`${uuid(1)}/1`, `${uuid(1)}/2`]))
    worker.offline()
    await worker.drain(AbortSignal.abort())
  })

  it('[STK-4] cuts a task at its deadline, with a coded reason', async () => {
    const { worker, running } = bench([{ ...task(1), deadlineMs: Date.now() - 1 }])
    worker.online(online)
    await vi.waitFor(() => expect(running.get(`${uuid(1)}/1`)?.signal.aborted).toBe(true))
    expect(running.get(`${uuid(1)}/1`)?.signal.reason).toMatchObject({ code: 'TASK_DEADLINE' })
    worker.offline()
  })

  it('[STK-3] drops what the hub says is lost', async () => {
    const { worker, running } = bench([task(1), task(2)])
    worker.online(online)
    await vi.waitFor(() => expect(running.size).toBe(2))
    worker.online({ ...online, lost: [uuid(2)] })
    expect(running.get(`${uuid(2)}/1`)?.signal.reason).toBeInstanceOf(Failure)
    expect(running.get(`${uuid(1)}/1`)?.signal.aborted).toBe(false)
    worker.offline()
    await worker.drain(AbortSignal.abort())
  })

  it('[CAP-7] takes no work when the spool has no room', async () => {
    let room = false
    const { worker, claims, ran } = bench([task(1)], { hasRoom: () => room })
    worker.online(online)
    expect(claims).not.toHaveBeenCalled()
    room = true
    worker.nudge()
    await vi.waitFor(() => expect(ran()).toEqual([1]))
    worker.offline()
    await worker.drain(AbortSignal.abort())
  })

  it('waits for what runs when it is stopped, and takes nothing new', async () => {
    const { worker, running, ran } = bench([1, 2, 3].map((n) => task(n)))
    worker.online(online)
    await vi.waitFor(() => expect(ran()).toEqual([1, 2]))
    const drained = worker.drain(new AbortController().signal)
    running.get(`${uuid(1)}/1`)?.finish()
    worker.nudge()
    running.get(`${uuid(2)}/1`)?.finish()
    await drained
    expect(ran()).toEqual([1, 2])
  })
})
