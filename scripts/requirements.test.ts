import { expect, it } from 'vitest'
import { failures } from '../protocol/failure.ts'
import { allSources } from '../test/source-tree.ts'
import { coverage, requirements, rowsOf } from './requirements.ts'

it('[TST-5] every row that a test title names is in the list', () => {
  expect([...coverage().keys()].filter((id) => !Object.hasOwn(requirements, id))).toEqual([])
})

it('reads one row, several and a span', () => {
  const [open, close] = ['[', ']']
  const title = `${open}GEN-1${close} ${open}GEN-2${close} and ${open}STK-1..3${close}, not ${open}stk-9${close}`
  expect(rowsOf(title)).toEqual(['GEN-1', 'GEN-2', 'STK-1', 'STK-2', 'STK-3'])
})

/** Codes that nothing raises in a test, and why. */
const unraised: Readonly<Record<string, string>> = {
  TASK_REPEATED: 'a line in the agent’s log; worker.test.ts shows that the task does not run again',
}

it('[GEN-2] every known failure is raised by the program, and by a test', () => {
  const table = /^protocol\/(?:failures\/\w+|failure\.test|dictionary)\.ts$/
  const sources = allSources().filter(({ path }) => !table.test(path) && !path.startsWith('scripts/'))
  const named = (tests: boolean) => {
    const texts = sources.filter(({ isTest }) => isTest === tests).map(({ text }) => text)
    const words = texts.flatMap(
      (text) => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*/gm, '').match(/\b[A-Z][A-Z_]+\b/g) ?? [],
    )
    return new Set(words)
  }
  const [raised, tested] = [named(false), named(true)]
  const lost = Object.keys(failures).filter((code) => !(code in unraised) && !(raised.has(code) && tested.has(code)))
  expect(lost).toEqual([])
})
