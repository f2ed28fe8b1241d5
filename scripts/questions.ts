/** Flags and questions of the scripts: what a person at a terminal is asked, and the one place that knows the prompt library. */
import { confirm, isCancel, password, select, text } from '@clack/prompts'

/** The person gave up, by Ctrl-C or Esc. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/** A flag or an answer is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Ours, or that of `parseArgs`. */
export function isUsage(error: unknown): error is Error {
  const code = error instanceof TypeError && 'code' in error ? String(error.code) : ''
  return error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS')
}

export interface Question {
  readonly message: string
  /** Taken when nothing is typed. */
  readonly fallback?: string
  /** @returns what is wrong with an answer; undefined: nothing */
  readonly wrong?: (answer: string) => string | undefined
}

/** Whether there is a person to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true
}

/** @throws Cancelled */
export async function ask({ message, fallback, wrong }: Question): Promise<string> {
  const answer = await text({
    message,
    ...(fallback === undefined ? {} : { placeholder: fallback, defaultValue: fallback }),
    validate: (value) => wrong?.(value?.trim() || fallback || ''),
  })
  return given(answer).trim()
}

/** What is typed is not shown. @throws Cancelled */
export async function askSecret(message: string): Promise<string> {
  return given(await password({ message, validate: (value) => (value ? undefined : 'It is needed.') }))
}

/** @throws Cancelled */
export async function choose<T extends string>(
  message: string,
  options: readonly (readonly [T, string])[],
): Promise<T> {
  const answer = await select({
    message,
    options: options.map(([value, label]) => ({ value: value as string, label })),
  })
  const chosen = options.find(([value]) => value === given(answer))
  if (!chosen) throw new Cancelled()
  return chosen[0]
}

/** @throws Cancelled */
export async function agree(message: string): Promise<boolean> {
  return given(await confirm({ message }))
}

function given<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new Cancelled('nothing was changed')
  return answer as Exclude<T, symbol>
}
