import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Login } from '../api/session.ts'
import { cannedHub, commandLine } from './command-line.ts'
import { forgetLogin, readLogin, type StoredLogin, withLoginLock, writeLogin } from './stored-login.ts'
import { storedSession } from './stored-session.ts'

const HUB = 'http://127.0.0.1:8000'
let folder: string
let now: { ms: number }
let used: string[]

const asleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const login = (token: string, refreshToken: string | undefined, seconds: number): StoredLogin => ({
  hub: HUB,
  user: 'ann',
  token,
  expiresAt: new Date(now.ms + seconds * 1000).toISOString(),
  refreshToken,
})
const answer = (number: number): Login => ({
  access_token: `access ${number}`,
  token_type: 'bearer',
  expires_in: 600,
  refresh_token: `refresh ${number}`,
  refresh_expires_in: 604_800,
  scope: '',
})

/** A hub that takes each refresh token once, as a real one does after a moment. */
async function refresh(token: string): Promise<Login> {
  const number = Number(token.split(' ')[1])
  if (used.includes(token)) throw new Failure('REFRESH_INVALID', { reason: 'used before' })
  used.push(token)
  await asleep(5)
  return answer(number + 1)
}

/** As a command of its own would have it, which read the file before. */
const session = (stored: StoredLogin) =>
  storedSession({ folder, login: stored, refresh, clock: () => now.ms, sleep: asleep })

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Failure)) throw new Error(`not a failure: ${String(error)}`)
  return error
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'netraven-session-'))
  now = { ms: Date.now() }
  used = []
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

describe('a stored login', () => {
  it('[TOK-2] is left alone while its token holds', async () => {
    expect(await session(login('access 1', 'refresh 1', 600)).token()).toBe('access 1')
    expect(used).toEqual([])
  })

  it('[TOK-2] is exchanged when its token is about to end, and stored for its owner alone before it is used', async () => {
    const stored = login('access 1', 'refresh 1', 5)
    await writeLogin(folder, stored)
    expect(await session(stored).token()).toBe('access 2')
    expect(await readLogin(folder)).toMatchObject({ token: 'access 2', refreshToken: 'refresh 2', user: 'ann' })
    expect((await stat(join(folder, 'login.json'))).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['login.json'])
  })

  it('[TOK-2] is exchanged once by many commands at once, each of which goes on', async () => {
    const stored = login('access 1', 'refresh 1', 0)
    await writeLogin(folder, stored)
    const tokens = await Promise.all(Array.from({ length: 8 }, () => session(stored).token()))
    expect(new Set(tokens)).toEqual(new Set(['access 2']))
    expect(used).toEqual(['refresh 1'])
  })

  it('[TOK-2] is exchanged once by many requests of one command', async () => {
    const stored = login('access 1', 'refresh 1', 600)
    await writeLogin(folder, stored)
    const bearer = session(stored)
    const tokens = await Promise.all(Array.from({ length: 8 }, () => bearer.next('access 1')))
    expect([new Set(tokens), used]).toEqual([new Set(['access 2']), ['refresh 1']])
    expect(await bearer.next('access 1')).toBe('access 2')
    expect(used).toEqual(['refresh 1'])
  })

  it('[TOK-3] that can no longer be exchanged says where and as whom to log in again', async () => {
    const stored = login('access 1', 'refresh 1', 0)
    await writeLogin(folder, stored)
    used.push('refresh 1')
    const failure = await failureOf(session(stored).token())
    expect([failure.code, failure.details]).toEqual([
      'REFRESH_INVALID',
      { hub: HUB, user: 'ann', reason: 'used before' },
    ])
    expect(await readdir(folder)).toEqual(['login.json'])
  })

  it('is not brought back by a command that still ran when its owner logged out', async () => {
    const stored = login('access 1', 'refresh 1', 0)
    await writeLogin(folder, stored)
    await forgetLogin(folder)
    expect((await failureOf(session(stored).token())).details).toMatchObject({ reason: 'logged out meanwhile' })
    expect([await readdir(folder), used]).toEqual([[], []])
  })

  it('of the release before has no refresh token, and is used until it ends', async () => {
    const bearer = session(login('access 1', undefined, 0))
    expect([await bearer.token(), await bearer.next('access 1')]).toEqual(['access 1', undefined])
  })

  it('a folder that cannot be written fails before the refresh token is used up', async () => {
    await writeFile(join(folder, 'file'), '')
    const bearer = storedSession({
      ...{ login: login('access 1', 'refresh 1', 0), refresh, clock: () => now.ms, sleep: asleep },
      folder: join(folder, 'file', 'netraven'),
    })
    expect([(await failureOf(bearer.token())).code, used]).toEqual(['EXPORT_FAILED', []])
  })
})

