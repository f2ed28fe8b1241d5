import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { readDeviceCsv } from './device-csv.ts'

const reasonOf = (text: string) => {
  try {
    readDeviceCsv(text)
    return undefined
  } catch (error) {
    if (error instanceof Failure && error.code === 'CSV_INVALID') return error.details.reason
    throw error
  }
}

describe('a CSV file of devices', () => {
  it('is read whatever a spreadsheet made of it: mark, line ends, quotes, empty lines, order of columns', () => {
    const { rows, tags } = readDeviceCsv(
      '\uFEFFDriver, NAME ,address,Rack\r\n\r\nios,"sw ""1""",10.0.0.1,"a,\r\nb"\r\n,,,\r\nios,sw2,10.0.0.2,\r\n',
    )
    expect(tags).toEqual(['rack'])
    expect(rows).toEqual([
      { line: 3, cells: { driver: 'ios', name: 'sw "1"', address: '10.0.0.1', rack: 'a,\nb' } },
      { line: 6, cells: { driver: 'ios', name: 'sw2', address: '10.0.0.2' } },
    ])
  })

  it.each([[','], [';'], ['\t']])('may separate its cells by %j', (separator) => {
    const text = [
      ['name', 'address', 'driver'],
      ['a', 'b', 'c'],
    ]
      .map((row) => row.join(separator))
      .join('\n')
    expect(readDeviceCsv(text).rows).toEqual([{ line: 2, cells: { name: 'a', address: 'b', driver: 'c' } }])
  })

  it('keeps the spaces around a password, which belong to it', () => {
    expect(readDeviceCsv('name,address,driver,password\n a , b , c , p w \n').rows[0]?.cells).toEqual({
      name: 'a',
      address: 'b',
      driver: 'c',
      password: ' p w ',
    })
  })

  it('loses one line to a stray quote, and not the rest of the file', () => {
    const { rows } = readDeviceCsv(
      ['name,address,driver', 'a,1,"x"y', 'b,2,ios', 'c,3,"never closed', 'd,4,ios', 'e,5,"ios"', 'f,6,ios,7'].join(
        '\n',
      ),
    )
    expect(rows.map(({ line, cells, problem }) => [line, cells.name, problem?.slice(0, 10)])).toEqual([
      [2, undefined, 'its quotes'],
      [3, 'b', undefined],
      [4, undefined, 'its quotes'],
      [5, 'd', undefined],
      [6, 'e', undefined],
      [7, 'f', 'it has mor'],
    ])
  })

  it('never shows the cells of a line that it cannot read: passwords stand there', () => {
    expect(JSON.stringify(readDeviceCsv('name,address,driver,password\na,1,ios,"canary"x\n'))).not.toContain('canary')
  })

  it.each([
    ['', /empty/],
    ['\n\n', /empty/],
    ['name,ip\na,b', /lacks address, driver/],
    ['name,address,driver,Name\n', /twice: name/],
    ['n\0a\0m\0e', /UTF-8/],
    ['name,address,driver\nb\uFFFDse,1,ios', /UTF-8/],
  ])('%j is no such file', (text, reason) => {
    expect(reasonOf(text)).toMatch(reason)
  })
})
