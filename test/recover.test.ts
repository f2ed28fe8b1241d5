/** Breaking the glass on the host of the hub: with a database server, and with an embedded one whose hub runs or not. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ADMIN_PASSWORD, openTestApi } from './api.ts'
import { servers } from './postgres.ts'
import { netraven, startHub } from './processes.ts'

const NEW = 'five more unrelated grey words'

const login = async (url: string, password: string) => {
  const body = JSON.stringify({ username: 'admin', password })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/api/auth/token`, { method: 'POST', headers, body })
  return response.status
}

describe('netraven users recover', () => {
  it.each(servers)('[AUTH-6] [AUTH-7] gives the last administrator back on %s, whatever was done', async (kind) => {
    const api = await openTestApi(kind)
    for (let count = 0; count < 5; count += 1) {
      await api.call('POST', '/api/auth/token', { username: 'admin', password: 'no' })
    }
    await api.database.db
      .updateTable('users')
      .set({ roles: [], is_active: false, expires_at: new Date(0) })
      .execute()
    const env = { DATABASE_URL: api.test.url }
    const ran = await netraven(['users', 'recover', 'Admin', '--password-stdin'], env, `${NEW}\n`)
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, expect.stringContaining('All sessions ended'), ''])
    expect((await api.call('GET', '/api/auth/me')).error?.code).toBe('TOKEN_REVOKED')
    const { body, status } = await api.call('POST', '/api/auth/token', { username: 'admin', password: NEW })
    expect([status, String(body.scope).split(' ').includes('admin:users')]).toEqual([200, true])
    expect((await netraven(['users', 'recover', 'nobody'], env)).stderr).toContain('USER_UNKNOWN')
    expect((await netraven(['users', 'recover', 'admin', '--password-stdin'], env, 'weak\n')).stderr).toContain(
      'PASSWORD_REFUSED',
    )
    await api.close()
  })

  it('[AUTH-7] works with the embedded database while the hub runs, and when it is stopped', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'netraven-recover-'))
    await chmod(folder, 0o711)
    const env = { NETRAVEN_DATA_DIR: join(folder, 'data'), NETRAVEN_ADMIN_PASSWORD: ADMIN_PASSWORD, HUB_PORT: '0' }
    const hub = await startHub(env)
    const running = await netraven(['users', 'recover', 'admin', '--password-stdin'], env, `${NEW}\n`)
    expect([running.code, running.stderr]).toEqual([0, ''])
    expect([await login(hub.url, ADMIN_PASSWORD), await login(hub.url, NEW)]).toEqual([401, 200])
    hub.child.kill('SIGTERM')
    await hub.ended
    const stopped = await netraven(['users', 'recover', 'admin', '--json'], env)
    expect(stopped.code).toBe(0)
    const again = await startHub(env)
    expect(await login(again.url, JSON.parse(stopped.stdout).password)).toBe(200)
    again.child.kill('SIGTERM')
    await again.ended
    await rm(folder, { recursive: true, force: true })
  })
})
