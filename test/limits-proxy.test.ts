/** Limits behind a real proxy: each client counts for itself, and what a client writes into X-Forwarded-For does not help it. */
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultLimits } from '../hub/limit-rules.ts'
import { openLimits } from '../hub/limits.ts'
import { silentLog } from '../hub/log.ts'
import { type HttpServer, listenHttp } from '../hub/server.ts'
import { openTestApi, type TestApi } from './api.ts'
import { type Nginx, startNginx } from './peers/nginx.ts'
import { whyNot } from './peers/programs.ts'
import { postgresFor, servers } from './postgres.ts'

const reason = await whyNot(['nginx'], process.env.CI)

describe.skipIf(reason)(`limits behind nginx${reason ? ` (${reason})` : ''}`, () => {
  let limited: TestApi
  let http: HttpServer
  let nginx: Nginx
  let close: () => Promise<void>
  const kind = servers[0] ?? 'embedded'

  beforeAll(async () => {
    const other = await (await postgresFor(kind)).newDatabase()
    const { db, statement } = other.open()
    // Stands still, so that no window ends meanwhile.
    const startedMs = Date.now()
    const defaults = defaultLimits({ anonymous: 5 })
    const limits = await openLimits({ db, statement, defaults, clock: () => startedMs, log: silentLog() })
    const config = { accessTokenMinutes: 30, runTimeoutMs: 1000, trustProxyHops: 1 }
    limited = await openTestApi(kind, { limits, config })
    http = await listenHttp(limited.app, { host: '127.0.0.1', port: 0 })
    nginx = await startNginx(http.url)
    close = async () => {
      await limits.close()
      await other.drop()
    }
  })
  afterAll(async () => {
    await nginx?.close()
    await http?.close()
    await limited?.close()
    await close?.()
  })

  /** @param from address of the client: any of 127/8 is this machine */
  function ask(from: string, forged?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = forged === undefined ? {} : { 'x-forwarded-for': forged, forwarded: `for=${forged}` }
      const options = { port: nginx.port, host: '127.0.0.1', path: '/api/auth/me', localAddress: from, headers }
      const call = request(options, (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode ?? 0))
      })
      call.on('error', reject)
      call.end()
    })
  }

  it('[RL-6] two clients behind one proxy have a limit each, and a forged X-Forwarded-For does not count', async () => {
    for (let call = 0; call < 5; call += 1) expect(await ask('127.0.0.2', `203.0.113.${call}`)).toBe(401)
    expect(await ask('127.0.0.2')).toBe(429)
    expect(await ask('127.0.0.2', '203.0.113.99')).toBe(429)
    for (let call = 0; call < 5; call += 1) expect(await ask('127.0.0.3')).toBe(401)
    expect(await ask('127.0.0.3', '127.0.0.4')).toBe(429)
    expect(await ask('127.0.0.4')).toBe(401)
  })
})
