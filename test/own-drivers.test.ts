/** Drivers and patterns that somebody wrote, from the file to the stored text: hub, agent and devices as processes. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { DriverTrial, DriverVersion } from '../hub/api/driver.ts'
import { ACME_FILE, ACME_SECRETS, acmeDevice, acmeRecording, acmeSource } from './acme-device.ts'
import { DEVICE_PASSWORD, ENABLE_PASSWORD, Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must, type Running } from './processes.ts'
import { type ReplayFleet, startReplayFleet } from './replay-device/replay-device.ts'

interface RunReport {
  readonly succeeded: number
  readonly changed: number
  readonly unchanged: number
  readonly failures: readonly { device: string; code: string }[]
}

interface Added {
  readonly version: DriverVersion
  readonly trial: DriverTrial | null
  readonly notices: string[]
}

describe('a driver of one’s own', () => {
  let test: TestDatabase
  let field: Field
  let acme: ReplayFleet
  let agent: Running | undefined
  let recording = ''

  beforeAll(async () => {
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 1 })
    const login = { username: 'backup', password: DEVICE_PASSWORD }
    acme = await startReplayFleet({ recording: acmeDevice(), login, seed: 'acme' })
    recording = await file('acme.session', acmeRecording)
  })
  afterAll(async () => {
    await acme?.close()
    await field?.close()
    await test?.drop()
  })
  afterEach(async () => {
    await agent?.kill()
    await policy({})
  })

  const folder = () => field.agentFolders[0] ?? ''
  const policy = (rules: object) => writeFile(join(folder(), 'policy.json'), JSON.stringify(rules))
  const file = async (name: string, text: string) => {
    await writeFile(join(field.folder, name), text)
    return join(field.folder, name)
  }
  const backUp = async (device: string) =>
    JSON.parse((await field.cli(['backup', 'run', '--device', device, '--wait', '--json'])).stdout) as RunReport
  const shown = (device: string) => must(field.cli(['backup', 'show', '--device', device]))
  const changed = (from: string, to: string) => {
    expect(acmeSource()).toContain(from)
    return acmeSource().replace(from, () => to)
  }

  it('is not there at first, and the command line says how to bring one', async () => {
    expect(await must(field.cli(['drivers', 'list', '--own']))).toContain('netraven drivers add FILE --device NAME')
    const { code, stderr } = await field.cli(['drivers', 'add', ACME_FILE])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--device NAME, --recording FILE, or --untried')])
    const unknown = await field.cli(['devices', 'add', 'acme', '--address', '127.0.0.1', '--driver', 'acme_os'])
    expect(unknown.stderr).toContain('DRIVER_UNKNOWN')
  })

  it('that is wrong is refused with the line of each problem, and nothing is kept', async () => {
    const wrong = changed("complete: '^hostname", "completed: '^hostname").replace('title: Acme OS', 'title: 7')
    const { code, stderr } = await field.cli(['drivers', 'add', await file('wrong.yaml', wrong), '--untried'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/wrong\.yaml:9:1: title: .*\n.*wrong\.yaml:30:5: commands\.1: lacks `complete`/s)
    expect(stderr).toMatch(/wrong\.yaml:32:5: commands\.1\.completed: is not known here/)
    expect((await field.cli(['drivers', 'history', 'acme_os'])).stderr).toContain('DRIVER_UNKNOWN')
  })

  it('with a pattern that never ends is refused in bounded time, and the hub answers meanwhile', async () => {
    const evil = await file('evil.yaml', changed("  - '^! Uptime '", "  - '^(?:[\\w ]+)+!$'"))
    const adding = field.cli(['drivers', 'add', evil, '--untried'])
    const health = await field.api('/health')
    expect(health.status).toBe(200)
    const { code, stderr } = await adding
    expect([code, stderr]).toEqual([1, expect.stringMatching(/evil\.yaml:36:5: volatile\.1: takes far too long/)])
    const pattern = await field.cli(['patterns', 'add', '--remove', '^(a+)+$', '--device', 'dev0001'])
    expect([pattern.code, pattern.stderr]).toEqual([1, expect.stringContaining('PATTERN_INVALID')])
  }, 60_000)

  it('waits for nobody when there is no agent to try it', async () => {
    const { code, stderr } = await field.cli(['drivers', 'add', ACME_FILE, '--recording', recording])
    expect([code, stderr]).toEqual([75, expect.stringContaining('DRIVER_TRIAL_UNANSWERED')])
    expect(await must(field.cli(['drivers', 'history', 'acme_os']))).toMatch(/1 +draft/)
  })

  it('that does not read to the end fails its trial, says why, and is not used', async () => {
    agent = await field.agent(1)
    const source = changed("complete: '^hostname [\\s\\S]*^end\\s*(?![\\s\\S])'", "complete: '^finished$'")
    const { code, stdout, stderr } = await field.cli([
      ...['drivers', 'add', await file('endless.yaml', source), '--recording', recording],
    ])
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/: suspect, .*the end mark of the configuration is missing.*stays a draft/s),
    ])
    expect(stderr).toContain('DRIVER_TRIAL_FAILED')
    const noRecording = await field.cli(['drivers', 'add', ACME_FILE, '--recording', ACME_FILE])
    expect([noRecording.code, noRecording.stderr]).toEqual([1, expect.stringContaining('it is no recording: line 1')])
    expect(await must(field.cli(['drivers', 'list', '--own']))).toContain('No drivers of your own yet')
  })

  it('passes on a recording, shows what it read with the secrets masked, and is used from then on', async () => {
    agent = await field.agent(1)
    const shown = await must(field.cli(['drivers', 'add', ACME_FILE, '--recording', recording]))
    expect(shown).toMatch(/Tried on the recording, by agent agent1: complete, .* 3 secrets found/)
    expect(shown).toContain('| ! Version: 4.2.1')
    expect(ACME_SECRETS.filter((secret) => shown.includes(secret))).toEqual([])
    expect(await must(field.cli(['drivers', 'list', '--own']))).toMatch(/acme_os +Acme OS +own +\d/)
    expect(await must(field.cli(['drivers', 'show', 'ACME']))).toContain('# A driver of your own')
  })

  it('reads a device by an agent that never heard of it', async () => {
    agent = await field.agent(1)
    const { port } = acme.device('dev0001')
    const credential = ['--username', 'backup', '--password-stdin', '--enable-stdin']
    await must(field.cli(['credentials', 'add', 'acme', ...credential], `${DEVICE_PASSWORD}\n${ENABLE_PASSWORD}\n`))
    const device = [
      '--address',
      '127.0.0.1',
      '--port',
      String(port),
      '--driver',
      'Acme',
      '--credential',
      'acme',
      '--site',
      'lab',
    ]
    await must(field.cli(['devices', 'add', 'acme1', ...device, '--group', 'acmes']))
    expect(await backUp('acme1')).toMatchObject({ succeeded: 1, changed: 1, failures: [] })
    const text = await shown('acme1')
    expect(text).toMatch(/^! Version: 4\.2\.1\n! Model: Acme 9000\n! Serial number: AC0001\nhostname acme1\n/)
    expect(text).toMatch(/enable password <secret:[0-9a-f]{8}>\n/)
    expect(text).not.toContain('Uptime')
    expect(ACME_SECRETS.filter((secret) => text.includes(secret))).toEqual([])
    expect(await readdir(join(folder(), 'drivers'))).toHaveLength(1)
    await must(field.cli(['backup', 'verify', '--all']))
  })

  it('is asked for again when somebody changed it on the jump host: only what the hub signed is run', async () => {
    const [name = ''] = await readdir(join(folder(), 'drivers'))
    const kept = join(folder(), 'drivers', name)
    await writeFile(kept, (await readFile(kept, 'utf8')).replace('show version', 'show tech'))
    agent = await field.agent(1)
    expect(await backUp('acme1')).toMatchObject({ succeeded: 1, unchanged: 1 })
    expect(agent.output).toContain('a kept driver was changed')
    expect(await readFile(kept, 'utf8')).toContain('show version')
  })

  it('is refused when the hub’s file is not the one of the digest', async () => {
    await test
      .open()
      .db.updateTable('driver_versions')
      .set({ file: '{"name":"acme_os"}' })
      .where('state', '=', 'usable')
      .execute()
    const [name = ''] = await readdir(join(folder(), 'drivers'))
    await writeFile(join(folder(), 'drivers', name), 'spoiled')
    agent = await field.agent(1)
    const before = acme.device('dev0001').stats.connections
    expect((await backUp('acme1')).failures).toMatchObject([{ device: 'acme1', code: 'DRIVER_MISMATCH' }])
    expect(acme.device('dev0001').stats.connections).toBe(before)
    await agent.kill()
    agent = await field.agent(1)
    const next = await file('next.yaml', changed('title: Acme OS', 'title: Acme OS 4'))
    const added = await field.json<Added>(['drivers', 'add', next, '--device', 'acme1'])
    expect(added.trial).toMatchObject({ state: 'passed', device: 'acme1', read: { verdict: 'complete', secrets: 3 } })
    expect(await backUp('acme1')).toMatchObject({ succeeded: 1, unchanged: 1 })
  })

  it.each([
    ['own drivers', { ownDrivers: 'refuse' }, 'POLICY_DRIVER'],
    ['all but some drivers', { drivers: ['cisco_ios'] }, 'POLICY_DRIVER'],
    ['that secrets leave the site, so that no file says what a secret is', { secrets: 'strip' }, 'POLICY_DRIVER'],
  ])('is refused where the policy of the agent forbids %s, and the device hears nothing', async (_, rules, code) => {
    await must(field.cli(['devices', 'set', 'acme1', '--secrets', 'secrets' in rules ? 'strip' : 'keep']))
    await policy(rules)
    agent = await field.agent(1)
    const before = acme.device('dev0001').stats.connections
    expect((await backUp('acme1')).failures).toMatchObject([{ device: 'acme1', code }])
    expect(acme.device('dev0001').stats.connections).toBe(before)
    await must(field.cli(['devices', 'set', 'acme1', '--secrets', 'keep']))
  })

  it('sends a command that is not known to read only where the jump host’s policy names it', async () => {
    agent = await field.agent(1)
    const odd = await file('odd.yaml', changed('  - terminal length 0', '  - acme quiet on'))
    const refused = await field.cli(['drivers', 'add', odd, '--device', 'acme1'])
    expect(refused.stderr).toMatch(/Agents do not know whether these only read.*"acme quiet on"/)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('POLICY_COMMAND')])
    await agent.kill()
    await policy({ extraCommands: ['acme quiet on'] })
    agent = await field.agent(1)
    expect((await field.json<Added>(['drivers', 'add', odd, '--device', 'acme1'])).trial?.state).toBe('passed')
    await must(field.cli(['drivers', 'rollback', 'acme_os']))
  })

  it('is no task for an agent that is too old for it: it would read with something else', async () => {
    agent = await field.agent(1)
    const { db } = test.open()
    await db
      .updateTable('agents')
      .set({ abilities: ['test'] })
      .execute()
    const { runId } = await field.json<{ runId: string }>(['backup', 'run', '--device', 'acme1'])
    expect(await backUp('dev0001')).toMatchObject({ succeeded: 1, failures: [] })
    const waiting = async () => ((await (await field.api(`/runs/${runId}`)).json()) as { queued: number }).queued
    expect(await waiting()).toBe(1)
    await agent.kill()
    agent = await field.agent(1)
    await vi.waitFor(async () => expect(await waiting()).toBe(0), { timeout: 30_000, interval: 200 })
  })

  it('overrides a built-in one, and gives way to it again', async () => {
    agent = await field.agent(1)
    expect(await backUp('dev0001')).toMatchObject({ succeeded: 1, failures: [] })
    const override = "name: cisco_ios\nextends: cisco_ios\n+volatile: ['^spanning-tree mode']\n"
    const added = await field.json<Added>(['drivers', 'add', await file('ios.yaml', override), '--device', 'dev0001'])
    expect([added.trial?.state, added.notices.join()]).toEqual([
      'passed',
      expect.stringContaining('in the place of the built-in'),
    ])
    expect(await backUp('dev0001')).toMatchObject({ succeeded: 1, changed: 1 })
    expect(await shown('dev0001')).not.toContain('spanning-tree mode')
    expect(await must(field.cli(['drivers', 'rollback', 'ios']))).toContain(
      'The built-in driver cisco_ios is used again',
    )
    expect(await backUp('dev0001')).toMatchObject({ succeeded: 1, changed: 1 })
    expect(await shown('dev0001')).toContain('spanning-tree mode')
    expect(await must(field.cli(['drivers', 'history', 'cisco_ios']))).toMatch(/1 +usable +dev0001/)
  })

  it('goes back and forth between its versions, and can’t be removed while devices need it', async () => {
    const versions = await field.json<DriverVersion[]>(['drivers', 'history', 'acme_os'])
    const current = versions.find((one) => one.current)?.number ?? 0
    await must(field.cli(['drivers', 'rollback', 'acme_os']))
    await must(field.cli(['drivers', 'rollback', 'acme_os', '--to', String(current)]))
    expect((await field.cli(['drivers', 'rollback', 'acme_os', '--to', '99'])).stderr).toContain(
      'DRIVER_VERSION_UNKNOWN',
    )
    expect((await field.cli(['drivers', 'remove', 'acme_os'])).stderr).toContain('IN_USE')
  })

  describe('lines', () => {
    const add = async (...args: string[]) => field.json<{ id: string }>(['patterns', 'add', ...args])
    const device = () => acme.device('dev0001')

    it('that are ignored are kept, and make no new version', async () => {
      agent = await field.agent(1)
      const { id } = await add('--ignore', '^ntp clock-period ', '--driver', 'acme')
      await backUp('acme1')
      device().replace([['ntp clock-period 1234', 'ntp clock-period 777']])
      expect(await backUp('acme1')).toMatchObject({ succeeded: 1, unchanged: 1 })
      expect(await shown('acme1')).toContain('ntp clock-period')
      await must(field.cli(['patterns', 'remove', id]))
      expect(await backUp('acme1')).toMatchObject({ succeeded: 1, changed: 1 })
    })

    it('that are removed are not kept, by group and with a built-in driver by device too', async () => {
      agent = await field.agent(1)
      await add('--remove', '^! generated at ', '--group', 'ACMES')
      await add('--remove', '^spanning-tree mode', '--device', 'dev0001')
      expect(await backUp('acme1')).toMatchObject({ succeeded: 1, changed: 1 })
      expect(await shown('acme1')).not.toContain('generated at')
      expect(await backUp('dev0001')).toMatchObject({ succeeded: 1, changed: 1 })
      expect(await shown('dev0001')).not.toContain('spanning-tree mode')
      const listed = await must(field.cli(['patterns', 'list']))
      expect(listed).toMatch(/remove +group ACMES +\^! generated at/)
    })

    it('that are removed never make a broken text look whole', async () => {
      agent = await field.agent(1)
      await add('--remove', '^end$', '--device', 'acme1')
      expect(await backUp('acme1')).toMatchObject({ succeeded: 1, changed: 1 })
      expect(await shown('acme1')).not.toContain('\nend')
      device().replace([['!\nend\n', '!\n']])
      expect(await backUp('acme1')).toMatchObject({ succeeded: 1, suspect: 1, changed: 0 })
    })
  })
})
