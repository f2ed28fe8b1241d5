/** `netraven devices test`: what a person sees when a device can't be read, each rung made to fail on a real connection. */
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reachability } from '../hub/api/reachability.ts'
import type { Run } from '../hub/api/run.ts'
import { type Rung, rungs } from '../protocol/ladder.ts'
import { Field, freePort } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must, type Running } from './processes.ts'
import type { ReplayDevice } from './replay-device/replay-device.ts'

const OTHER_KEY = `SHA256:${'A'.repeat(43)}`

interface Case {
  readonly rung: Rung
  readonly code: string
  readonly title: string
  /** Breaks the device on its side. */
  readonly ruin?: (device: ReplayDevice) => void
  /** Options of `devices set`. */
  readonly set?: () => string[] | Promise<string[]>
  /** What the text shows. */
  readonly says: RegExp
}

let mute: Server
const mutePort = () => {
  const address = mute.address()
  return typeof address === 'object' && address ? String(address.port) : ''
}

const cases: readonly Case[] = [
  {
    ...{ rung: 'dns', code: 'DNS_FAILED', title: '[DEV-1] [DEV-4] a name that nobody knows' },
    set: () => ['--address', 'nowhere.netraven.invalid'],
    says: /Device unreachable \[DNS_FAILED\][\s\S]*agent agent1 \(site lab\): `getent hosts nowhere\.netraven\.invalid`/,
  },
  {
    ...{ rung: 'tcp', code: 'PORT_REFUSED', title: '[DEV-1] [DEV-5] a port that is closed' },
    set: async () => ['--port', String(await freePort())],
    says: /Device unreachable \[PORT_REFUSED\]\n {2}other ports: 22 \w+, [^\n]*830 \w+[\s\S]*SSH: 22, NETCONF: 830/,
  },
  {
    ...{ rung: 'banner', code: 'BANNER_TIMEOUT', title: '[DEV-1] a port that says nothing' },
    set: () => ['--port', mutePort(), '--connect-timeout', '1'],
    says: /✓ tcp +\d+ ms {2}127\.0\.0\.1 port \d+\n✗ banner +1\.\d s {2}BANNER_TIMEOUT[\s\S]*Device unreachable/,
  },
  {
    ...{ rung: 'host-key', code: 'HOST_KEY_CHANGED', title: '[DEV-8] another host key than the pinned one' },
    set: () => ['--host-key', OTHER_KEY],
    says: /✓ banner +\d+ ms {2}SSH-2\.0-[\s\S]*✗ host key[\s\S]*Host key changed[\s\S]*pinned: SHA256:A{43}/,
  },
  {
    ...{ rung: 'host-key', code: 'SSH_LEGACY_ALGOS', title: '[DEV-7] old algorithms alone, both sides shown' },
    ruin: (device) => device.fail({ algorithms: 'legacy' }),
    says: /host key: device offers: ssh-rsa; we offer: [\w-]+.*\n[\s\S]*--legacy-algorithms on/,
  },
  {
    ...{ rung: 'login', code: 'PASSWORD_REJECTED', title: '[DAUTH-1] a wrong password' },
    set: () => ['--credential', 'wrong'],
    says: /✓ host key +\d+ ms {2}SHA256:\S{43}, none pinned yet\n✗ login[\s\S]*Authentication failed/,
  },
  {
    ...{ rung: 'enable', code: 'ENABLE_FAILED', title: 'a wrong enable password' },
    ruin: (device) => device.replace([[`${device.name}#`, `% Bad secrets\n\n${device.name}>`]]),
    says: /✓ login +\d+ ms {2}password\n✗ enable +\d+ ms {2}ENABLE_FAILED: enable/,
  },
  {
    ...{ rung: 'prompt', code: 'PROMPT_NOT_FOUND', title: 'a prompt that never comes' },
    ruin: (device) => device.fail({ hang: 'prompt' }),
    set: () => ['--idle-timeout', '1'],
    says: /✗ prompt +1\.\d s {2}PROMPT_NOT_FOUND/,
  },
  {
    ...{ rung: 'command', code: 'COMMAND_REJECTED', title: 'a command that the device does not know' },
    ruin: (device) => device.replace([['Building configuration...', "% Invalid input detected at '^' marker."]]),
    says: /✗ command +\d+ ms {2}COMMAND_REJECTED: show running-config/,
  },
  {
    ...{ rung: 'command', code: 'DEVICE_COMMAND_TIMEOUT', title: '[TMO-1] [TMO-3] a command that never ends' },
    ruin: (device) => device.fail({ hang: 'command' }),
    set: () => ['--idle-timeout', '1', '--command-timeout', '40'],
    says: /show running-config: no bytes for 1 s of [\s\S]*--command-timeout 40`[\s\S]*--idle-timeout 2`/,
  },
  {
    ...{ rung: 'completeness', code: 'SUSPECT_TRUNCATED', title: '[TMO-5] a configuration without its end' },
    ruin: (device) => device.replace([['\nend\n', '\n']]),
    says: /✓ command[^\n]*show running-config\n✗ completeness/,
  },
]

