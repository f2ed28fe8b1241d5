/**
 * A pattern that somebody wrote, run over what a device says while it is talked to. However it backtracks, it ends: a match is cut
 * off after a second, and a pattern that was cut off three times is not tried again until the agent starts anew. What is run over
 * whole texts is bounded elsewhere, in `text-thread.ts`: there are many matches, and each one here costs a timer.
 */
import { type Context, createContext, Script } from 'node:vm'
import { Failure } from '@netraven/protocol/failure.ts'

/** A prompt or a refusal is shorter, UTF-16 code units; a longer line is none. */
const LINE_MAX = 1000
/** Wall clock, so it must be long enough for a machine that is busy with something else, ms. */
const LIMIT_MS = 1000
const MAX_STRIKES = 3

let room: { readonly context: Context; readonly script: Script } | undefined

export class BoundedPattern extends RegExp {
  #strikes = 0

  /** @throws Failure PATTERN_TOO_SLOW */
  override exec(text: string): RegExpExecArray | null {
    if (text.length > LINE_MAX) return null
    if (this.#strikes >= MAX_STRIKES) throw this.#tooSlow()
    room ??= {
      context: createContext({ pattern: undefined, text: '', exec: RegExp.prototype.exec }),
      script: new Script('exec.call(pattern, text)'),
    }
    room.context.pattern = this
    room.context.text = text
    try {
      return room.script.runInContext(room.context, { timeout: LIMIT_MS })
    } catch (error) {
      if (!isTimeout(error)) throw error
      this.#strikes += 1
      throw this.#tooSlow()
    } finally {
      room.context.text = ''
    }
  }

  #tooSlow(): Failure {
    return new Failure('PATTERN_TOO_SLOW', { pattern: this.source.slice(0, 200), limitMs: LIMIT_MS })
  }
}

/** The error is made in the other context, so it is no `Error` of this one. */
function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
