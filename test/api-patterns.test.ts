/** Lines to ignore or to remove, over the API on real databases. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

describe.each(servers)('patterns on %s', (kind) => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi(kind)
    await api.call('POST', '/api/sites', { name: 'lab' })
    await api.call('POST', '/api/devices', { name: 'sw1', address: '192.0.2.1', driver: 'linux', site: 'lab' })
  })
  afterAll(() => api.close())

  const add = (more: object) => api.call('POST', '/api/patterns', { kind: 'ignore', pattern: '^! ', ...more })

  it('are added by driver, group or device, listed, and taken away', async () => {
    const added = [await add({ driver: 'ios' }), await add({ group: 'core' }), await add({ device: 'SW1' })]
    expect(added.map(({ status }) => status)).toEqual([201, 201, 201])
    const id = String(added[0]?.body.id)
    expect((await api.call('DELETE', `/api/patterns/${id}`)).status).toBe(204)
    const { body } = await api.call('GET', '/api/patterns')
    expect(JSON.stringify(body)).not.toContain(id)
    expect(JSON.stringify(body)).toContain(String(added[2]?.body.id))
  })

  it('that are not there are named', async () => {
    const gone = await api.call('DELETE', '/api/patterns/0192f0c1-2b3c-7d4e-8f50-1a2b3c4d5e6f')
    expect([gone.status, gone.error?.code]).toEqual([404, 'PATTERN_UNKNOWN'])
  })

  it('of nothing, or of two things at once, are refused', async () => {
    for (const more of [{}, { driver: 'ios', group: 'core' }, { driver: 'ios', pattern: '(' }])
      expect((await add(more)).status).toBeGreaterThanOrEqual(400)
  })
})
