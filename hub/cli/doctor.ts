import { Failure, remediesOf } from '@netraven/protocol/failure.ts'
import type { Command } from 'commander'
import { z } from 'zod'
import { Agent } from '../api/agent.ts'
import { StorageStatus } from '../api/backup.ts'
import { Device } from '../api/device.ts'
import { Health } from '../api/health.ts'
import { pageOf } from '../api/page.ts'
import { Me } from '../api/session.ts'
import { SOFTWARE } from '../software.ts'
import type { Client } from './client.ts'
import { acting, type Cli, type JsonOption, verb } from './command.ts'
import { EXIT, errorOf, failureOf } from './failure-text.ts'
import { Refused } from './refusal.ts'
import { readLogin } from './stored-login.ts'
import { count, time } from './table.ts'

interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'bad' | 'not checked'
  readonly detail: string
  readonly remedies: readonly string[]
}

const DISK_WARNING = 0.85
const SKEW_WARNING_MS = 30_000

export function doctorCommand(program: Command, cli: Cli): void {
  verb(program, 'doctor', 'check everything from here to the agents, and say what to do', [
    'netraven doctor',
    'netraven doctor --json',
  ]).action(
    acting(cli, async (options: JsonOption) => {
      const findings = await examine(cli)
      const isWell = findings.every(({ state }) => state !== 'bad')
      cli.show(options, { ok: isWell, findings }, () => findings.map(textOf).join('\n'))
      return isWell ? undefined : EXIT.failed
    }),
  )
}

/** Each step stands on the one before; what can't be looked at says so. */
async function examine(cli: Cli): Promise<Finding[]> {
  const findings: Finding[] = [ok('command line', `version ${SOFTWARE}, Node.js ${process.version}`)]
  let client: Client
  try {
    client = await cli.client()
    const login = await readLogin(cli.parts.config.folder)
    findings.push(
      ok('login', `${client.hub}${login?.hub === client.hub ? `, ${login.user}, until ${time(login.expiresAt)}` : ''}`),
    )
  } catch (error) {
    return [...findings, bad('login', failureOf(error))]
  }
  const steps: readonly (readonly [string, () => Promise<readonly Finding[]>])[] = [
    ['hub', () => hubFindings(client)],
    ['account', async () => [ok('account', `signed in as ${(await client.get('/api/auth/me', Me)).username}`)]],
    ['agents', () => agentFindings(client)],
    ['devices', () => deviceFindings(client)],
    ['storage', () => storageFindings(client)],
  ]
  let isBlocked = false
  for (const [check, look] of steps) {
    if (isBlocked) {
      findings.push({ check, state: 'not checked', detail: 'because of the failure above', remedies: [] })
      continue
    }
    try {
      findings.push(...(await look()))
    } catch (error) {
      findings.push(bad(check, failureOf(error)))
      isBlocked = check === 'hub' || check === 'account'
    }
  }
  return findings
}

async function hubFindings(client: Client): Promise<Finding[]> {
  await client.get('/api/health/live', z.object({ status: z.literal('ok') }))
  const found = ok('hub', `${client.hub} answers`)
  try {
    const health = await client.get('/api/health', Health)
    const isOther = health.version !== SOFTWARE
    const remedies = isOther ? ['Update hub and command line to the same version.'] : []
    return [
      found,
      { check: 'version', state: isOther ? 'warning' : 'ok', detail: `hub ${health.version}`, remedies },
      ok('database', health.components.database.status),
    ]
  } catch (error) {
    if (error instanceof Failure && error.cause instanceof Refused) return [found, bad('health', error)]
    throw error
  }
}

