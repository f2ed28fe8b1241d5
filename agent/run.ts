/** The running agent: its parts, wired. The link feeds the worker, the worker fills the spool, the reporter empties it. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Task } from '@netraven/protocol/claim.ts'
import { driverCatalogue } from '@netraven/protocol/driver-catalogue.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { resolveName } from './approach.ts'
import { ArtifactSpool } from './artifact-spool.ts'
import { backup } from './backup.ts'
import { Climbs } from './climbs.ts'
import type { AgentConfig } from './config.ts'
import { Diagnostics } from './diagnostics.ts'
import { DriverCatalogue } from './driver-catalogue.ts'
import { DriverStore } from './driver-store.ts'
import { tryDriver } from './driver-trial.ts'
import { driverFiles } from './drivers/index.ts'
import { guardedWay } from './hop-guard.ts'
import { HubKeyLearning } from './hub-key-learning.ts'
import { readIdentity, signingKeyOf, TrustedKeys, writeIdentity } from './identity.ts'
import { Link } from './link.ts'
import { localSecret } from './local-credentials.ts'
import { lockFolder } from './lock.ts'
import { createLog } from './log.ts'
import { LoginGuard } from './login-guard.ts'
import { ping } from './ping.ts'
import { loadPolicy } from './policy.ts'
import { proxyAgent } from './proxy.ts'
import { Reporter } from './reporter.ts'
import { resultOf } from './result.ts'
import { SOFTWARE } from './software.ts'
import { Spool } from './spool.ts'
import { TextThread } from './text-thread.ts'
import { connect as connectDevice, transports } from './transport/connect.ts'
import { greetingOf } from './transport/greeting.ts'
import { probePorts } from './transport/probe.ts'
import { Turnstile } from './turnstile.ts'
import { Worker } from './worker.ts'

/**
 * So many SSH handshakes at once, whatever the number of sessions. A handshake is computing: a thousand at once on a slow jump
 * host would each run into its time limit, and into the device's. With 200 sessions the bench shows no difference in speed or
 * memory between 48, 96 and no bound.
 */
const HANDSHAKES = 96

/** No more than so many tasks are renewed in one message; the protocol's bound. */
const MAX_HOLDING = 10_000

/** Running reads may end in so long after a stop was asked for, ms. */
const DRAIN_MS = 20_000

