/** Clients that ask as fast as they are answered, each over one connection that stays open. */
import { Agent, request } from 'node:http'

export interface Asked {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Present: POST. */
  readonly body?: string
}

export interface Question {
  /**
   * @param turn how many were asked before, by all clients
   * @param cursor what `next` found in the client's last answer
   */
  of(turn: number, cursor: string | undefined): Asked
  next?(text: string): string | undefined
}

export interface Load {
  readonly requests: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers other than 200, and none at all. */
  readonly errors: number
}

/** @param durationMs no question is asked later */
export async function loadFor(url: string, question: Question, clients: number, durationMs: number): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const tookMs: number[] = []
  let turn = 0
  let errors = 0
  const startedMs = performance.now()
  const client = async () => {
    let cursor: string | undefined
    while (performance.now() - startedMs < durationMs) {
      const asked = question.of(turn++, cursor)
      const sentMs = performance.now()
      const { status, text } = await answerTo(url, agent, asked)
      tookMs.push(performance.now() - sentMs)
      if (status !== 200) errors += 1
      cursor = question.next?.(text)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - startedMs) / 1000
  agent.destroy()
  tookMs.sort((one, other) => one - other)
  const share = (part: number) => Math.round((tookMs[Math.floor(tookMs.length * part)] ?? 0) * 10) / 10
  const requests = tookMs.length
  return { requests, perSecond: Math.round(requests / seconds), p50Ms: share(0.5), p99Ms: share(0.99), errors }
}

function answerTo(url: string, agent: Agent, { path, headers, body }: Asked) {
  const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>()
  const asking = request(
    new URL(path, url),
    { agent, headers, method: body === undefined ? 'GET' : 'POST' },
    (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
      answer.on('error', () => resolve({ status: 0, text: '' }))
    },
  )
  asking.on('error', () => resolve({ status: 0, text: '' }))
  asking.end(body)
  return promise
}
