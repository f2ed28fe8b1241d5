/** The replay device in a process of its own, for tests, the demo and the bench, and how to steer it from there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Faults } from './faults.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

const Greeting = z.object({
  devices: z.array(z.object({ name: z.string(), address: z.string(), port: z.number(), hostKey: z.string() })),
})
const Usage = z.object({
  cpuMs: z.number(),
  logins: z.number(),
  cpuMsPerLogin: z.number().nullable(),
  residentMb: z.number(),
})
const Stats = z.object({
  connections: z.number(),
  attempts: z.array(z.string()),
  logins: z.number(),
  open: z.number(),
})
const Answer = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  usage: Usage.optional(),
  stats: z.record(z.string(), Stats).optional(),
})

export type ReplayedDevice = z.infer<typeof Greeting>['devices'][number]

export interface ReplayProcess {
  readonly pid: number
  readonly devices: readonly ReplayedDevice[]
  /** @param device its name, or `*` for all */
  fail(device: string, faults: Partial<Faults>): Promise<void>
  replace(device: string, pairs: readonly (readonly [from: string, to: string])[]): Promise<void>
  stats(): Promise<Record<string, z.infer<typeof Stats>>>
  usage(): Promise<z.infer<typeof Usage>>
  stop(): Promise<void>
}

/** @param args as `main.ts --help` tells. @throws Error with what it said when it did not start */
export async function startReplayProcess(args: readonly string[] = []): Promise<ReplayProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const gone = once(child, 'close')
  let complaint = ''
  child.stderr.on('data', (bytes: Buffer) => {
    complaint += bytes.toString()
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const line = await lines.next()
    if (line.done) throw new Error(`the replay device ended: ${complaint.trim()}`)
    return JSON.parse(line.value)
  }
  const { devices } = Greeting.parse(await next())
  let last: Promise<unknown> = Promise.resolve()
  const order = (what: object) => {
    const answer = last.then(async () => {
      child.stdin.write(`${JSON.stringify(what)}\n`)
      const { ok, error, ...rest } = Answer.parse(await next())
      if (!ok) throw new Error(error ?? 'the replay device refused')
      return rest
    })
    last = answer.catch(() => undefined)
    return answer
  }
  return {
    pid: child.pid ?? 0,
    devices,
    fail: async (device, faults) => void (await order({ device, fail: faults })),
    replace: async (device, pairs) => void (await order({ device, replace: pairs })),
    stats: async () => z.record(z.string(), Stats).parse((await order({ stats: true })).stats),
    usage: async () => Usage.parse((await order({ usage: true })).usage),
    stop: async () => {
      child.stdin.end()
      await gone
    },
  }
}