describe('the lock of a login', () => {
  const dead = 2 ** 22 + 1

  it('keeps others out until the work is done, also when it fails', async () => {
    const told: string[] = []
    const first = withLoginLock(folder, asleep, async () => {
      told.push('first in')
      await asleep(80)
      told.push('first out')
      throw new Error('went wrong')
    })
    const second = withLoginLock(folder, asleep, async () => void told.push('second in'))
    await expect(first).rejects.toThrow('went wrong')
    await second
    expect(told).toHaveLength(3)
    expect(told.indexOf('first out')).toBe(told.indexOf('first in') + 1)
    expect(await readdir(folder)).toEqual([])
  })

  it('of a command that died is taken over', async () => {
    await writeFile(join(folder, 'login.lock'), `${dead} x\n`)
    expect(await withLoginLock(folder, asleep, async () => 'in')).toBe('in')
    expect(await readdir(folder)).toEqual([])
  })

  it('that is older than any exchange may take is taken over, whoever has that pid now', async () => {
    const path = join(folder, 'login.lock')
    await writeFile(path, `${process.pid} x\n`)
    await utimes(path, new Date(0), new Date(0))
    expect(await withLoginLock(folder, asleep, async () => 'in')).toBe('in')
  })

  it('that was taken over meanwhile is not removed by the one who lost it', async () => {
    const path = join(folder, 'login.lock')
    await withLoginLock(folder, asleep, () => writeFile(path, 'another\n'))
    expect(await readFile(path, 'utf8')).toBe('another\n')
  })
})

describe('a command that runs longer than its token', () => {
  it('[TOK-2] [RL-3] backup run --wait goes on over several tokens, without a word', async () => {
    const id = '01a20d5e-d5d0-743b-a2fc-6eece3b30d7b'
    const run = {
      ...{ id, requestedBy: 'ann', state: 'running', finishedAt: null, seconds: 0.1, total: 1, queued: 1, leased: 0 },
      createdAt: '2026-11-24T11:44:08.657Z',
      deadlineAt: '2026-11-24T12:44:08.657Z',
      ...{ succeeded: 0, changed: 0, unchanged: 0, suspect: 0, failed: 0, failures: [], sitesWithoutAgent: [] },
    }
    let issued = 0
    let looks = 0
    const expiries = new Map<string, number>()
    const issue = () => {
      issued += 1
      expiries.set(`Bearer access ${issued}`, now.ms + 3_000)
      return Response.json({ ...answer(issued), expires_in: 3 })
    }
    const guarded = (work: () => Response) => (request: Request) =>
      (expiries.get(request.headers.get('authorization') ?? '') ?? 0) > now.ms
        ? work()
        : Response.json({ error: { code: 'TOKEN_EXPIRED', message: 'Token expired' } }, { status: 401 })
    const fetch = cannedHub({
      'POST /api/auth/token': issue,
      'POST /api/auth/refresh': async (request) => {
        const { refresh_token: token } = (await request.json()) as { refresh_token: string }
        return token === `refresh ${issued}` ? issue() : new Response('reused', { status: 500 })
      },
      'POST /api/runs': guarded(() => Response.json({ ...run, skipped: 0 }, { status: 201 })),
      [`GET /api/runs/${id}`]: guarded(() => {
        looks += 1
        return Response.json(looks < 12 ? run : { ...run, state: 'finished', succeeded: 1, changed: 1, queued: 0 })
      }),
    })
    const line = commandLine({ fetch, now })
    onTestFinished(() => rm(line.folder, { recursive: true, force: true }))
    await line.run(['login', '--user', 'ann', '--password-stdin'], { stdin: 'x\n' })
    const ran = await line.run(['backup', 'run', '--all', '--wait', '--json'])
    expect([ran.code, ran.json()]).toEqual([0, expect.objectContaining({ succeeded: 1 })])
    expect(issued).toBeGreaterThan(3)
  })
})
