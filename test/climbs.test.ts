/** A test of a device that is watched while it climbs: hub, agent, device and command line as processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reachability } from '../hub/api/reachability.ts'
import { Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { startNetraven } from './processes.ts'
import type { ReplayDevice } from './replay-device/replay-device.ts'

describe('watching the test of a device', () => {
  let test: TestDatabase
  let field: Field
  const deviceAt = (index: number): ReplayDevice => {
    const device = field.fleet.devices[index]
    if (!device) throw new RangeError(`no device ${index}`)
    return device
  }
  const shown = async (name: string) =>
    (await (await field.api(`/devices/${name}/reachability`)).json()) as Reachability

  beforeAll(async () => {
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    field = await Field.open({ databaseUrl: test.url, devices: 2, agents: 1 })
    await field.agent(1)
  })
  afterAll(async () => {
    await field?.close()
    await test?.drop()
  })

  it('[DEV-2] a device that hangs at the login shows the rungs before it while it hangs, in GET and on the command line', async () => {
    const device = deviceAt(0)
    device.fail({ hang: 'auth' })
    const watching = startNetraven(['devices', 'test', device.name], field.cliEnv)
    field.everything.push(watching)
    await watching.saw(/✓ host key/)

    const meanwhile = await shown(device.name)
    expect(meanwhile).toMatchObject({ state: 'running', agent: 'agent1', failure: null, finishedAt: null })
    expect(meanwhile.steps.map(({ rung, state }) => `${rung} ${state}`)).toEqual([
      'dns skipped',
      'tcp passed',
      'banner passed',
      'host-key passed',
    ])
    expect(meanwhile.current).toMatchObject({ rung: 'login', ms: expect.any(Number) })
    expect([device.stats.open, watching.child.exitCode]).toEqual([1, null])
    expect(watching.output).not.toContain('login')

    // Its end is the device's: it goes away.
    await device.close()
    expect(await watching.ended).toMatchObject({ code: 1 })
    const lines = watching.output.split('\n')
    expect(lines.map((line) => line.slice(0, 14).trim()).slice(1, 10)).toEqual([
      ...['– dns', '✓ tcp', '✓ banner', '✓ host key', '✗ login'],
      ...['– enable', '– prompt', '– command', '– completeness'],
    ])
    expect(watching.output).toContain('CONNECTION_LOST')
    const after = await shown(device.name)
    expect([after.state, after.current, after.steps.length]).toEqual(['failed', null, 9])
    expect(field.output).not.toContain('canary-device-password')
  })

  it('[DEV-2] --json says nothing before its end, then all of it', async () => {
    const { code, stdout, stderr } = await field.cli(['devices', 'test', deviceAt(1).name, '--json'])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual(await shown(deviceAt(1).name))
  })
})