async function agentFindings(client: Client): Promise<Finding[]> {
  const items = await Array.fromAsync(client.items('/api/agents', pageOf(Agent), { limit: 500 }))
  const enrolled = items.filter(({ state }) => state === 'enrolled')
  if (enrolled.length === 0) {
    return [warning('agents', 'none yet', ['Make a token: netraven enrollment-tokens create --site NAME'])]
  }
  const offline = enrolled.filter(({ online }) => !online)
  const fast = enrolled.filter(({ skewMs }) => Math.abs(skewMs ?? 0) > SKEW_WARNING_MS)
  return [
    offline.length === 0
      ? ok('agents', `${count(enrolled.length, 'agent')}, all online`)
      : bad(
          'agents',
          new Failure('AGENT_OFFLINE', {
            agents: offline.map((one) => `${one.name} (site ${one.site}), last seen ${time(one.lastSeenAt)}`),
            agent: offline.map((one) => one.name).join(', '),
            site: [...new Set(offline.map((one) => one.site))].join(', '),
            lastSeen: offline.map((one) => `${one.name} at ${time(one.lastSeenAt)}`).join(', '),
          }),
        ),
    ...fast.map((one) =>
      warning('clock', `agent ${one.name} is ${one.skewMs} ms off`, [
        'Let the jump host keep its time: `timedatectl set-ntp true`.',
      ]),
    ),
  ]
}

async function deviceFindings(client: Client): Promise<Finding[]> {
  const found = await Array.fromAsync(client.items('/api/devices', pageOf(Device), { limit: 500 }))
  if (found.length === 0) {
    return [warning('devices', 'none yet', ['Add them: netraven devices import FILE.csv --site NAME'])]
  }
  const locked = found.filter(({ credential }) => credential === null)
  const failed = found.filter(({ lastFailure }) => lastFailure !== null)
  const never = found.filter(({ lastReadAt, lastFailure }) => lastReadAt === null && lastFailure === null)
  const named = (devices: readonly Device[]) =>
    devices
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ') + (devices.length > 5 ? ', …' : '')
  return [
    ok('devices', count(found.length, 'device')),
    ...(locked.length > 0
      ? [
          warning('devices', `${locked.length} without a credential: ${named(locked)}`, [
            'Give them one: netraven devices set NAME --credential NAME',
          ]),
        ]
      : []),
    ...(failed.length > 0
      ? [
          warning('devices', `${failed.length} failed last time: ${named(failed)}`, [
            'Look why: netraven devices list, netraven explain CODE',
          ]),
        ]
      : []),
    ...(never.length > 0
      ? [
          warning('devices', `${never.length} never read: ${named(never)}`, [
            'Back them up: netraven backup run --all --wait',
          ]),
        ]
      : []),
  ]
}

async function storageFindings(client: Client): Promise<Finding[]> {
  const status = await client.get('/api/storage/status', StorageStatus)
  if (!status.healthy) {
    const { message = 'not well', code = 'INTERNAL', remedies = [] } = status.failure ?? {}
    return [{ check: 'storage', state: 'bad', detail: `${message} [${code}]`, remedies }]
  }
  const { totalBytes, freeBytes } = status
  const used = totalBytes && freeBytes !== null ? 1 - freeBytes / totalBytes : 0
  const detail = `${status.location}, ${Math.round(used * 100)} % used`
  const remedies = ['Free up disk space on the hub: `df -h`.', 'Or move to a storage with more capacity: STORAGE_URL.']
  return [used > DISK_WARNING ? warning('storage', detail, remedies) : ok('storage', detail)]
}

const ok = (check: string, detail: string): Finding => ({ check, state: 'ok', detail, remedies: [] })
const warning = (check: string, detail: string, remedies: readonly string[]): Finding => ({
  check,
  state: 'warning',
  detail,
  remedies,
})

function bad(check: string, failure: Failure): Finding {
  const error = errorOf(failure)
  const facts = Object.values(error.details).filter((value) => typeof value === 'string' || Array.isArray(value))
  const detail = `${error.message} [${error.code}]${facts.length > 0 ? `: ${facts.flat().join('; ')}` : ''}`
  return { check, state: 'bad', detail, remedies: error.remedies.length > 0 ? error.remedies : remediesOf(failure) }
}

function textOf({ check, state, detail, remedies }: Finding): string {
  const mark = { ok: 'ok       ', warning: 'warning  ', bad: 'BAD      ', 'not checked': '-        ' }[state]
  return [`${mark}${check.padEnd(13)} ${detail}`, ...remedies.map((step) => `           - ${step}`)].join('\n')
}
