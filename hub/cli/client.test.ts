import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Client } from './client.ts'
import { type Bearer, fixedToken } from './stored-session.ts'

const Word = z.object({ word: z.string() })

function clientOf(answers: (Response | Error)[], now = { ms: 0 }, bearer: Bearer = fixedToken('nrs_x')) {
  const pauses: number[] = []
  const requests: Request[] = []
  const told: number[] = []
  const client = new Client({
    hub: 'https://hub.test',
    bearer,
    fetch: async (input, init) => {
      requests.push(new Request(input, init))
      const answer = answers.shift() ?? new Error('nothing left to answer')
      if (answer instanceof Error) throw answer
      return answer
    },
    clock: () => now.ms,
    sleep: async (ms) => {
      pauses.push(ms)
      now.ms += ms
    },
    random: () => 0.5,
    onLimited: (seconds) => told.push(seconds),
    userAgent: 'test',
  })
  return { client, pauses, requests, told }
}

const refused = () =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })
const busy = (seconds: number, status = 503) =>
  Response.json(
    { error: { code: 'DB_UNAVAILABLE', message: 'Database unavailable', details: {} } },
    { status, headers: { 'retry-after': String(seconds) } },
  )

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw new Error(`not a failure: ${String(error)}`)
  return error
}

describe('asking the hub', () => {
  it('[RL-3] waits as long as the hub says, then asks again', async () => {
    const { client, pauses, requests } = clientOf([busy(3), busy(2, 429), Response.json({ word: 'yes' })])
    expect(await client.get('/api/x', Word)).toEqual({ word: 'yes' })
    expect(pauses).toEqual([3750, 2500])
    expect(requests.map((request) => request.headers.get('authorization'))).toEqual(Array(3).fill('Bearer nrs_x'))
  })

  const limited = (seconds: number) =>
    Response.json(
      { error: { code: 'RATE_LIMITED_PRINCIPAL', message: 'Too Many Requests', details: {} } },
      { status: 429, headers: { 'retry-after': String(seconds) } },
    )

  it('[RL-3] waits for the end of a limit a minute, and says so once', async () => {
    const { client, pauses, told } = clientOf([limited(60), limited(1), Response.json({ word: 'yes' })])
    expect(await client.get('/api/x', Word)).toEqual({ word: 'yes' })
    expect([pauses, told]).toEqual([[62_500, 1250], [60]])
  })

  it('[RL-3] a change that was refused for a limit is sent again with the key that it had', async () => {
    const { client, requests } = clientOf([
      limited(2),
      Response.json({ word: 'once' }),
      Response.json({ word: 'more' }),
    ])
    expect(await client.send('POST', '/api/x', { word: 'do' }, Word)).toEqual({ word: 'once' })
    await client.send('POST', '/api/x', { word: 'do' }, Word)
    const keys = requests.map((request) => request.headers.get('idempotency-key'))
    expect(keys[0]).toMatch(/^[\da-f-]{36}$/)
    expect([keys[1] === keys[0], keys[2] === keys[0]]).toEqual([true, false])
    expect(await requests[1]?.json()).toEqual({ word: 'do' })
  })

  it('[RL-3] gives up when a limit lasts longer than a minute, as that of logins does', async () => {
    const { client, pauses } = clientOf([limited(900)])
    expect((await failureOf(client.send('POST', '/api/x', {}, Word))).code).toBe('RATE_LIMITED_PRINCIPAL')
    const endless = clientOf(Array.from({ length: 9 }, () => limited(30)))
    expect((await failureOf(endless.client.get('/api/x', Word))).code).toBe('RATE_LIMITED_PRINCIPAL')
    expect([pauses, endless.pauses]).toEqual([[], [32_500, 32_500]])
  })

  const expired = () =>
    Response.json({ error: { code: 'TOKEN_EXPIRED', message: 'Token expired', details: {} } }, { status: 401 })
  const renewing = (): Bearer => {
    let token = 'old'
    return {
      token: async () => token,
      next: async () => {
        token = 'new'
        return token
      },
    }
  }
  const sentWith = (requests: Request[]) => requests.map((request) => request.headers.get('authorization'))

  it('[TOK-2] [TOK-3] sends again with the next token what was refused because the token had expired, a change too', async () => {
    const { client, requests } = clientOf([expired(), Response.json({ word: 'done' })], { ms: 0 }, renewing())
    expect(await client.send('POST', '/api/x', { word: 'do' }, Word)).toEqual({ word: 'done' })
    expect(sentWith(requests)).toEqual(['Bearer old', 'Bearer new'])
    expect(await requests[1]?.json()).toEqual({ word: 'do' })
  })

  it('[TOK-3] does not go round in circles when the next token is refused too, or there is none', async () => {
    const circle = clientOf([expired(), expired()], { ms: 0 }, renewing())
    expect((await failureOf(circle.client.get('/api/x', Word))).code).toBe('TOKEN_EXPIRED')
    expect(circle.requests).toHaveLength(2)
    const fixed = clientOf([expired()])
    expect((await failureOf(fixed.client.get('/api/x', Word))).code).toBe('TOKEN_EXPIRED')
    expect(fixed.requests).toHaveLength(1)
  })

  it('gives up when the hub asks for more patience than a person has', async () => {
    const { client, pauses } = clientOf([busy(60)])
    expect((await failureOf(client.get('/api/x', Word))).code).toBe('DB_UNAVAILABLE')
    expect(pauses).toEqual([])
  })

  it('says at once that nobody listens there', async () => {
    const { client, pauses } = clientOf([refused()])
    const failure = await failureOf(client.get('/api/x', Word))
    expect([failure.code, failure.details.reason, pauses]).toEqual(['HUB_UNREACHABLE', 'ECONNREFUSED', []])
  })

  it('sits out a restart of the hub while a run is waited for', async () => {
    const { client, pauses } = clientOf([refused(), refused(), Response.json({ word: 'back' })])
    expect(await client.get('/api/x', Word, { patienceMs: 60_000 })).toEqual({ word: 'back' })
    expect(pauses).toEqual([625, 1250])
  })

  it('never sends a change twice by itself', async () => {
    const { client, requests } = clientOf([busy(0), Response.json({ word: 'twice' })])
    expect((await failureOf(client.send('POST', '/api/x', {}, Word))).code).toBe('DB_UNAVAILABLE')
    expect(requests).toHaveLength(1)
  })

  it.each([
    ['a page of HTML', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['a proxy that is lost', () => new Response('<h1>502</h1>', { status: 502 })],
    ['other JSON', () => Response.json({ other: true })],
    ['an error of another kind', () => Response.json({ message: 'no' }, { status: 500 })],
  ])('says that no hub is there when it meets %s', async (_, answer) => {
    const failure = await failureOf(clientOf([answer()]).client.get('/api/x', Word))
    expect(failure.code).toBe('HUB_UNREACHABLE')
    expect(String(failure.details.reason)).toMatch(/something else than a hub/)
  })

  it('tells a certificate that is not trusted from a hub that is away', async () => {
    const tls = Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error(), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    })
    expect((await failureOf(clientOf([tls]).client.get('/api/x', Word))).code).toBe('HUB_TLS')
  })

  it('keeps the code and the words of a newer hub', async () => {
    const body = { error: { code: 'FROM_THE_FUTURE', message: 'Flux lost', remedies: ['Wait.'], details: {} } }
    const failure = await failureOf(clientOf([Response.json(body, { status: 418 })]).client.get('/api/x', Word))
    expect([failure.code, failure.details.reported]).toEqual(['INTERNAL', 'FROM_THE_FUTURE'])
    expect(failure.cause).toMatchObject({ error: { code: 'FROM_THE_FUTURE', message: 'Flux lost' } })
  })

  it('reads a list to its last page', async () => {
    const pages = [
      { items: [{ word: 'a' }], nextCursor: 'c1' },
      { items: [{ word: 'b' }], nextCursor: null },
    ]
    const { client, requests } = clientOf(pages.map((page) => Response.json(page)))
    const Page = z.object({ items: z.array(Word), nextCursor: z.string().nullable() })
    expect(await Array.fromAsync(client.items('/api/x', Page, { site: 'lab', none: undefined }))).toHaveLength(2)
    expect(requests.map((request) => new URL(request.url).search)).toEqual(['?site=lab', '?site=lab&cursor=c1'])
  })
})
