/** Trials of own drivers that fetch files, as somebody at the command line sees them: a real OpenSSH as the device. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Field } from './field.ts'
import { type OpenSshPeer, startOpenSsh } from './peers/openssh.ts'
import { whyNot } from './peers/programs.ts'
import { postgresFor, servers, type TestDatabase } from './postgres.ts'
import { must } from './processes.ts'

const reason = await whyNot(['openssh'], process.env.CI)
const RECORDING = `@@ driver: files_os
@@ evidence: documented
@@ source: written for this test
@@ run: cat running.cfg
hostname lb1
end
`

describe.skipIf(reason !== undefined)('an own driver that fetches files', () => {
  let test: TestDatabase
  let field: Field
  let peer: OpenSshPeer
  let recording: string

  beforeAll(async () => {
    test = await (await postgresFor(servers[0] ?? 'embedded')).newDatabase()
    peer = await startOpenSsh({ config: ['Subsystem sftp internal-sftp'] })
    field = await Field.open({ databaseUrl: test.url, devices: 1, agents: 1 })
    recording = await file('files_os.session', RECORDING)
    await writeFile(join(peer.folder, 'full.ucs'), 'canary-in-the-file')
    const key = await file('key', peer.privateKey)
    await must(field.cli(['credentials', 'add', 'peer', '--username', peer.user.name, '--key', key]))
    const place = ['--site', 'lab', '--address', peer.address, '--port', String(peer.port)]
    await must(field.cli(['devices', 'add', 'box1', '--driver', 'linux', '--credential', 'peer', ...place]))
    await field.agent(1)
  }, 120_000)
  afterAll(async () => {
    await field?.close()
    await peer?.stop()
    await test?.drop()
  })

  const file = async (name: string, text: string) => {
    await writeFile(join(field.folder, name), text, { mode: 0o600 })
    return join(field.folder, name)
  }
  const driver = (name: string, ...commands: string[]) =>
    file(
      `${name}.yaml`,
      `name: ${name}
title: Test files
comment: '# '
channel: exec
prompt: '^[^$]*[$] $'
rejected: ['No such file or directory$']
secrets: ['^password (?<secret>\\S+)$']
commands:
${commands.map((one) => `  - ${one}`).join('\n')}
`,
    )
  const fetches = (name: string) => `{ run: 'get ${join(peer.folder, name)}', as: artifact }`

  it('and nothing else can’t be tried on a recording: that is said at once, with what can be done, and nothing is saved', async () => {
    const path = await driver('files_os', fetches('full.ucs'))
    const { code, stderr } = await field.cli(['drivers', 'add', path, '--recording', recording])
    expect([code, stderr]).toEqual([1, expect.stringContaining('DRIVER_TRIAL_NEEDS_DEVICE')])
    expect(stderr).toContain('netraven drivers add FILE --device NAME')
    expect((await field.cli(['drivers', 'history', 'files_os'])).stderr).toContain('DRIVER_UNKNOWN')
  })

  it('is tried on a device, which shows what came and none of its bytes', async () => {
    const path = await driver('files_os', fetches('full.ucs'))
    const shown = await must(field.cli(['drivers', 'add', path, '--device', 'box1']))
    expect(shown).toMatch(/Tried on box1, by agent agent1: complete.*\| full\.ucs: 18 bytes, sha256 [0-9a-f]{64}/s)
    expect(shown).not.toContain('canary-in-the-file')
    expect(await field.json(['backup', 'artifacts', '--device', 'box1'])).toEqual([])
  })

  it('fails its trial on a device that does not have the file', async () => {
    const { code, stderr } = await field.cli([
      'drivers',
      'add',
      await driver('files_os', fetches('none')),
      '--device',
      'box1',
    ])
    expect([code, stderr]).toEqual([1, expect.stringContaining('COMMAND_REJECTED')])
  })

  it('beside a text is tried on a recording as far as that goes, and what was not tried is named', async () => {
    const text = `{ run: 'cat running.cfg', as: config, complete: '^end$' }`
    const path = await driver('both_os', text, fetches('full.ucs'))
    const { code, stdout, stderr } = await field.cli(['drivers', 'add', path, '--recording', recording])
    expect([code, stdout]).toEqual([0, expect.stringContaining('| hostname lb1')])
    expect(stderr).toMatch(/A recording has no files, so these are not tried: "get .*full\.ucs"/)
  })
})
