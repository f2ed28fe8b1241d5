/** What an agent sees of a target: over the API on a real database, and in a field of hub, agent and devices as processes. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Device } from '../hub/api/device.ts'
import type { Diagnostic } from '../hub/api/diagnostic.ts'
import { endDiagnostic, LOOK_CHANNEL, takeDiagnostic } from '../hub/diagnostics.ts'
import { newId } from '../hub/ids.ts'
import { openTestApi, type TestApi } from './api.ts'
import { ADMIN_PASSWORD, Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must, netraven, type Running, startHub } from './processes.ts'
import { type SeededAgent, seedAgent, seedSite } from './seed.ts'

const hasPing = ['/usr/bin/ping', '/bin/ping', '/usr/sbin/ping', '/sbin/ping'].some((path) => existsSync(path))

describe.each(servers)('looking at a target on %s', (kind) => {
  let api: TestApi
  let agent: SeededAgent
  let woken: { next: () => Promise<string> }
  let deafen: () => Promise<void>

  beforeAll(async () => {
    api = await openTestApi(kind)
    const heard: string[] = []
    let ring: () => void = () => undefined
    const subscription = await api.database.listen([LOOK_CHANNEL], (_, payload) => {
      if (payload !== '') heard.push(payload)
      ring()
    })
    deafen = () => subscription.close()
    woken = {
      async next() {
        while (heard.length === 0) await new Promise<void>((resolve) => (ring = resolve))
        return heard.shift() ?? ''
      },
    }
  })
  afterAll(async () => {
    await deafen?.()
    await api?.close()
  })
  beforeEach(async () => {
    agent = await seedAgent(api.database.db, await seedSite(api.database.db))
    await comes(['diagnostics'])
  })

  const comes = (abilities: string[]) =>
    api.database.db
      .updateTable('agents')
      .set({ connection: 'c', last_seen_at: sql`now()`, abilities })
      .where('id', '=', agent.id)
      .execute()
  const goes = () =>
    api.database.db.updateTable('agents').set({ connection: null }).where('id', '=', agent.id).execute()
  const look = (body: unknown, what = 'tcp') => api.call('POST', `/api/agents/${agent.id}/diagnostics/${what}`, body)
  const taken = async () => {
    let id = ''
    while (id !== agent.id) id = await woken.next()
    const { order } = await takeDiagnostic(api.database.db, agent.id)
    if (!order) throw new Error('there was nothing to look at')
    return order
  }
  const end = (diagnostic: string, outcome: Parameters<typeof endDiagnostic>[2]['outcome'], by = agent.id) =>
    endDiagnostic(api.database.db, by, { diagnostic, outcome })
  const seen = { kind: 'tcp', address: '127.0.0.1', port: 830, state: 'refused', ms: 1 } as const

  it('[DEV-4] wakes the agent, gives it the order once, and answers with what it saw', async () => {
    const asked = look({ target: '127.0.0.1', port: 830 })
    const order = await taken()
    expect(order).toMatchObject({ kind: 'tcp', target: '127.0.0.1', port: 830 })
    expect(await takeDiagnostic(api.database.db, agent.id)).toEqual({})
    await end(order.id, { seen })
    await end(order.id, { seen })
    const { status, body } = await asked
    expect([status, body]).toEqual([200, expect.objectContaining({ id: order.id, ok: false, port: 830, seen })])
    const events = await api.database.db
      .selectFrom('events')
      .selectAll()
      .where('kind', '=', 'agent diagnostic')
      .execute()
    expect(events.map(({ actor, details }) => ({ actor, ...details }))).toContainEqual(
      expect.objectContaining({ actor: 'admin', agent: agent.id, kind: 'tcp', target: '127.0.0.1', port: 830 }),
    )
  })

  it('what the agent refuses is refused, with who refused it', async () => {
    const asked = look({ target: '192.0.2.1' }, 'ping')
    const order = await taken()
    expect(order).not.toHaveProperty('port')
    await end(order.id, { failure: { code: 'POLICY_NETWORK', details: { address: '192.0.2.1' } } })
    const { status, error } = await asked
    expect([status, error?.code, error?.details.target]).toEqual([403, 'POLICY_NETWORK', '192.0.2.1'])
    expect(error?.remedies.join('\n')).toMatch(/on the jump host of agent agent-/)
  })

  it('an agent looks at one thing at a time; what nobody answered in time makes room', async () => {
    const first = look({ target: '127.0.0.1' })
    const order = await taken()
    const second = await look({ target: '127.0.0.2' })
    expect([second.status, second.error?.code]).toEqual([409, 'DIAGNOSTIC_BUSY'])
    await api.database.db
      .updateTable('diagnostics')
      .set({ deadline_at: sql`now()` })
      .where('id', '=', order.id)
      .execute()
    expect((await first).error?.code).toBe('DIAGNOSTIC_UNANSWERED')
    await end(order.id, { seen })
    const third = look({ target: '127.0.0.3' })
    const next = await taken()
    await end(next.id, { seen })
    expect((await third).status).toBe(200)
  })

  it('nobody else answers for an agent, and nobody answers what he was not given', async () => {
    const asked = look({ target: '127.0.0.1' })
    const order = await taken()
    const other = await seedAgent(api.database.db, await seedSite(api.database.db))
    await expect(end(order.id, { seen }, other.id)).rejects.toMatchObject({ code: 'TASK_NOT_HELD' })
    await expect(end(newId(), { seen })).rejects.toMatchObject({ code: 'TASK_NOT_HELD' })
    await end(order.id, { seen })
    expect((await asked).status).toBe(200)
  })

  it('[DEV-1] an agent that is away, or goes away meanwhile, is Agent offline; one that is too old is told so', async () => {
    const asked = look({ target: '127.0.0.1' })
    await taken()
    await goes()
    expect((await asked).error?.code).toBe('AGENT_OFFLINE')
    const { status, error } = await look({ target: '127.0.0.1' })
    expect([status, error?.code, error?.message]).toEqual([503, 'AGENT_OFFLINE', 'Agent offline'])
    expect(error?.details.lastSeen).toMatch(/^agent-.* at 20/)
    await comes(['test'])
    expect((await look({ target: '127.0.0.1' })).error?.code).toBe('AGENT_TOO_OLD')
    expect((await api.call('POST', '/api/agents/nobody/diagnostics/dns', { target: 'x' })).error?.code).toBe(
      'AGENT_NOT_FOUND',
    )
  })

  it.each(['-c9', 'a b', '$(id)', '10.1', '', 'https://sw1', 'sw1:22', null])(
    'a target %j never reaches an agent',
    async (target) => {
      for (const what of ['ping', 'dns', 'tcp']) {
        const { status, error } = await look({ target }, what)
        expect([status, error?.code]).toEqual([400, 'REQUEST_INVALID'])
      }
      expect(await takeDiagnostic(api.database.db, agent.id)).toEqual({})
    },
  )
})

describe('an agent in the field', () => {
  let test: TestDatabase
  let field: Field
  let agent: Running | undefined
  let server: Server | undefined
  let connections = 0

  beforeAll(async () => {
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    const hubEnv = { NETRAVEN_MASTER_KEY: Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('base64') }
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 1, hubEnv })
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
  })
  beforeEach(async () => {
    agent = await field.agent(1)
  })
  afterEach(async () => {
    await agent?.kill()
    await policy({})
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
    server = undefined
  })

  const policy = (rules: object) => writeFile(join(field.agentFolders[0] ?? '', 'policy.json'), JSON.stringify(rules))
  const silentListener = async () => {
    const opened = createServer((socket) => {
      connections += 1
      socket.on('error', () => socket.destroy())
    })
    server = opened
    await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve))
    return (opened.address() as AddressInfo).port
  }

  it('[DEV-4] says what a name means where it stands', async () => {
    const { ok, seen } = await field.json<Diagnostic>(['agents', 'dns', 'agent1', 'localhost'])
    expect([ok, seen]).toEqual([
      true,
      expect.objectContaining({ addresses: expect.arrayContaining([{ address: '127.0.0.1', admitted: true }]) }),
    ])
    const unknown = await field.cli(['agents', 'dns', 'agent1', 'no-such-host.invalid'])
    expect([unknown.code, unknown.stdout]).toEqual([
      1,
      expect.stringMatching(/agent agent1 of site lab finds no address for no-such-host\.invalid: /),
    ])
  }, 60_000)

  it('[DEV-4] shows what a device says on its port, and tells a refusal from a server that says nothing', async () => {
    const device = field.fleet.device('dev0001')
    const shown = await must(field.cli(['agents', 'tcp', 'agent1', 'localhost', '--port', String(device.port)]))
    expect(shown).toMatch(
      /agent1 of site lab connects to localhost \(127\.0\.0\.1\) port \d+ .*\n +It says after \d+ ms: SSH-2\.0-/,
    )
    const refused = await field.cli(['agents', 'tcp', 'agent1', '127.0.0.1', '--port', '1'])
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('is refused by 127.0.0.1 port 1')])
    const port = await silentListener()
    const mute = await field.json<Diagnostic>(['agents', 'tcp', 'agent1', '127.0.0.1', '--port', String(port)])
    expect(mute).toMatchObject({ ok: true, seen: { kind: 'tcp', state: 'connected', port } })
    expect(mute.seen).not.toHaveProperty('line')
  }, 60_000)

  it('is asked by whatever hub: the one that has its connection tells it', async () => {
    const other = await startHub({ ...field.hubEnv, HUB_PORT: '0', NETRAVEN_DATA_DIR: join(field.folder, 'other') })
    try {
      const login = ['login', '--hub', other.url, '--user', 'admin', '--password-stdin']
      const config = { XDG_CONFIG_HOME: join(field.folder, 'other-config') }
      await must(netraven(login, config, ADMIN_PASSWORD))
      const seen = await must(netraven(['agents', 'dns', 'agent1', '127.0.0.1'], config))
      expect(seen).toMatch(/^agent agent1 of site lab finds 1 address for 127\.0\.0\.1/)
    } finally {
      await other.kill()
    }
  }, 60_000)

  it('[DEV-4] sends echo requests where the jump host can, and says so where it can’t', async () => {
    const ran = await field.cli(['agents', 'ping', 'agent1', '127.0.0.1'])
    if (hasPing && ran.code === 0) {
      expect(ran.stdout).toMatch(/sent 127\.0\.0\.1 4 echo requests and got 4 back\n +after [\d.]+ ms/)
    } else {
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/Ping is not possible .*PING_UNAVAILABLE/)])
      expect(ran.stderr).toContain('netraven agents tcp agent1 127.0.0.1 --port 22')
    }
  }, 60_000)

  it('[DEV-4] refuses what lies outside its policy, and sends nothing there', async () => {
    await agent?.kill()
    await policy({ networks: ['10.0.0.0/8'] })
    agent = await field.agent(1)
    const port = await silentListener()
    const before = connections
    for (const args of [
      ['tcp', 'agent1', 'localhost', '--port', String(port)],
      ['ping', 'agent1', '127.0.0.1'],
      ['dns', 'agent1', 'localhost'],
    ]) {
      const { code, stderr } = await field.cli(['agents', ...args])
      expect([code, stderr]).toEqual([1, expect.stringMatching(/Refused by agent policy \[POLICY_NETWORK\]/)])
      expect(stderr).toContain('10.0.0.0/8')
    }
    expect(connections).toBe(before)
  }, 60_000)

  it('[DEV-4] shows beside a device’s name the address that a test found for it', async () => {
    const { port } = field.fleet.device('dev0001')
    await must(field.cli(['devices', 'set', 'dev0001', '--address', 'localhost']))
    const show = () => field.json<Device>(['devices', 'show', 'dev0001'])
    expect((await show()).resolved).toBe(null)
    await must(field.cli(['devices', 'test', 'dev0001']))
    expect(await show()).toMatchObject({ address: 'localhost', port, resolved: { address: '127.0.0.1' } })
    expect(await must(field.cli(['devices', 'show', 'dev0001']))).toMatch(
      /^resolved to: +127\.0\.0\.1, last looked up 20/m,
    )
    await must(field.cli(['devices', 'set', 'dev0001', '--address', '127.0.0.1']))
    expect((await show()).resolved).toBe(null)
    await must(field.cli(['devices', 'set', 'dev0001', '--address', 'localhost']))
    await must(field.cli(['backup', 'run', '--device', 'dev0001', '--wait']))
    expect((await show()).resolved).toMatchObject({ address: '127.0.0.1' })
  }, 60_000)

  it('[DEV-1] that was stopped is offline, and the command says so at once with exit 75', async () => {
    await agent?.kill()
    for (const args of [
      ['ping', 'agent1', '127.0.0.1'],
      ['dns', 'agent1', 'localhost'],
      ['tcp', 'agent1', '127.0.0.1'],
    ]) {
      const { code, stderr } = await field.cli(['agents', ...args])
      expect([code, stderr]).toEqual([75, expect.stringMatching(/^Agent offline \[AGENT_OFFLINE\]/)])
    }
  }, 60_000)
})
