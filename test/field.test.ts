/** What an operator decides at the site, seen from the whole: hub, agent and devices as processes. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DEVICE_PASSWORD, ENABLE_PASSWORD, Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must, type Running } from './processes.ts'
import { catalystRecording } from './replay-device/catalyst.ts'

interface RunReport {
  readonly succeeded: number
  readonly changed: number
  readonly unchanged: number
  readonly suspect: number
  readonly failures: readonly { device: string; code: string }[]
}

describe('a site', () => {
  let test: TestDatabase
  let field: Field
  let agent: Running | undefined

  beforeAll(async () => {
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 1 })
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
  })
  afterEach(() => agent?.kill())

  const folder = () => field.agentFolders[0] ?? ''
  const device = () => field.fleet.device('dev0001')
  const backUp = async () =>
    JSON.parse((await field.cli(['backup', 'run', '--all', '--wait', '--json'])).stdout) as RunReport

  it.each([
    ['POLICY_NETWORK', { networks: ['10.0.0.0/8', '2001:db8::/32'] }],
    ['POLICY_DRIVER', { drivers: ['juniper_junos'] }],
    ['POLICY_SECRETS', { secrets: 'strip' }],
  ])(
    'refuses what its own policy forbids (%s), whatever the hub signs; the device hears nothing',
    async (code, policy) => {
      await writeFile(join(folder(), 'policy.json'), JSON.stringify(policy))
      agent = await field.agent(1)
      const before = device().stats.connections
      const run = await backUp()
      expect(run.failures).toMatchObject([{ device: 'dev0001', code }])
      expect(device().stats.connections).toBe(before)
      await writeFile(join(folder(), 'policy.json'), '{}')
    },
  )

  it('[CTR-4] listens on nothing: no socket of the agent accepts connections', async () => {
    agent = await field.agent(1)
    const open = await readdir(`/proc/${agent.pid}/fd`)
    const links = await Promise.all(open.map((fd) => readlink(`/proc/${agent?.pid}/fd/${fd}`).catch(() => '')))
    const sockets = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]).filter(Boolean))
    expect(sockets.size).toBeGreaterThan(0)
    const tables = await Promise.all(
      ['tcp', 'tcp6', 'udp', 'udp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')),
    )
    const rows = tables.flatMap((table) => table.trim().split('\n').slice(1)).map((row) => row.trim().split(/\s+/))
    const LISTEN = '0A'
    const UNCONNECTED_UDP = '07'
    const accepting = rows.filter((row) => sockets.has(row[9]) && [LISTEN, UNCONNECTED_UDP].includes(row[3] ?? ''))
    expect(accepting).toEqual([])
  })

  it('carries a text of many megabytes in parts, whole', async () => {
    const lines = Array.from(
      { length: 40_000 },
      (_, n) => `access-list 101 remark ${n} ${randomBytes(12).toString('hex')}`,
    )
    device().replace([['spanning-tree mode rapid-pvst', lines.join('\n')]])
    agent = await field.agent(1)
    expect(await backUp()).toMatchObject({ succeeded: 1, changed: 1 })
    const { stdout, code } = await field.cli(['backup', 'show', '--device', 'dev0001'])
    expect(code).toBe(0)
    expect(lines.filter((line) => !stdout.includes(line))).toEqual([])
    await must(field.cli(['backup', 'verify', '--all']))
    device().replace([[lines.join('\n'), 'spanning-tree mode rapid-pvst']])
  })

  it('[TMO-5] flags a text that shrank by more than half, until somebody accepts it', async () => {
    agent = await field.agent(1)
    expect(await backUp()).toMatchObject({ succeeded: 1, suspect: 1, changed: 0 })
    expect(await backUp()).toMatchObject({ succeeded: 1, suspect: 1, changed: 0 })
    const accepted = await must(field.cli(['backup', 'accept', '--device', 'dev0001']))
    expect(accepted).toContain('accepted by admin; it is the newest good version now')
    expect(await backUp()).toMatchObject({ succeeded: 1, suspect: 0, unchanged: 1 })
    await must(field.cli(['backup', 'verify', '--all']))
  })

  it('keeps a credential at the site: the hub knows only its name', async () => {
    const secret = { username: 'backup', password: DEVICE_PASSWORD, enable: ENABLE_PASSWORD }
    await writeFile(join(folder(), 'credentials.json'), JSON.stringify({ switches: secret }), { mode: 0o600 })
    await must(field.cli(['credentials', 'add', 'at-the-site', '--username', 'backup', '--local', 'switches']))
    await must(field.cli(['devices', 'set', 'dev0001', '--credential', 'at-the-site']))
    agent = await field.agent(1)
    expect(await backUp()).toMatchObject({ succeeded: 1, failures: [] })
  })

  it('strips secrets where the device says so: the agent masks, and the raw text has none', async () => {
    await must(field.cli(['devices', 'set', 'dev0001', '--secrets', 'strip']))
    agent = await field.agent(1)
    expect(await backUp()).toMatchObject({ succeeded: 1, changed: 1 })
    const raw = join(field.folder, 'raw')
    await must(field.cli(['backup', 'export', '--dir', raw, '--raw']))
    const text = await readFile(join(raw, 'dev0001.cfg'), 'utf8')
    expect(text).toMatch(/<secret:[0-9a-f]{8}>/)
    expect(catalystRecording().secrets.filter((one) => text.includes(one))).toEqual([])
    expect(await backUp()).toMatchObject({ succeeded: 1, changed: 0 })
  })

  it('revokes an agent: its line is cut at once, it gets no more work, and it says why', async () => {
    agent = await field.agent(1)
    await must(field.cli(['agents', 'revoke', 'agent1']))
    await agent.saw(/AGENT_REVOKED/)
    const listed = await must(field.cli(['agents', 'list']))
    expect(listed).toMatch(/agent1.*revoked/)
    const before = device().stats.connections
    await field.cli(['backup', 'run', '--all'])
    await agent.kill()
    agent = await field.agent(1, { connected: false })
    await agent.saw(/AGENT_REVOKED/)
    expect(device().stats.connections).toBe(before)
  })
})
