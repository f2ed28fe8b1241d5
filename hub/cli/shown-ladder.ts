/** A test of a device in words: where and how it is tested, and each rung on a line as soon as it is known what became of it. */
import type { Rung, Step } from '@netraven/protocol/ladder.ts'
import type { Reachability } from '../api/reachability.ts'

const MARKS = { passed: '✓', failed: '✗', skipped: '–' } as const

export class ShownLadder {
  readonly #print: (line: string) => void
  readonly #shown = new Map<Rung, Step['state']>()
  #head: string | undefined
  #climb: string | undefined

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** Prints what was not printed yet. A rung on which it came to stand again is printed again. @returns whether anything was */
  show(test: Reachability): boolean {
    if (test.state === 'queued') return false
    const isAnother = this.#climb !== undefined && this.#climb !== climbOf(test)
    this.#climb = climbOf(test)
    const head = headOf(test)
    const isNew = isAnother || this.#head !== head
    if (isNew) {
      this.#print(head)
      this.#head = head
    }
    if (isAnother) this.#shown.clear()
    const news = test.steps.filter(({ rung, state }) => this.#shown.get(rung) !== state)
    for (const step of news) {
      this.#print(lineOf(test, step))
      this.#shown.set(step.rung, step.state)
    }
    return isNew || news.length > 0
  }
}

/** The rung that is waited for, and for how long; between two, who is at work. */
export function waitingLine(test: Reachability): string {
  const { current, device, state, agent } = test
  if (state === 'queued') return `Testing ${device} … waiting for an agent`
  if (!current) return `Testing ${device} … by ${agent}`
  return columns('…', nameOf(test, current.rung), `${Math.floor(current.ms / 1000)} s`)
}

/** Whoever takes it after another was lost begins below. */
function climbOf({ agent, startedAt }: Reachability): string {
  return `${agent} ${startedAt}`
}

function headOf({ device, address, port, driver, transport, agent, site }: Reachability): string {
  const by = agent === null ? `not tried at site ${site}` : `by agent ${agent} of site ${site}`
  return `${device}: ${address} port ${port}, ${driver} over ${transport}, ${by}`
}

function lineOf(test: Reachability, { rung, state, ms, code, detail }: Step): string {
  const said = [code, detail].filter((part) => part !== undefined && part !== '').join(': ')
  return `${columns(MARKS[state], nameOf(test, rung), state === 'skipped' ? '' : timeOf(ms))}  ${said}`.trimEnd()
}

function columns(mark: string, name: string, time: string): string {
  return `${mark} ${name.padEnd(12)} ${time.padStart(7)}`
}

/** Over TLS the device proves itself by a certificate. */
function nameOf({ transport }: Reachability, rung: Rung): string {
  if (rung !== 'host-key') return rung
  return transport === 'https' ? 'certificate' : 'host key'
}

function timeOf(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}
