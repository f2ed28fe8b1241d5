import { describe, expect, it } from 'vitest'
import type { LimitBucket } from '../api/rate-limit.ts'
import { noLimits } from '../limits.ts'
import type { Principal } from '../principal.ts'
import { bucketsOf, limiting } from './limiting.ts'
import { OpenAPIHono } from './route.ts'

const somebody = { user: { id: 'u', username: 'u', displayName: null } } as Principal

describe('what a call is counted in', () => {
  it.each<[string, string, LimitBucket[], LimitBucket[]]>([
    ['GET', '/api/devices', ['principal'], ['anonymous']],
    ['POST', '/api/auth/token', ['principal', 'login'], ['anonymous', 'login']],
    ['POST', '/api/auth/forgot-password', ['principal', 'forgot-password'], ['anonymous', 'forgot-password']],
    ['POST', '/api/agents/enroll', ['principal', 'enroll'], ['anonymous', 'enroll']],
    ['GET', '/api/backups/b/content', ['principal', 'content'], ['anonymous']],
    ['GET', '/api/backups/a/diff/b', ['principal', 'heavy'], ['anonymous']],
    ['POST', '/api/devices/import', ['principal', 'heavy'], ['anonymous']],
    ['POST', '/api/runs', ['principal', 'heavy'], ['anonymous']],
    ['GET', '/api/runs', ['principal'], ['anonymous']],
  ])('[RL-1] %s %s', (method, path, known, unknown) => {
    expect(bucketsOf(method, path, somebody)).toEqual(known)
    expect(bucketsOf(method, path, undefined)).toEqual(unknown)
  })

  it('[RL-4] an answer "not modified" gives three quarters back', async () => {
    const given: number[] = []
    const charge = async () => ({ standings: [], giveBack: (points: number) => void given.push(points) })
    const app = new OpenAPIHono()
    const addressOf = () => null
    app.use(limiting({ limits: { ...noLimits, charge }, signedBy: async () => undefined, addressOf }))
    app.get('/api/same', (c) => c.body(null, 304))
    app.get('/api/other', (c) => c.text('other'))
    await app.request('/api/other')
    expect(given).toEqual([])
    await app.request('/api/same')
    expect(given).toEqual([0.75])
  })

  it('[RL-1] health is always answered', async () => {
    const charge = () => Promise.reject(new Error('not to be counted'))
    const app = new OpenAPIHono()
    app.use(limiting({ limits: { ...noLimits, charge }, signedBy: async () => undefined, addressOf: () => null }))
    app.get('/api/health/live', (c) => c.text('ok'))
    expect((await app.request('/api/health/live')).status).toBe(200)
  })
})
