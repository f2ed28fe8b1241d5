/** The agents' door over real sockets: the hub's gateway, the agent's own link, a real database between. */

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer } from '@netraven/protocol/calls.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { newSigningKey, type SigningKey } from '@netraven/protocol/keys.ts'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { TrustedKeys } from '../agent/identity.ts'
import { Link, type LinkParts } from '../agent/link.ts'
import { agentArrived, agentLeft, agentSeen, findAgent, revokeAgent } from '../hub/agents.ts'
import { Backups } from '../hub/backups.ts'
import { openLocalBlobs } from '../hub/blobs/local.ts'
import { classify, type Database, inTransaction } from '../hub/db/connect.ts'
import { type Gateway, openGateway } from '../hub/gateway.ts'
import { newId } from '../hub/ids.ts'
import { keyringOf } from '../hub/keyring.ts'
import { openLog } from '../hub/log.ts'
import { ordersFor } from '../hub/orders.ts'
import { renewTasks } from '../hub/tasks.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { type SeededAgent, seedAgent, seedCredential, seedDevice, seedRun, seedSite, signedReport } from './seed.ts'

const keyring = keyringOf(Buffer.alloc(32, 9))

describe.each(servers.slice(0, 1))('the agents’ door on %s', (kind) => {
  let test: TestDatabase
  let database: Database
  let folder: string
  let http: HttpServer
  let gateway: Gateway
  let url: string
  let hubKey: SigningKey
  let announced: SigningKey[]
  const hubId = newId()
  const hubLog: string[] = []
  let site: string
  let agent: SeededAgent
  const links: Link[] = []

  beforeAll(async () => {
    test = await (await postgresFor(kind)).newDatabase()
    database = test.open()
    folder = await mkdtemp(join(tmpdir(), 'netraven-gateway-'))
    const { db } = database
    const log = openLog({ level: 'trace', write: (line) => hubLog.push(line) })
    const blobs = await openLocalBlobs({ folder, keyring, log })
    http = createServer()
    gateway = openGateway(http, {
      ...{ hubId, driverFile: async () => '{}', tried: async () => undefined },
      ...{ diagnostic: async () => ({}), diagnosed: async () => undefined, climbed: async () => undefined },
      signingKey: () => hubKey,
      announcedKeys: () => announced,
      findAgent: (id) => findAgent(db, id),
      backups: new Backups({ db, inTransaction: (work) => inTransaction(db, work), blobs, newId, log }),
      arrived: (one, connection, hello, skewMs) => agentArrived(db, one.id, connection, hello, skewMs),
      left: (one, connection) => agentLeft(db, one.id, connection),
      seen: (one) => agentSeen(db, one.id),
      claim: (one, credit) => ordersFor({ db, keyring, leaseMs: 45_000, taskTimeoutMs: 60_000 }, one, credit),
      renew: (one, holding) => renewTasks(db, one.id, holding, 45_000),
      classify: (error) => (error instanceof Failure ? error : classify(error)),
      ...{ leaseMs: 45_000, renewEveryMs: 15_000, helloTimeoutMs: 300 },
      nowMs: Date.now,
      log,
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    await gateway.close(0)
    http.close()
    await test.drop()
    await rm(folder, { recursive: true })
  })
  beforeEach(async () => {
    hubKey = newSigningKey()
    announced = [hubKey]
    hubLog.length = 0
    site = await seedSite(database.db)
    agent = await seedAgent(database.db, site)
  })
  afterEach(() => {
    for (const link of links.splice(0)) link.close()
  })

  function dial(parts: Partial<LinkParts> = {}) {
    const nudged = vi.fn()
    const offline = vi.fn()
    const hellos: Answer<'hello'>[] = []
    const agentLog: string[] = []
    const link = new Link({
      hubUrl: url,
      hubId,
      agentId: agent.id,
      key: agent.key,
      trusted: new TrustedKeys([hubKey.publicKey]),
      hello: () => ({
        software: '0',
        hostname: 'jump',
        node: '24',
        concurrency: 5,
        drivers: { linux: 'd1' },
        holding: [],
        spooled: 0,
      }),
      online: (answer) => void hellos.push(answer),
      offline,
      nudged,
      httpAgent: undefined,
      nowMs: Date.now,
      random: () => 0,
      callTimeoutMs: 5000,
      dialTimeoutMs: 5000,
      log: pino({ level: 'trace' }, { write: (line) => void agentLog.push(line) }),
      ...parts,
    })
    links.push(link)
    link.start()
    return { link, nudged, offline, hellos, agentLog }
  }

  const online = (link: Link) => vi.waitFor(() => expect(link.state).toBe('online'), 5000)

  it('lets an agent in that proves itself, and shows where it is', async () => {
    const { link, hellos } = dial()
    await online(link)
    expect(hellos[0]).toMatchObject({ renewEveryMs: 15_000, lost: [] })
    const row = () => database.db.selectFrom('agents').selectAll().where('id', '=', agent.id).executeTakeFirstOrThrow()
    expect(await row()).toMatchObject({
      connection: expect.any(String),
      hostname: 'jump',
      concurrency: 5,
      drivers: { linux: 'd1' },
    })
    link.close()
    await vi.waitFor(async () => expect((await row()).connection).toBeNull())
  })

  it('carries a task and its result, and its answers tell nobody’s password', async () => {
    const credential = await seedCredential(database.db, keyring, 'canary-secret')
    const device = await seedDevice(database.db, site, credential)
    const { link } = dial()
    await online(link)
    await seedRun(database.db, site, [device])
    const { tasks } = await link.call('claim', { credit: 3 })
    const [task] = tasks
    if (!task) throw new Error('no task')
    const report = signedReport(agent.key, { ...task, deviceId: task.device.id }, 'text\n')
    expect(await link.call('report', { reports: [report] })).toEqual({ results: [{ task: task.id, state: 'need' }] })
    expect(hubLog.join('')).not.toContain('canary')
  })

  it('[HA-3] nudges the agents of a site, and only those', async () => {
    const first = dial()
    await online(first.link)
    const otherSite = await seedSite(database.db)
    const stranger = await seedAgent(database.db, otherSite)
    const second = dial({ agentId: stranger.id, key: stranger.key })
    await online(second.link)
    gateway.nudge(site)
    await vi.waitFor(() => expect(first.nudged).toHaveBeenCalledTimes(1))
    expect(second.nudged).not.toHaveBeenCalled()
  })

  it('refuses an agent that signs with another key, and never hears it', async () => {
    const { link, agentLog } = dial({ key: newSigningKey() })
    await vi.waitFor(() => expect(agentLog.join('')).toContain('ENVELOPE_UNKNOWN_KEY'))
    expect(link.state).not.toBe('online')
    expect(hubLog.join('')).toContain('ENVELOPE_UNKNOWN_KEY')
  })

  it('refuses an agent that nobody enrolled', async () => {
    const { agentLog } = dial({ agentId: newId() })
    await vi.waitFor(() => expect(agentLog.join('')).toContain('AGENT_UNKNOWN'))
  })

  it('refuses a revoked agent, and cuts one that is connected', async () => {
    const { link, offline, agentLog } = dial()
    await online(link)
    await revokeAgent(database.db, agent.id)
    gateway.cut(agent.id)
    await vi.waitFor(() => expect(offline).toHaveBeenCalled())
    expect(agentLog.join('')).toContain('AGENT_REVOKED')
    const again = dial()
    await vi.waitFor(() => expect(again.agentLog.join('')).toContain('AGENT_REVOKED'))
  })

  it('cuts an agent whose revocation it did not hear of, once it looks again', async () => {
    const { link, offline } = dial()
    await online(link)
    await gateway.recheck()
    expect(link.state).toBe('online')
    await revokeAgent(database.db, agent.id)
    await gateway.recheck()
    await vi.waitFor(() => expect(offline).toHaveBeenCalled())
  })

  it('an agent refuses a hub whose key it does not know: nothing is said to an impostor but the hello', async () => {
    const { link, agentLog, hellos } = dial({ trusted: new TrustedKeys([newSigningKey().publicKey]) })
    await vi.waitFor(() => expect(agentLog.join('')).toContain('ENVELOPE_UNKNOWN_KEY'))
    expect(hellos).toEqual([])
    expect(link.state).not.toBe('online')
  })

  it('an agent refuses another installation that answers in the hub’s place', async () => {
    const { agentLog } = dial({ hubId: newId() })
    await vi.waitFor(() => expect(agentLog.join('')).toContain('HUB_UNTRUSTED'))
  })

  it('closes a socket that does not prove itself in time', async () => {
    const { io } = await import('socket.io-client')
    const socket = io(`${url}/agents`, {
      path: '/agent-socket',
      transports: ['websocket'],
      reconnection: false,
      auth: { agent: agent.id, protocol: 1 },
    })
    await new Promise<void>((resolve) => socket.on('disconnect', () => resolve()))
    expect(hubLog.join('')).toContain('did not prove itself')
  })

  it('hears no question before hello, no hello twice, and no event without an answer', async () => {
    const { io } = await import('socket.io-client')
    const connect = () =>
      io(`${url}/agents`, {
        path: '/agent-socket',
        transports: ['websocket'],
        reconnection: false,
        forceNew: true,
        auth: { agent: agent.id, protocol: 1 },
      })
    for (const junk of [Buffer.from('junk'), 'text', null, { a: 1 }, Buffer.alloc(300, 1)]) {
      for (const name of ['claim', 'hello', 'report']) {
        const socket = connect()
        const answer = await new Promise<{ refused?: { code: string } }>((resolve) => socket.emit(name, junk, resolve))
        expect(answer.refused?.code).toMatch(/^(ENVELOPE_|HELLO_REQUIRED)/)
        socket.disconnect()
      }
    }
    const quietOne = connect()
    quietOne.emit('claim', Buffer.from('no acknowledgement asked'))
    await new Promise<void>((resolve) => quietOne.on('disconnect', () => resolve()))
  })

  it('keeps one socket an agent: the newest that proved itself', async () => {
    const first = dial({ random: () => 0.999 })
    await online(first.link)
    const second = dial()
    await online(second.link)
    await vi.waitFor(() => expect(first.offline).toHaveBeenCalled())
    expect(second.link.state).toBe('online')
    // A half-dead line is often noticed only after the agent has dialled again: its end must not make the agent look absent.
    await vi.waitFor(() => expect(hubLog.filter((line) => line.includes('agent disconnected'))).toHaveLength(1))
    const row = () => database.db.selectFrom('agents').selectAll().where('id', '=', agent.id).executeTakeFirstOrThrow()
    const { connection } = await row()
    expect(connection).not.toBeNull()
    await agentLeft(database.db, agent.id, 'f'.repeat(32))
    expect((await row()).connection).toBe(connection)
    second.link.close()
    await vi.waitFor(async () => expect((await row()).connection).toBeNull())
  })

  it('agents learn the next hub key from a message signed by the present one, and go on with it alone', async () => {
    const next = newSigningKey()
    announced = [hubKey, next]
    const trusted = new TrustedKeys([hubKey.publicKey])
    const { link } = dial({ trusted, online: (answer) => void trusted.learn(answer.keys.map((key) => key.publicKey)) })
    await online(link)
    link.close()
    hubKey = next
    announced = [next]
    const after = dial({ trusted })
    await online(after.link)
    expect(trusted.find(next.id)).toBeDefined()
  })

  it('[STO-4] answers that it can’t just now when the database is away, and the agent keeps its result', async () => {
    const { link } = dial()
    await online(link)
    const broken = vi.spyOn(database.db, 'transaction').mockImplementation(() => {
      throw Object.assign(new Error('terminating connection'), { code: '57P01', severity: 'FATAL' })
    })
    const report = signedReport(agent.key, { id: newId(), attempt: 1, deviceId: newId() }, 'x\n')
    await expect(link.call('report', { reports: [report] })).rejects.toMatchObject({ code: 'DB_UNAVAILABLE' })
    broken.mockRestore()
    expect(await link.call('report', { reports: [report] })).toMatchObject({ results: [{ state: 'refused' }] })
  })

  it('says goodbye with a pause when it stops', async () => {
    const { link, agentLog } = dial()
    await online(link)
    await gateway.close(0)
    await vi.waitFor(() => expect(agentLog.join('')).toContain('SHUTTING_DOWN'))
  })
})
