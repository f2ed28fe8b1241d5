import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'

describe.each(servers)('a database on %s', (kind) => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await (await postgresFor(kind)).newDatabase()
  })
  afterAll(() => test.drop())

  it('answers', async () => {
    const { rows } = await sql`select count(*) as n, version() as v from sites`.execute(test.open().db)
    expect(rows[0]).toMatchObject({ n: 0 })
  })
})
