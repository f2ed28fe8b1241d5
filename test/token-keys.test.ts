/** Keys of access tokens at a rotation: two hubs on one database, and no request that fails meanwhile. */
import { sql, type Transaction } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessTokens, accessTokens } from '../hub/access-tokens.ts'
import type { Database } from '../hub/db/connect.ts'
import type { Tables } from '../hub/db/tables.ts'
import { newId } from '../hub/ids.ts'
import { keyringOf } from '../hub/keyring.ts'
import {
  activateNextTokenKey,
  announceNextTokenKey,
  listTokenKeys,
  retireTokenKeyNow,
  retireTokenKeys,
  tokenKeys,
} from '../hub/token-keys.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'

const LIFE_MS = 30 * 60_000
const keyring = keyringOf(Buffer.alloc(32, 7))

describe.each(servers)('keys of access tokens on %s', (kind) => {
  let test: TestDatabase
  let database: Database
  const hubId = newId()
  let nowMs = Date.now()
  let hubs: AccessTokens[]
  beforeAll(async () => {
    test = await (await postgresFor(kind)).newDatabase()
    database = test.open()
    const clock = () => nowMs
    hubs = [0, 1].map(() => accessTokens(hubId, tokenKeys(database.db, keyring, clock), clock))
  })
  afterAll(() => test.drop())

  const step = <T>(work: (trx: Transaction<Tables>) => Promise<T>) => database.db.transaction().execute(work)
  const issued = async (hub = 0) => {
    const token = await hubs[hub]?.issue(newId(), newId(), LIFE_MS)
    if (token === undefined) throw new Error('no such hub')
    return token
  }
  const signer = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid
  const everywhere = async (...tokens: string[]) => {
    for (const hub of hubs) for (const token of tokens) await hub.verify(token)
  }
  /** What the database's clock would do by itself. */
  const later = async (seconds: number) => {
    nowMs += seconds * 1000
    await sql`update token_keys set created_at = created_at - ${seconds} * interval '1 second',
      superseded_at = superseded_at - ${seconds} * interval '1 second'`.execute(database.db)
  }
  const states = async () => (await listTokenKeys(database.db)).map(({ state }) => state).toSorted()

  it('[TOK-7] a rotation: two keys live, tokens of the old one count until they expire, and no request fails', async () => {
    const before = await issued()
    await everywhere(before)
    const next = await step((trx) => announceNextTokenKey(trx, keyring))
    expect(await step((trx) => announceNextTokenKey(trx, keyring))).toBe(next)
    expect(await states()).toEqual(['current', 'next'])
    expect(signer(await issued())).not.toBe(next)

    await later(20)
    await everywhere(before)
    const { current, previous } = await step(activateNextTokenKey)
    expect([current, previous]).toEqual([next, signer(before)])
    // One hub heard of it, the other did not yet: each takes what the other signs.
    hubs[0]?.forgetKeys()
    const [heard, unheard] = [await issued(0), await issued(1)]
    expect([signer(heard), signer(unheard)]).toEqual([current, previous])
    await everywhere(before, heard, unheard)

    await later(10)
    expect(signer(await issued(1))).toBe(current)
    expect(await step((trx) => retireTokenKeys(trx, LIFE_MS))).toEqual([])
    await later(LIFE_MS / 1000 - 60)
    await everywhere(unheard)
    await later(120)
    expect(await step((trx) => retireTokenKeys(trx, LIFE_MS))).toEqual([])
    await later(60)
    expect(await step((trx) => retireTokenKeys(trx, LIFE_MS))).toEqual([previous])
    expect(await states()).toEqual(['current', 'retired'])
    for (const hub of hubs) {
      await expect(hub.verify(before)).rejects.toMatchObject({ code: expect.stringMatching(/^TOKEN_/) })
    }
    await everywhere(await issued(0), await issued(1))
  })

  it('[TOK-7] a key does not sign before every hub has had time to read it, and says for how long', async () => {
    await expect(step(activateNextTokenKey)).rejects.toMatchObject({ code: 'KEY_NOT_READY' })
    await step((trx) => announceNextTokenKey(trx, keyring))
    await expect(step(activateNextTokenKey)).rejects.toMatchObject({
      code: 'KEY_NOT_READY',
      details: { retryAfterSeconds: expect.any(Number) },
    })
    expect(await states()).toEqual(['current', 'next', 'retired'])
  })

  it('[TOK-7] two rotations at once make one', async () => {
    await later(20)
    const made = await Promise.allSettled([step(activateNextTokenKey), step(activateNextTokenKey)])
    expect(made.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await states()).toEqual(['current', 'previous', 'retired'])
  })

  it('[TOK-7] [TOK-5] a key that somebody else may have ends at once, with all that it signed, remembered or not', async () => {
    await later(20)
    const stolen = await issued()
    await everywhere(stolen)
    await expect(step((trx) => retireTokenKeyNow(trx, signer(stolen)))).rejects.toMatchObject({ code: 'KEY_NOT_READY' })
    await step((trx) => announceNextTokenKey(trx, keyring))
    await later(20)
    await step(activateNextTokenKey)
    expect(await step((trx) => retireTokenKeyNow(trx, signer(stolen)))).toBe(true)
    expect(await step((trx) => retireTokenKeyNow(trx, signer(stolen)))).toBe(false)
    hubs[0]?.forgetKeys()
    await expect(hubs[0]?.verify(stolen)).rejects.toMatchObject({ code: 'TOKEN_BAD_SIGNATURE' })
    // The word was lost on this one: it reads again by itself.
    nowMs += 10_000
    await expect(hubs[1]?.verify(stolen)).rejects.toMatchObject({ code: 'TOKEN_BAD_SIGNATURE' })
  })

  it('[TOK-7] seeds are kept sealed', async () => {
    const rows = await database.db.selectFrom('token_keys').select('sealed_seed').execute()
    for (const { sealed_seed } of rows) expect(sealed_seed.length).toBe(1 + 12 + 32 + 16)
    const facts = JSON.stringify(await listTokenKeys(database.db))
    expect(facts).not.toMatch(/seed/i)
  })
})
