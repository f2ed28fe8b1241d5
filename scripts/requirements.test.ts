import { expect, it } from 'vitest'
import { coverage, requirements, rowsOf } from './requirements.ts'

it('[TST-5] every row that a test title names is in the list', () => {
  expect([...coverage().keys()].filter((id) => !Object.hasOwn(requirements, id))).toEqual([])
})

it('reads one row, several and a span', () => {
  const [open, close] = ['[', ']']
  const title = `${open}GEN-1${close} ${open}GEN-2${close} and ${open}STK-1..3${close}, not ${open}stk-9${close}`
  expect(rowsOf(title)).toEqual(['GEN-1', 'GEN-2', 'STK-1', 'STK-2', 'STK-3'])
})
