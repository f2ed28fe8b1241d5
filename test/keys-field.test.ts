/** Keys rotate under load: two hubs as processes, agents that back up, clients that ask. */
import { afterAll, expect, it } from 'vitest'
import type { Key } from '../hub/api/key.ts'
import { Field, freePort } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { startHub } from './processes.ts'

let test: TestDatabase | undefined
let field: Field | undefined
afterAll(async () => {
  await field?.close()
  await test?.drop()
})

it('[TOK-7] token, task and data keys rotate under load: no call fails, no task fails, and a hub that is killed meanwhile changes nothing', async () => {
  test = await (await postgresFor(servers.at(-1) ?? 'embedded')).newDatabase({ empty: true })
  const hubEnv = {
    DATABASE_URL: test.url,
    API_LIMIT_PER_MINUTE: '1000000',
    HEAVY_LIMIT_PER_MINUTE: '1000000',
    LOG_LEVEL: 'info',
  }
  const opened = await Field.open({ databaseUrl: test.url, devices: 12, agents: 1, hubEnv })
  field = opened
  const second = await startHub({ ...opened.hubEnv, HUB_PORT: String(await freePort()) })
  opened.everything.push(second)
  await opened.agent(1)

  const wrong: string[] = []
  let calls = 0
  let backups = 0
  let isSecondUp = true
  let isOver = false
  const asking = (async () => {
    while (!isOver) {
      for (const path of ['/devices', '/admin/keys', '/backups']) {
        const response = await opened.api(path)
        calls += 1
        if (!response.ok) wrong.push(`${path} ${response.status} ${await response.text()}`)
        else await response.arrayBuffer()
      }
      if (isSecondUp) {
        const response = await fetch(`${second.url}/api/health/ready`).catch((error: Error) => error)
        if (isSecondUp && (response instanceof Error || !response.ok)) wrong.push('the second hub is not ready')
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  const backingUp = (async () => {
    while (!isOver) {
      const run = await opened.json<{ failed: number; failures: unknown[] }>(['backup', 'run', '--all', '--wait'])
      backups += 1
      if (run.failed > 0) wrong.push(JSON.stringify(run.failures))
    }
  })()
  const load = Promise.all([asking, backingUp])
  const rotated = (kind: string) => opened.json<Key>(['keys', 'rotate', kind, '--wait', '--wait-seconds', '90'])

  expect(await rotated('task')).toMatchObject({ kind: 'task', state: 'current', agentsBehind: { count: 0 } })
  expect(await rotated('token')).toMatchObject({ kind: 'token', state: 'current' })
  const data = rotated('data')
  isSecondUp = false
  await second.kill('SIGKILL')
  expect(await data).toMatchObject({ kind: 'data', state: 'current', left: { rows: 0 } })
  isOver = true
  await load
  expect(wrong).toEqual([])
  expect(backups).toBeGreaterThan(0)
  expect(calls).toBeGreaterThan(10)
  expect((await opened.json<{ failed?: number }>(['backup', 'verify', '--all'])).failed ?? 0).toBe(0)
}, 240_000)