describe('testing a device', () => {
  let test: TestDatabase
  let field: Field
  let agent: Running
  const sockets = new Set<Socket>()
  const healthy = () => deviceAt(cases.length)

  const deviceAt = (index: number): ReplayDevice => {
    const device = field.fleet.devices[index]
    if (!device) throw new RangeError(`no device ${index}`)
    return device
  }
  const lastOf = async (name: string) =>
    (await (await field.api(`/devices/${name}/reachability`)).json()) as Reachability

  beforeAll(async () => {
    mute = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    // What fails is to be seen as it fails, at once.
    const hubEnv = { RETRY_AFTER_MS: '0' }
    field = await Field.open({ databaseUrl: test.url, devices: cases.length + 1, agents: 1, hubEnv })
    await must(
      field.cli(['credentials', 'add', 'wrong', '--username', 'backup', '--password-stdin'], 'canary-wrong-password\n'),
    )
    agent = await field.agent(1)
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => mute.close(resolve))
  })

  it('[DEV-2] shows every rung of a healthy one with its time, and keeps nothing', async () => {
    const { code, stdout, stderr } = await field.cli(['devices', 'test', healthy().name])
    expect([code, stderr]).toEqual([0, ''])
    const names = ['dns', 'tcp', 'banner', 'host key', 'login', 'enable', 'prompt', 'command', 'completeness']
    const lines = stdout.trim().split('\n')
    expect(lines[0]).toMatch(/: 127\.0\.0\.1 port \d+, cisco_ios over ssh, by agent agent1 of site lab$/)
    expect(lines.slice(1, 10).map((line) => line.slice(2, 14).trim())).toEqual(names)
    expect(
      lines
        .slice(1, 10)
        .map((line) => line[0])
        .join(''),
    ).toBe('–✓✓✓✓✓✓✓✓')
    expect(lines.at(-1)).toBe(`${healthy().name} can be read.`)

    const device = await field.json<Record<string, unknown>>(['devices', 'show', healthy().name])
    expect(device).toMatchObject({ latestBackup: null, lastReadAt: null, lastFailure: null, hostKey: null })
    const again = JSON.parse((await field.cli(['devices', 'test', healthy().name, '--json'])).stdout) as Reachability
    expect(again).toMatchObject({ state: 'passed', failure: null })
    expect(await lastOf(healthy().name)).toEqual(again)
    expect(field.output).not.toContain('canary-wrong-password')
  })

  it.each(cases.map((one, index) => ({ ...one, index })))(
    '$title: the ladder breaks at $rung with $code',
    async ({ rung, code, ruin, set, says, index }) => {
      const device = deviceAt(index)
      ruin?.(device)
      const options = (await set?.()) ?? []
      if (options.length > 0) await must(field.cli(['devices', 'set', device.name, ...options]))

      const { code: exit, stdout, stderr } = await field.cli(['devices', 'test', device.name])
      expect(stdout + stderr).toMatch(says)
      expect(stdout + stderr).not.toMatch(/canary|\{\w+\}/)
      const result = await lastOf(device.name)
      expect([exit, result.state, result.failure?.code, result.agent]).toEqual([1, 'failed', code, 'agent1'])
      expect(result.steps.map((step) => step.rung)).toEqual(rungs)
      const failed = result.steps.filter(({ state }) => state === 'failed')
      expect(failed).toMatchObject([{ rung, code }])
      const after = result.steps.slice(rungs.indexOf(rung) + 1)
      expect(after.map(({ state }) => state)).toEqual(after.map(() => 'skipped'))
      expect(result.failure?.details).toMatchObject({ rung, times: expect.any(Object) })
    },
  )

  it('[TMO-4] a failed backup tells the rung and how long each took', async () => {
    const run = await field.cli(['backup', 'run', '--device', deviceAt(2).name, '--wait', '--json'])
    const { runId } = JSON.parse(run.stdout) as { runId: string }
    const { failures } = (await (await field.api(`/runs/${runId}`)).json()) as Run
    expect(failures).toMatchObject([
      {
        code: 'BANNER_TIMEOUT',
        details: { rung: 'banner', times: { tcp: expect.any(Number), banner: expect.any(Number) } },
      },
    ])
  })

  it('[DEV-3] a run over many that are out of reach names the outage once', async () => {
    for (const index of [3, 4, 7, 8, 9, 10]) {
      await must(field.cli(['devices', 'set', deviceAt(index).name, '--port', String(await freePort())]))
    }
    const { code, stderr } = await field.cli(['backup', 'run', '--all', '--wait'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^lab: site\/segment outage suspected: 7 of 12 devices failed at tcp$/m)
    expect(stderr).not.toContain('PORT_REFUSED]')
    const run = JSON.parse((await field.cli(['backup', 'run', '--all', '--wait', '--json'])).stdout) as Run
    expect(run.outages).toEqual([{ site: 'lab', rung: 'tcp', failed: 7, total: 12 }])
    expect(run.failures.filter((failure) => failure.code === 'PORT_REFUSED')).toHaveLength(7)
  })

  it('[DEV-1] without an agent it is the agent that is offline, never the device, and to be tried later', async () => {
    await agent.kill()
    await expect
      .poll(async () => (await field.cli(['devices', 'test', healthy().name])).stderr, { timeout: 20_000 })
      .toContain('Agent offline [AGENT_OFFLINE]')
    const { code, stdout, stderr } = await field.cli(['devices', 'test', healthy().name, '--json'])
    expect(code).toBe(75)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'AGENT_OFFLINE', message: 'Agent offline' } })
    expect(stderr).toMatch(/Last seen at site lab: agent1 at \d{4}-\d\d-\d\dT/)
    expect(stderr).not.toContain('Device unreachable')
  })
})
