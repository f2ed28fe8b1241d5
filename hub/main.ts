/**
 * The wiring diagram of a hub: settings, database, keys, texts, API, agents' door, clockwork; taken down in reverse. It runs when
 * it is started (`netraven hub`); nothing imports it but that command.
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { Failure } from '@netraven/protocol/failure.ts'
import { sql } from 'kysely'
import { openAccess } from './access.ts'
import { accessTokens } from './access-tokens.ts'
import { warnOfExpiry } from './account-expiry.ts'
import { ensureAdmin } from './accounts.ts'
import { agentArrived, agentLeft, agentSeen, findAgent, REVOKED_CHANNEL } from './agents.ts'
import { createApp } from './app.ts'
import { auditKeeper } from './audit-checkpoints.ts'
import { Backups } from './backups.ts'
import { openLocalBlobs } from './blobs/local.ts'
import { keepCertificate } from './certificate.ts'
import { noteClimb } from './climbs.ts'
import { readOwnConfig } from './config.ts'
import { KEYS_CHANNEL } from './data-keys.ts'
import { classify, inTransaction, openDatabase } from './db/connect.ts'
import { startEmbedded } from './db/embedded.ts'
import { migrate } from './db/migrate.ts'
import { endDiagnostic, LOOK_CHANNEL, takeDiagnostic } from './diagnostics.ts'
import { endTrial, openTrials } from './driver-trials.ts'
import { openGateway } from './gateway.ts'
import { newId } from './ids.ts'
import { isInstalled, openInstallation, voucherFor } from './installation.ts'
import { openKeyClock } from './key-clock.ts'
import { openKeyring } from './keyring.ts'
import { LIMITS_CHANNEL } from './limit-rules.ts'
import { openLimits } from './limits.ts'
import { openLog } from './log.ts'
import { forgetLoginAttempts } from './login-locks.ts'
import { openMail } from './mail.ts'
import { ordersFor } from './orders.ts'
import { driverFile } from './own-drivers.ts'
import { startSchedules } from './schedules.ts'
import { listenHttp } from './server.ts'
import { ACCESS_CHANNEL, forgetEndedSessions } from './sessions.ts'
import { stopSignal } from './stop.ts'
import { learntKeys, noteLearnt } from './task-keys.ts'
import { renewTasks } from './tasks.ts'
import { tokenKeys } from './token-keys.ts'

/** Channel of PostgreSQL's NOTIFY on which a site's id is told to every hub when it has new tasks. */
const WORK_CHANNEL = 'netraven_work'

/** Agents of the release before learn the hub's keys by a new hello; spread over so long, ms. */
const KEY_HELLO_SPREAD_MS = 30_000

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
    previousMasterKey: config.previousMasterKey,
    dataDir: config.dataDir,
    log,
    isInstalled: () => isInstalled(db),
  })
  const installation = await openInstallation(db, keyring, { handoverDays: config.taskKeyHandoverDays })
  const blobs = await openLocalBlobs({ folder: config.blobFolder, keyring, log })
  const tokens = accessTokens(installation.id, tokenKeys(db, keyring, Date.now), Date.now)
  const access = openAccess({ db, tokens, clock: Date.now })
  undo.push(() => access.writeUses())
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
  const limits = await openLimits({
    db,
    statement: database.statement,
    defaults: config.limits,
    clock: Date.now,
    log,
  })
  undo.push(() => limits.close())
  const mail = config.smtp && openMail(config.smtp)
  undo.push(async () => mail?.close())
  const app = createApp({
    config,
    mail,
    limits,
    database,
    migrations,
    keyring,
    installation,
    blobs,
    access,
    tokens,
    log,
    node,
    wake,
    isServing: () => isServing,
  })
  const { host, port, tls } = config
  const certificate = tls && keepCertificate(tls, { clock: Date.now, log }, (next) => http.present(next))
  undo.push(async () => certificate?.close())
  const http = await listenHttp(app, { host, port, certificate: certificate?.current })
  undo.push(() => http.close())
  if (certificate) process.on('SIGHUP', () => certificate.look())
  const gateway = openGateway(http.server, {
    hubId: installation.id,
    signingKey: () => installation.signingKey,
    announcedKeys: () => installation.keys(),
    voucher: async (agent, trusted) => voucherFor(installation, trusted ?? (await learntKeys(db, agent.id))),
    learnt: (agent, trusted) => noteLearnt(db, agent.id, trusted),
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
    turn: (agent) => limits.agentTurn(agent.id),
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
  const keyClock = openKeyClock({
    ...{ db, keyring, blobs, installation, node, log },
    tellAgents: () => gateway.keysChanged(KEY_HELLO_SPREAD_MS),
    accessTokenMs: config.accessTokenMinutes * 60_000,
  })
  undo.push(() => keyClock.close())
  const subscription = await database.listen(
    [WORK_CHANNEL, REVOKED_CHANNEL, LOOK_CHANNEL, ACCESS_CHANNEL, LIMITS_CHANNEL, KEYS_CHANNEL],
    (channel, payload) => {
      if (channel === WORK_CHANNEL) gateway.nudge(payload === '' ? undefined : payload)
      else if (channel === LOOK_CHANNEL) gateway.look(payload)
      else if (channel === ACCESS_CHANNEL) access.forget(payload)
      else if (channel === KEYS_CHANNEL) keyClock.heard()
      else if (channel === LIMITS_CHANNEL) void limits.heard(payload)
      else if (payload !== '') gateway.cut(payload)
      else gateway.recheck().catch((error: unknown) => log.warn({ err: error }, 'could not look for revoked agents'))
    },
  )
  undo.push(() => subscription.close())
  const stopSchedules = startSchedules({
    ...{ db, wake, log, writeUses: access.writeUses },
    keepAudit: auditKeeper({ db, keyring, installation, log }),
    forgetEndedSessions: () => forgetEndedSessions(db),
    lookAtAccounts: async () => {
      await warnOfExpiry({ db, mail, log })
      await forgetLoginAttempts(db)
    },
  })
  undo.push(stopSchedules)
  log.info({ url: http.url, dataDir: config.dataDir, database: embedded ? 'embedded' : 'server' }, 'hub is ready')
}

/** What a person sees at the very first start, once. */
function firstWords(password: string): string {
  return `\n  First start: user admin, password ${password}\n  It is shown this once. Sign in:  netraven login --hub http${config.tls ? 's' : ''}://${config.host}:${config.port} --user admin\n\n`
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
