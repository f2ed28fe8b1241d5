import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { classify, isRepeatable, sqlState, violation } from './sqlstate.ts'

const fromServer = (code: string, extra: object = {}) =>
  Object.assign(new Error('x'), { severity: 'ERROR', code, ...extra })
const fromSystem = (code: string, extra: object = {}) => Object.assign(new Error('x'), { errno: -1, code, ...extra })

describe('what an error of the database means', () => {
  it.each([
    ['28P01', 'DB_AUTH'],
    ['28000', 'DB_AUTH'],
    ['3D000', 'DB_MISSING'],
    ['53300', 'DB_TOO_MANY_CONNECTIONS'],
    ['57P01', 'DB_UNAVAILABLE'],
    ['57P02', 'DB_UNAVAILABLE'],
    ['57P03', 'DB_UNAVAILABLE'],
    ['08006', 'DB_UNAVAILABLE'],
    ['08P01', 'DB_UNAVAILABLE'],
    ['25006', 'DB_UNAVAILABLE'],
  ])('[DB-4] SQLSTATE %s is %s', (state, code) => {
    expect(classify(fromServer(state))).toMatchObject({ code, details: { sqlState: state } })
  })

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'EPIPE', 'ENOENT'])(
    '[DB-1] %s is DB_UNAVAILABLE, with the address',
    (code) => {
      const error = fromSystem(code, { address: '192.0.2.1', port: 5432 })
      expect(classify(error)).toMatchObject({
        code: 'DB_UNAVAILABLE',
        details: { reason: code, address: '192.0.2.1', port: 5432 },
      })
      expect(classify(new AggregateError([error]))).toMatchObject({ code: 'DB_UNAVAILABLE' })
    },
  )

  it('a connection that the driver lost without a code is DB_UNAVAILABLE, an untrusted certificate too', () => {
    for (const words of ['Connection terminated unexpectedly', 'timeout exceeded when trying to connect']) {
      expect(classify(new Error(words))).toMatchObject({ code: 'DB_UNAVAILABLE' })
    }
    expect(classify(fromSystem('SELF_SIGNED_CERT_IN_CHAIN'))).toMatchObject({ code: 'DB_UNAVAILABLE' })
  })

  it('everything else is not the connection’s: constraints, bugs, things that are no errors', () => {
    for (const error of [
      fromServer('23505'),
      fromServer('42P01'),
      new TypeError('x'),
      fromSystem('EISDIR'),
      'text',
      null,
    ]) {
      expect(classify(error)).toBeUndefined()
    }
    const failure = new Failure('NOT_FOUND')
    expect(classify(failure)).toBe(failure)
  })

  it('only deadlocks and serialisation failures are repeated', () => {
    expect(isRepeatable(fromServer('40P01'))).toBe(true)
    expect(isRepeatable(fromServer('40001'))).toBe(true)
    expect(isRepeatable(fromServer('23505'))).toBe(false)
    expect(isRepeatable(new Error('deadlock detected'))).toBe(false)
  })

  it('tells violated constraints apart', () => {
    expect(violation(fromServer('23505', { constraint: 'sites_name' }))).toEqual({
      kind: 'unique',
      constraint: 'sites_name',
    })
    expect(violation(fromServer('23503', { constraint: 'x' }))).toEqual({ kind: 'foreign', constraint: 'x' })
    expect(violation(fromServer('23514', { constraint: 'x' }))).toEqual({ kind: 'other', constraint: 'x' })
    expect(violation(fromServer('42P01'))).toBeUndefined()
    expect(sqlState(fromSystem('EPIPE'))).toBeUndefined()
  })
})
