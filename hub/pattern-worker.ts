/** The inside of the thread of `pattern-check.ts`: takes its one job along, answers, ends. Anywhere else it does nothing. */
import { createContext, runInContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { hostileTexts, hostileTextsOf } from '@netraven/protocol/hostile-texts.ts'
import type { PatternJob, PatternProblem, WrittenPattern } from './pattern-check.ts'

/** UTF-16 code units of each text. */
const LENGTH = 20_000
/** After so many slow ones the others are not tried: the file has to be corrected anyway. */
const MAX_SLOW = 3
/** What is no prompt anywhere. */
const ORDINARY = ['', 'a line of text with # in it', '# comment', 'Password: ', 'Are you sure? [Y/N]: ']

const job = (workerData as { patternJob?: PatternJob } | null)?.patternJob
if (job) parentPort?.postMessage(problemsOf(job))

function problemsOf({ patterns, limitMs }: PatternJob): PatternProblem[] {
  const problems: PatternProblem[] = []
  for (const pattern of patterns) {
    if (problems.length >= MAX_SLOW) break
    const message = problemOf(pattern, limitMs)
    if (message !== undefined) problems.push({ path: pattern.path, message })
  }
  return problems
}

function problemOf({ source, over, path }: WrittenPattern, limitMs: number): string | undefined {
  const texts = [...hostileTexts('', LENGTH), ...hostileTextsOf(source, LENGTH)]
  const isPrompt = path.join('.') === 'prompt'
  const room = createContext({
    source,
    flags: over === 'text' ? 'gm' : 'g',
    texts: over === 'text' ? texts : texts.map((text) => text.replaceAll('\n', ' ')),
    ordinary: isPrompt ? ORDINARY : [],
    found: '',
  })
  try {
    runInContext('for (const text of texts) for (const _ of text.matchAll(new RegExp(source, flags)));', room, {
      timeout: limitMs,
    })
    const fits: unknown = runInContext('ordinary.find((line) => new RegExp(source).test(line))', room, {
      timeout: limitMs,
    })
    return typeof fits === 'string' ? `fits ${JSON.stringify(fits)} too, which is no prompt` : undefined
  } catch (error) {
    const isTimeout =
      typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    if (isTimeout) return 'takes far too long on some texts; give each repetition one way to match only'
    return `cannot be used: ${error instanceof Error ? error.message : 'the engine gives up'}`
  }
}