/** Runs until SIGTERM or SIGINT. @throws Failure when it can't begin */
export async function runAgent(config: AgentConfig): Promise<void> {
  const log = createLog(config.logLevel)
  const identity = await readIdentity(config.dir)
  if (!identity) throw new Failure('AGENT_NOT_ENROLLED', { dir: config.dir })
  const policy = await loadPolicy(config.dir)
  const unlock = await lockFolder(config.dir)
  const artifacts = await ArtifactSpool.open({ dir: join(config.dir, 'spool', 'artifacts'), key: identity.spoolKey })
  const spool = await Spool.open({
    dir: join(config.dir, 'spool'),
    artifacts,
    key: identity.spoolKey,
    maxBytes: config.spoolBytes,
    damaged: (failure) => log.error({ code: failure.code, details: failure.details }, failure.message),
  })
  const key = signingKeyOf(identity)
  const trusted = new TrustedKeys(identity.hubKeys)
  const drivers = new DriverCatalogue(driverCatalogue, driverFiles)

  let hubTakesArtifacts = false
  const hubKeys = new HubKeyLearning({
    trusted,
    keep: (publicKeys) => writeIdentity(config.dir, { ...identity, hubKeys: [...publicKeys] }),
    ask: (ids) => link.call('keys', { trusted: ids }),
    log,
  })

  const link: Link = new Link({
    hubUrl: identity.hubUrl,
    hubId: identity.hub,
    agentId: identity.agent,
    key,
    trusted,
    hello: () => ({
      software: SOFTWARE,
      hostname: hostname(),
      node: process.versions.node,
      concurrency: config.concurrency,
      drivers: drivers.digests,
      transports: [...transports],
      abilities: ['test', 'own-drivers', 'via', 'artifacts', 'diagnostics', 'keys'],
      holding: holding(),
      spooled: spool.size,
      trusted: hubKeys.kept,
    }),
    online: (answer) => {
      hubKeys.heard(answer.keys, answer.abilities.includes('keys'))
      if (answer.care) guard.take(answer.care)
      hubTakesArtifacts = answer.abilities.includes('artifacts')
      worker.online(answer)
      reporter.online()
      climbs.online(answer.abilities)
    },
    offline: () => {
      worker.offline()
      climbs.offline()
    },
    nudged: () => worker.nudge(),
    look: () => diagnostics.nudge(),
    keysChanged: () => hubKeys.ask(),
    httpAgent: proxyAgent(identity.hubUrl, config),
    nowMs: Date.now,
    random: Math.random,
    callTimeoutMs: 60_000,
    dialTimeoutMs: 20_000,
    log,
  })
  /** What runs, and what was read but not yet told: neither is to be read again by anybody. */
  const holding = () =>
    [...worker.holding, ...spool.pending.map(({ task, attempt }) => ({ task, attempt }))].slice(0, MAX_HOLDING)
  const isOnline = () => link.state === 'online'
  const reporter = new Reporter({
    spool,
    artifacts,
    call: link.call.bind(link) as Link['call'],
    isOnline,
    random: Math.random,
    log,
  })
  const climbs: Climbs = new Climbs({ call: link.call.bind(link) as Link['call'], log })
  const diagnostics: Diagnostics = new Diagnostics({
    policy,
    call: link.call.bind(link) as Link['call'],
    resolve: resolveName,
    tcp: greetingOf,
    ping,
    hubNowMs: link.hubNowMs,
    log,
  })
  const agent = { name: identity.name, site: identity.site }
  const handshakes = new Turnstile(HANDSHAKES)
  const connect: typeof connectDevice = (target, parts) =>
    handshakes.pass(parts.signal, () => connectDevice(target, parts))
  const store = new DriverStore({ dir: config.dir, builtIn: drivers, call: link.call.bind(link) as Link['call'], log })
  const thread = new TextThread()
  const guard = new LoginGuard(Date.now)
  const through = guardedWay(guard, async (...way) => (await import('./transport/hops.ts')).wayThrough(...way))
  const resultParts = {
    drivers,
    ownDriver: (task: Task) => store.find(task),
    boxSecretKey: identity.boxSecretKey,
    key,
    agent,
    log,
    follow: climbs.follow,
    nowMs: Date.now,
    hubNowMs: link.hubNowMs,
    localSecret: (name: string, task: string) => localSecret(config.dir, name, task),
    guard,
    read: ((task, driver, _secret, signal, ladder, logins, hopSecret) =>
      backup(task, {
        driver,
        policy,
        connect,
        signal,
        nowMs: link.hubNowMs,
        log,
        ladder,
        artifacts: hubTakesArtifacts ? artifacts : undefined,
        probe: probePorts,
        text: ({ transport, patterns }, one, outputs, options) =>
          one.own || patterns ? thread.text(one, transport, outputs, { ...options, patterns }) : undefined,
        logins,
        hopSecret,
        through,
      })) satisfies Parameters<typeof resultOf>[0]['read'],
  }
  const trialParts = {
    ...resultParts,
    policy,
    replay: thread.replay.bind(thread),
    newMaskKey: () => randomBytes(32),
  }
  const tried = async (task: Task, sealKey: string | undefined, signal: AbortSignal) => {
    const trial = await tryDriver(trialParts, task, sealKey, signal)
    if (!trial) return undefined
    // Should the hub not hear it, the task comes again, since nothing was reported.
    await link.call('tried', { trial: task.id, outcome: trial.outcome })
    return trial.report
  }
  const worker: Worker = new Worker({
    concurrency: config.concurrency,
    call: link.call.bind(link) as Link['call'],
    isOnline,
    hubNowMs: link.hubNowMs,
    health: () => ({ rssBytes: process.memoryUsage.rss(), spooled: spool.size, active: worker.active }),
    holding,
    hasRoom: () => !spool.full,
    log,
    run: async (task, sealKey, signal) => {
      let isKept = false
      try {
        const result = task.trial
          ? await tried(task, sealKey, signal)
          : await resultOf(resultParts, task, sealKey, signal)
        if (!result) return
        await spool.add(result)
        isKept = 'artifacts' in result.report.outcome
        reporter.poke()
      } finally {
        if (!isKept) artifacts.remove({ task: task.id, attempt: task.attempt })
      }
    },
  })

  log.info(
    { agent: identity.name, site: identity.site, hub: identity.hubUrl, policy: policy.source, spooled: spool.size },
    'agent starts',
  )
  link.start()
  const signal = await stopSignal()
  log.info({ signal }, 'agent stops')
  diagnostics.stop()
  await worker.drain(AbortSignal.timeout(DRAIN_MS))
  await thread.close()
  await reporter.flush()
  reporter.stop()
  link.close()
  await spool.close()
  await unlock()
  const { read, written } = link.traffic
  log.info({ spooled: spool.size, bytesRead: read, bytesWritten: written }, 'agent stopped')
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}
