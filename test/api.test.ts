/** The API as a client meets it: signing in, refusals, and one answer for whatever goes wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_PASSWORD, openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

describe.each(servers)('the API on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
  })
  afterAll(() => api.close())

  it('smoke', async () => {
    for (const path of [
      '/api/health',
      '/api/health/live',
      '/api/health/ready',
      '/api/auth/me',
      '/api/sites',
      '/api/agents',
      '/api/agents/x',
      '/api/agents/enrollment-tokens',
      '/api/credentials',
      '/api/devices',
      '/api/drivers',
      '/api/backups',
      '/api/backups/x',
      '/api/storage/status',
      '/api/failures/NOT_FOUND',
      '/api/nope',
      '/api/runs/1',
      '/api/openapi.json',
    ]) {
      const a = await api.call('GET', path)
      console.log(path, a.status, a.text.slice(0, 300))
    }
    console.log((await api.call('POST', '/api/sites', { name: 'lab' })).text)
    console.log((await api.call('POST', '/api/sites', '{')).text)
    console.log((await api.call('POST', '/api/sites', undefined, { 'content-type': 'application/json' })).text)
    console.log(
      (
        await api.call(
          'POST',
          '/api/devices/import?site=lab',
          'name,address,driver,username,password\na,10.0.0.1,ios,u,p\nb,10.0.0.2,iso,u,p\n',
        )
      ).text,
    )
    console.log((await api.call('POST', '/api/runs', { all: true })).text)
    console.log((await api.call('POST', '/api/runs', { all: true })).text)
    console.log(api.log.join(''))
  })
})
