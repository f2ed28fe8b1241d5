/** A wrong password meets sixty real SSH servers: what they see of it. Hub, agent and command line are processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Field } from './field.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must } from './processes.ts'

const DEVICES = 60

interface Result {
  readonly succeeded: number
  readonly failed: number
  readonly failures: { readonly device: string; readonly code: string }[]
}

describe('a wrong password in the field', () => {
  let field: Field
  let database: TestDatabase
  beforeAll(async () => {
    database = await (await postgresFor(servers.at(-1) ?? 'embedded')).newDatabase({ empty: true })
    field = await Field.open({
      databaseUrl: database.url,
      devices: DEVICES,
      agents: 1,
      agentEnv: { NETRAVEN_CONCURRENCY: '50' },
    })
  }, 120_000)
  afterAll(async () => {
    await field.close()
    await database.drop()
  })

  const attempts = () => field.fleet.devices.reduce((sum, device) => sum + device.stats.attempts.length, 0)
  const connections = () => field.fleet.devices.reduce((sum, device) => sum + device.stats.connections, 0)
  const reject = (rejectLogin: boolean) => {
    for (const device of field.fleet.devices) device.fail({ rejectLogin })
  }
  const run = async (...choice: string[]): Promise<Result> =>
    JSON.parse((await field.cli(['backup', 'run', ...choice, '--wait', '--json'])).stdout) as Result
  const counted = ({ failures }: Result) =>
    Object.fromEntries([...Map.groupBy(failures, ({ code }) => code)].map(([code, of]) => [code, of.length]))
  const refused = ({ failures }: Result) =>
    failures.filter(({ code }) => code === 'PASSWORD_REJECTED').map(({ device }) => device)
  const letGo = async (devices: readonly string[]) => {
    for (const device of devices) await must(field.cli(['devices', 'reset-cooldown', device]))
    await must(field.cli(['credentials', 'reset-guard', 'import-backup']))
  }

  it('[DAUTH-5] three devices see it once, fifty-seven see nothing, and everything works again after a reset', async () => {
    reject(true)
    await field.agent(1)
    const result = await run('--all')
    expect(counted(result)).toEqual({ PASSWORD_REJECTED: 3, CREDENTIAL_GUARDED: 57 })
    expect([attempts(), connections()]).toEqual([3, 3])
    expect(await must(field.cli(['credentials', 'list']))).toMatch(/import-backup .* held back at lab/)
    const shown = await must(field.cli(['credentials', 'show', 'import-backup']))
    expect(shown).toMatch(/^at lab: +held back until \d{4}-.*: refused by dev\d{4}, dev\d{4}, dev\d{4},/m)
    const [one = ''] = refused(result)
    expect(await must(field.cli(['devices', 'show', one]))).toMatch(/^login pause: +until .* after 1 refused login /m)
    const again = await field.cli(['backup', 'run', '--device', one, '--wait'])
    expect(again.stderr).toContain(`${one}: Authentication failed before, not tried again yet [CREDENTIAL_COOLDOWN]`)
    const test = await field.cli(['devices', 'test', one])
    expect(test.stdout + test.stderr).toContain('CREDENTIAL_COOLDOWN')
    expect(attempts()).toBe(3)
    reject(false)
    await letGo(refused(result))
    expect(await run('--all')).toMatchObject({ succeeded: DEVICES, failed: 0 })
  }, 120_000)

  it('[DAUTH-5] changed on every device at once, after it had opened them all, it is still tried three times only', async () => {
    await field.everything.at(-1)?.kill()
    await field.agent(1)
    reject(true)
    const before = attempts()
    const result = await run('--all')
    expect(counted(result)).toEqual({ PASSWORD_REJECTED: 3, CREDENTIAL_GUARDED: 57 })
    expect(attempts() - before).toBe(3)
    expect(field.output).not.toContain('canary-device')
    reject(false)
    await letGo(refused(result))
  }, 120_000)

  it('[DAUTH-6] a second credential opens what the first does not, with two logins and no third', async () => {
    const device = field.fleet.device('dev0007')
    const before = device.stats.attempts.length
    const add = ['credentials', 'add', 'of-before', '--username', 'backup', '--password-stdin']
    await must(field.cli(add, 'canary-device-password-of-before'))
    await must(field.cli(['devices', 'set', 'dev0007', '--credential', 'of-before,import-backup']))
    expect(await run('--device', 'dev0007')).toMatchObject({ succeeded: 1 })
    expect(device.stats.attempts.length - before).toBe(2)
    const shown = await must(field.cli(['devices', 'show', 'dev0007']))
    expect(shown).toMatch(/^credential: +of-before, then import-backup$/m)
    expect(shown).toMatch(/^login with of-before: +0 % of logins, refused at /m)
    expect(await run('--device', 'dev0007')).toMatchObject({ succeeded: 1 })
    expect(device.stats.attempts.length - before, 'the one that worked goes first now').toBe(3)
  }, 120_000)

  it('[DAUTH-6] a test offers the named credential alone, once, and says whether it opens the device', async () => {
    const device = field.fleet.device('dev0009')
    const before = device.stats.attempts.length
    const good = await field.cli(['credentials', 'test', 'import-backup', '--device', 'dev0009'])
    expect([good.code, good.stdout.trim().split('\n').at(-1)]).toEqual([0, 'import-backup opens dev0009.'])
    expect(device.stats.attempts.length - before).toBe(1)
    const bad = await field.cli(['credentials', 'test', 'of-before', '--device', 'dev0009'])
    expect([bad.code, bad.stdout]).toEqual([1, expect.stringMatching(/^✗ login /m)])
    expect(bad.stdout).toContain('dev0009 refused of-before: Authentication failed [PASSWORD_REJECTED]')
    expect(device.stats.attempts.length - before).toBe(2)
    const again = await field.cli(['credentials', 'test', 'of-before', '--device', 'dev0009', '--json'])
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      75,
      expect.objectContaining({ credential: 'of-before', opens: null, steps: [] }),
    ])
    expect(device.stats.attempts.length - before).toBe(2)
    await letGo(['dev0009'])
    const chosen = await field.cli(['credentials', 'test', 'of-before'])
    expect(chosen.stderr).toContain('No --device: trying dev0007, which has of-before')
    await letGo(['dev0007'])
  }, 120_000)

  it('[DAUTH-4] a credential that has ended or was revoked makes no connection', async () => {
    const before = connections()
    await must(field.cli(['devices', 'set', 'dev0008', '--credential', 'of-before']))
    await must(field.cli(['credentials', 'set', 'of-before', '--expires', '2026-01-31']))
    expect(counted(await run('--device', 'dev0008'))).toEqual({ CREDENTIAL_EXPIRED: 1 })
    expect(await must(field.cli(['credentials', 'list']))).toMatch(/of-before .* expired$/m)
    await must(field.cli(['credentials', 'set', 'of-before', '--expires', 'none']))
    await must(field.cli(['credentials', 'revoke', 'of-before']))
    expect(counted(await run('--device', 'dev0008'))).toEqual({ CREDENTIAL_EXPIRED: 1 })
    expect(connections()).toBe(before)
  }, 120_000)
})
