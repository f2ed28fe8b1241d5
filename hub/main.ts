/**
 * The wiring diagram of a hub: settings, database, keys, texts, API, agents' door, clockwork; taken down in reverse. It runs when
 * it is started (`netraven hub`); nothing imports it but that command.
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { Failure } from '@netraven/protocol/failure.ts'
import { sql } from 'kysely'
import { ensureAdmin } from './accounts.ts'
import { agentArrived, agentLeft, agentSeen, findAgent, REVOKED_CHANNEL } from './agents.ts'
import { createApp } from './app.ts'
import { Backups } from './backups.ts'
import { openLocalBlobs } from './blobs/local.ts'
import { noteClimb } from './climbs.ts'
import { readOwnConfig } from './config.ts'
import { classify, inTransaction, openDatabase } from './db/connect.ts'
import { startEmbedded } from './db/embedded.ts'
import { migrate } from './db/migrate.ts'
import { endDiagnostic, LOOK_CHANNEL, takeDiagnostic } from './diagnostics.ts'
import { endTrial, openTrials } from './driver-trials.ts'
import { openGateway } from './gateway.ts'
import { newId } from './ids.ts'
import { isInstalled, openInstallation } from './installation.ts'
import { openKeyring } from './keyring.ts'
import { openLog } from './log.ts'
import { ordersFor } from './orders.ts'
import { driverFile } from './own-drivers.ts'
import { startSchedules } from './schedules.ts'
import { listenHttp } from './server.ts'
import { stopSignal } from './stop.ts'
import { renewTasks } from './tasks.ts'
import { forgetExpiredTokens } from './tokens.ts'

/** Channel of PostgreSQL's NOTIFY on which a site's id is told to every hub when it has new tasks. */
const WORK_CHANNEL = 'netraven_work'

const config = readOwnConfig()
const node = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`
const log = openLog({
  level: config.logLevel,
  write: (line) => process.stdout.write(line),
  pretty: process.stdout.isTTY,
  bindings: { node },
})
const undo: (() => Promise<unknown>)[] = []
let isServing = true

async function start(): Promise<void> {
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir: config.dataDir, log }) : undefined
  if (embedded) undo.push(() => embedded.stop())
  const database = openDatabase(config.databaseUrl ?? embedded?.url ?? '', {
    poolMax: config.dbPoolMax,
    statementTimeoutMs: config.dbStatementTimeoutMs,
    acquireTimeoutMs: config.dbAcquireTimeoutMs,
    applicationName: `netraven ${node}`.slice(0, 63),
    log,
  })
  undo.push(() => database.close())
  const { db } = database
  const migrations = migrate(db, {
    log,
    lockTimeoutMs: config.migrationLockTimeoutMs,
    statementTimeoutMs: config.migrationTimeoutMs,
  })
  await (config.autoMigrate ? migrations.up() : migrations.require())

  const keyring = await openKeyring({
    masterKey: config.masterKey,
    dataDir: config.dataDir,
    log,
    isInstalled: () => isInstalled(db),
  })
  const installation = await openInstallation(db, keyring)
  const blobs = await openLocalBlobs({ folder: config.blobFolder, keyring, log })
  const password = await ensureAdmin(db, config.adminPassword)
  if (password !== undefined) process.stdout.write(firstWords(password))

  const wake = async (siteId: string) => void (await sql`select pg_notify(${WORK_CHANNEL}, ${siteId})`.execute(db))
  const classified = (error: unknown) => (error instanceof Failure ? error : classify(error))
  const backups = new Backups({
    db,
    inTransaction: (work) => inTransaction(db, work),
    blobs,
    newId,
    wake,
    logins: config.logins,
    retries: { afterMs: config.retryAfterMs, random: Math.random },
    log,
  })
  const app = createApp({
    config,
    database,
    migrations,
    keyring,
    installation,
    blobs,
    log,
    node,
    wake,
    isServing: () => isServing,
  })
  const http = await listenHttp(app, { host: config.host, port: config.port })
  undo.push(() => http.close())
  const gateway = openGateway(http.server, {
    hubId: installation.id,
    signingKey: () => installation.signingKey,
    announcedKeys: () => installation.keys(),
    findAgent: (id) => findAgent(db, id),
    backups,
    arrived: (agent, connection, hello, skewMs) => agentArrived(db, agent.id, connection, hello, skewMs),
    left: (agent, connection) => agentLeft(db, agent.id, connection),
    seen: (agent) => agentSeen(db, agent.id),
    claim: (agent, credit) => ordersFor({ db, keyring, ...config }, agent, credit),
    renew: async (agent, holding) => {
      const lost = await renewTasks(db, agent.id, holding, config.leaseMs)
      const trials = await openTrials(db, agent.id, lost)
      return lost.filter((id) => !trials.has(id))
    },
    driverFile: (digest) => driverFile(db, digest),
    tried: (agent, question) => inTransaction(db, (trx) => endTrial(trx, agent.id, question)),
    diagnostic: (agent) => takeDiagnostic(db, agent.id),
    diagnosed: (agent, question) => endDiagnostic(db, agent.id, question),
    climbed: (agent, question) => noteClimb(db, agent.id, question),
    classify: classified,
    leaseMs: config.leaseMs,
    logins: config.logins,
    renewEveryMs: config.renewEveryMs,
    helloTimeoutMs: config.helloTimeoutMs,
    nowMs: Date.now,
    log,
  })
  undo.push(() => gateway.close(config.shutdownTimeoutMs))
  const subscription = await database.listen([WORK_CHANNEL, REVOKED_CHANNEL, LOOK_CHANNEL], (channel, payload) => {
    if (channel === WORK_CHANNEL) gateway.nudge(payload === '' ? undefined : payload)
    else if (channel === LOOK_CHANNEL) gateway.look(payload)
    else if (payload !== '') gateway.cut(payload)
    else gateway.recheck().catch((error: unknown) => log.warn({ err: error }, 'could not look for revoked agents'))
  })
  undo.push(() => subscription.close())
  const stopSchedules = startSchedules({ db, wake, forgetExpiredTokens: () => forgetExpiredTokens(db), log })
  undo.push(stopSchedules)
  log.info({ url: http.url, dataDir: config.dataDir, database: embedded ? 'embedded' : 'server' }, 'hub is ready')
}

/** What a person sees at the very first start, once. */
function firstWords(password: string): string {
  return `\n  First start: user admin, password ${password}\n  It is shown this once. Sign in:  netraven login --hub http://${config.host}:${config.port} --user admin\n\n`
}

async function stop(): Promise<void> {
  isServing = false
  for (const step of undo.reverse()) {
    await step().catch((error: unknown) => log.warn({ err: error }, 'could not stop in good order'))
  }
}

try {
  const stopped = stopSignal()
  await start()
  log.info({ signal: await stopped }, 'hub stops')
} finally {
  await stop()
}
