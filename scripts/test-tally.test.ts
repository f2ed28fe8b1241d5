import { describe, expect, it } from 'vitest'
import { countResults, VitestResults } from './test-tally.ts'

const test = (status: string, fullName = 'a test', failureMessages: string[] = []) => ({
  status,
  fullName,
  failureMessages,
})
const file = (status: string, assertionResults: unknown[], message = '') => ({
  name: 'x.test.ts',
  status,
  message,
  assertionResults,
})
const read = (success: boolean, ...testResults: unknown[]) => VitestResults.parse({ success, testResults, unknown: 1 })

describe('the last line of a test run', () => {
  it('counts what passed, failed and was skipped', () => {
    const results = read(
      false,
      file('passed', [test('passed'), test('pending'), test('skipped'), test('todo')]),
      file('failed', [
        test('passed'),
        test('failed', 'it holds', ['AssertionError: no\n    at x\n    at /a/node_modules/vitest/b.js:1:1']),
      ]),
    )
    expect(countResults(results, 1, ['tail'])).toEqual({
      passed: 2,
      failed: 1,
      skipped: 3,
      report: ['✗ it holds', '  AssertionError: no', '      at x'],
    })
  })

  it('counts a test file that cannot be loaded as a failure', () => {
    const results = read(false, file('passed', [test('passed')]), file('failed', [], 'SyntaxError: oops'))
    expect(countResults(results, 1, [])).toMatchObject({
      passed: 1,
      failed: 1,
      report: ['✗ x.test.ts', '  SyntaxError: oops'],
    })
  })

  it('counts a run that ends badly although every test passed, and shows its last words', () => {
    const results = read(true, file('passed', [test('passed')]))
    expect(countResults(results, 1, ['Unhandled Rejection'])).toMatchObject({
      failed: 1,
      report: ['✗ vitest ended with 1', '  Unhandled Rejection'],
    })
    expect(countResults(read(false, file('passed', [test('passed')])), 0, [])).toMatchObject({ failed: 1 })
  })

  it('a run of no test at all is no success', () => {
    expect(countResults(read(true), 0, ['nothing found'])).toMatchObject({ passed: 0, failed: 1 })
    expect(countResults(read(true, file('passed', [test('skipped')])), 0, [])).toMatchObject({ failed: 0, skipped: 1 })
  })
})
