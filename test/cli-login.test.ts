/** The login of the command line against a real hub, with commands as processes of their own. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'

interface Stored {
  token: string
  refreshToken: string
  expiresAt: string
}

describe('a login on the command line', () => {
  let test: TestDatabase
  let field: Field
  beforeAll(async () => {
    test = await (await postgresFor(servers.at(-1) ?? 'embedded')).newDatabase()
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 0 })
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
  })

  const path = () => join(field.folder, 'config', 'netraven', 'login.json')
  const stored = async () => JSON.parse(await readFile(path(), 'utf8')) as Stored
  /** As if it were later. */
  const expire = async () =>
    writeFile(path(), JSON.stringify({ ...(await stored()), expiresAt: new Date(0).toISOString() }))

  it('[TOK-2] many commands at once after the token has expired all work, and use the refresh token once', async () => {
    const before = await stored()
    await expire()
    const ran = await Promise.all([1, 2, 3, 4].map(() => field.cli(['whoami', '--json'])))
    expect(ran.map(({ code, stderr }) => [code, stderr])).toEqual(ran.map(() => [0, '']))
    const after = await stored()
    expect(after.token).not.toBe(before.token)
    const used = await test
      .open()
      .db.selectFrom('refresh_tokens')
      .select('id')
      .where('used_at', 'is not', null)
      .execute()
    expect(used).toHaveLength(1)
  })

  it('[TOK-3] a session that was ended elsewhere says to log in again, exit 78', async () => {
    await test.open().db.updateTable('sessions').set({ ended_at: new Date(), ended_because: 'revoked' }).execute()
    await expire()
    const { code, stderr } = await field.cli(['sites', 'list'])
    expect([code, stderr]).toEqual([78, expect.stringMatching(/^Token refresh failed \[REFRESH_INVALID\]/)])
    expect(stderr).toMatch(/user: admin[\s\S]*netraven login/)
  })
})
