import { describe, expect, it } from 'vitest'
import { cannedHub, commandLine, signedIn } from './command-line.ts'

const TOKEN = 'nrs_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE3uncHS'
const ID = '0198d6a1-52a8-7c63-9c5e-2f3f1f6f8a10'

const ci = {
  ...{ id: ID, kind: 'service token', user: 'ann', name: 'ci', scopes: ['read:devices'], createdBy: 'ann' },
  ...{ createdAt: '2026-11-24T11:00:00.000Z', expiresAt: '2027-02-22T11:00:00.000Z', lastUsedAt: null },
  ...{ address: null, via: null, endedAt: null, endedBecause: null, isCurrent: false },
}
const session = {
  ...{ ...ci, id: '0198d6a1-52a8-7c63-9c5e-2f3f1f6f8a11', kind: 'session', name: null, scopes: null },
  ...{ via: 'netraven/0.1', address: '192.0.2.7', lastUsedAt: '2026-11-24T11:00:00.000Z', isCurrent: true },
}
const ended = { ...ci, id: '0198d6a1-52a8-7c63-9c5e-2f3f1f6f8a12', endedAt: ci.createdAt, endedBecause: 'revoked' }
const expired = { ...ci, id: '0198d6a1-52a8-7c63-9c5e-2f3f1f6f8a13', expiresAt: ci.createdAt }

function line(items: object[] = [], asked: string[] = []) {
  const note = (request: Request) => asked.push(`${request.method} ${decodeURIComponent(new URL(request.url).search)}`)
  const fetch = cannedHub({
    'POST /api/auth/service-token': async (request) => {
      asked.push(await request.text())
      return Response.json({ ...ci, token: TOKEN }, { status: 201 })
    },
    'GET /api/auth/tokens': (request) => {
      note(request)
      return Response.json({ items, nextCursor: null })
    },
    'GET /api/auth/me': {
      ...{ id: ID, username: 'ann', displayName: null, kind: 'user', roles: [], scopes: [] },
      tokenExpiresAt: ci.expiresAt,
    },
    [`DELETE /api/auth/tokens/${ID}`]: (request) => {
      note(request)
      return new Response(null, { status: 204 })
    },
    'DELETE /api/auth/tokens': (request) => {
      note(request)
      return Response.json({ sessions: 2, serviceTokens: 1 })
    },
  })
  return commandLine({ fetch, env: signedIn, now: { ms: Date.parse('2026-11-25T00:00:00Z') } })
}

describe('netraven tokens', () => {
  it('[TOK-8] create prints the token alone on stdout, and asks for an end', async () => {
    const asked: string[] = []
    const ran = await line([], asked).run(['tokens', 'create', 'ci', '--scopes', 'read:devices, read:jobs'])
    expect([ran.code, ran.out]).toEqual([0, `${TOKEN}\n`])
    expect(ran.err).not.toContain(TOKEN)
    expect(ran.err).toMatch(/until 2027-02-22[\s\S]*NETRAVEN_TOKEN[\s\S]*netraven tokens revoke/)
    expect(JSON.parse(asked[0] ?? '')).toEqual({ name: 'ci', scopes: ['read:devices', 'read:jobs'], validDays: 90 })
  })

  it.each([
    [['tokens', 'create', 'ci'], /--scopes/],
    [['tokens', 'create', 'ci', '--scopes', 'none'], /could do nothing/],
    [['tokens', 'create', 'ci', '--scopes', 'read:devices', '--valid-days', '366'], /1 to 365/],
    [['tokens', 'revoke'], /either a token or --all/],
    [['tokens', 'revoke', ID, '--all'], /either a token or --all/],
    [['tokens', 'list', '--everyone', '--user', 'bob'], /not both/],
  ])('%j is wrong usage', async (args, words) => {
    const { code, err } = await line().run(args)
    expect([code, err]).toEqual([2, expect.stringMatching(words)])
  })

  it('[TOK-5] [TOK-8] list shows what each may do, its last use and how it is', async () => {
    const { out } = await line([session, ci, ended, expired]).run(['tokens', 'list', '--ended'])
    const rows = out.trim().split('\n')
    expect(rows[1]).toMatch(/login +netraven\/0\.1 +all of the user +2026-11-2\d \d\d:\d\d +192\.0\.2\.7 .* this one$/)
    expect(rows[2]).toMatch(/service token +ci +read:devices +- +- .* live$/)
    expect([rows[3], rows[4]]).toEqual([expect.stringMatching(/revoked$/), expect.stringMatching(/expired$/)])
    expect((await line().run(['tokens', 'list'])).out).toMatch(/netraven tokens create NAME/)
  })

  it('[TOK-5] revoke takes an id, or the name of a service token', async () => {
    const asked: string[] = []
    const own = line([ci], asked)
    expect((await own.run(['tokens', 'revoke', ID])).code).toBe(0)
    expect((await own.run(['tokens', 'revoke', 'CI'])).code).toBe(0)
    expect(asked).toEqual(['DELETE ', 'GET ?kind=service+token', 'DELETE '])
    const unknown = await own.run(['tokens', 'revoke', 'other'])
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('NOT_FOUND')])
  })

  it('[TOK-5] revoke --all ends all of oneself, or of somebody else', async () => {
    const asked: string[] = []
    const { out } = await line([], asked).run(['tokens', 'revoke', '--all'])
    expect(out).toBe('Ended 2 logins and 1 service token.\n')
    await line([], asked).run(['tokens', 'revoke', '--all', '--user', 'bob'])
    expect(asked).toEqual(['DELETE ?user=ann', 'DELETE ?user=bob'])
  })
})
