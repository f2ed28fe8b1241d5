/** Counts what vitest's JSON reporter wrote, so that nothing that went wrong is missing from the sum. */
import { z } from 'zod'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What a person needs to see of the failures, line by line. */
  readonly report: readonly string[]
}

export const VitestResults = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z
            .array(z.string())
            .nullish()
            .transform((messages) => messages ?? []),
        }),
      ),
    }),
  ),
})
export type VitestResults = z.infer<typeof VitestResults>

/** Lines shown of one failure. */
const SHOWN_LINES = 12
const SHOWN_COLUMNS = 600

/** A line of a stack that is not ours. */
const foreignFrame = /^\s*at .*(?:\/node_modules\/|\(?node:|<anonymous>)/

/**
 * A file that can't be loaded counts as one failed test, and so does a run that ends badly although every test passed.
 * @param status vitest's exit status
 * @param lastLines end of its output, shown when nothing else explains the status
 */
export function countResults(results: VitestResults, status: number, lastLines: readonly string[]): Tally {
  let passed = 0
  let failed = 0
  let skipped = 0
  const report: string[] = []
  const tell = (title: string, message: string) => {
    failed += 1
    const lines = message.split('\n').filter((line) => line.trim() !== '' && !foreignFrame.test(line))
    report.push(`✗ ${title}`, ...lines.slice(0, SHOWN_LINES).map((line) => `  ${line.slice(0, SHOWN_COLUMNS)}`))
  }
  for (const file of results.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1
      else if (test.status === 'failed') tell(test.fullName, test.failureMessages.join('\n'))
      else skipped += 1
    }
    const explained = file.assertionResults.some((test) => test.status === 'failed')
    if (file.status === 'failed' && !explained) tell(file.name, file.message)
  }
  if (failed === 0 && (status !== 0 || !results.success)) tell(`vitest ended with ${status}`, lastLines.join('\n'))
  if (failed + passed + skipped === 0) tell('no test ran', lastLines.join('\n'))
  return { passed, failed, skipped, report }
}
