import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadAll } from '../agent/loaded-drivers.ts'
import { Passphrase } from '../agent/passphrase.ts'
import { LOGIN, readReplayed } from '../agent/replay/reading.ts'
import { formatRecording, parseRecording, type Recording } from '../agent/replay/recording.ts'
import { Recorder } from './recorder.ts'

const drivers = await loadAll()

const folder = new URL('../agent/drivers/recordings/', import.meta.url)
const names = readdirSync(folder).filter((name) => name.endsWith('.session'))

function driverOf(recording: Recording) {
  const driver = drivers.find(recording.driver)
  if (!driver) throw new Error(`no driver ${recording.driver}`)
  return driver
}

/** Records a device that itself replays a recording. */
async function recordAgain(recording: Recording) {
  const recorder = new Recorder(driverOf(recording), Passphrase.of(driverOf(recording), LOGIN))
  const read = await readReplayed(driverOf(recording), recording, { secrets: 'keep' }, (device) =>
    recorder.listen(device),
  )
  return { read, made: recorder.recording({ evidence: 'real', source: 'a test' }) }
}

describe('a recording of a session', () => {
  it.each(names)('of %s replays to the same text', async (name) => {
    const { read, made } = await recordAgain(parseRecording(readFileSync(new URL(name, folder), 'utf8')))
    const written = parseRecording(formatRecording(made))
    expect(formatRecording(made)).not.toContain(LOGIN.enable)
    const again = await readReplayed(driverOf(written), written, { secrets: 'keep' })
    expect(again.text).toBe(read.text)
  })

  it('holds what the device said, without the echo, the confirmed prompts and the password that was typed', async () => {
    const said = `@@ driver: cisco_ios
@@ evidence: real
@@ source: a test
@@ login

lobby
SW1>
@@ run: enable
Password:${' '}
@@ hidden
SW1#
@@ run: terminal length 0
% Unknown
SW1#
@@ run: terminal width 0
SW1#
@@ run: show running-config
Building configuration...
hostname SW1
 --More--${' '}
@@ key
␈␈␈␈␈␈␈␈␈        ␈␈␈␈␈␈␈␈␈interface Vlan1
 description SW1#
end

SW1#
`
    const { made } = await recordAgain(parseRecording(said))
    const same = formatRecording({
      ...made,
      runs: new Map([...made.runs].filter(([run]) => said.includes(`: ${run}\n`))),
    })
    expect(same).toBe(said)
    expect(formatRecording(made)).not.toContain('replayed-enable')
  })

  it('leaves out a question for the place of the cursor, which a replayed device would take the answer of for a command', async () => {
    const said = parseRecording(
      '@@ driver: frr\n@@ evidence: real\n@@ source: a test\n@@ login\n\nedge# \n@@ run: show running-config\nfrr version 8\nend\nedge# \n',
    )
    const recorder = new Recorder({ ...driverOf(said), channel: 'shell' })
    await readReplayed({ ...driverOf(said), channel: 'shell' }, said, { secrets: 'keep' }, (device) => {
      const listened = recorder.listen({
        ...device,
        exec: (command) => device.exec(command),
        shell: async () => {
          const channel = await device.shell()
          return { ...channel, ...asking(channel) }
        },
      })
      return listened
    })
    const made = recorder.recording({ evidence: 'real', source: 'a test' })
    expect(made.login).toEqual(said.login)
    expect(made.runs.get('show running-config')).toEqual(said.runs.get('show running-config'))
  })
})

/** A channel whose first words ask where the cursor is, and that does not mind the answer. */
function asking(channel: Awaited<ReturnType<Parameters<Recorder['listen']>[0]['shell']>>) {
  return {
    write: (data: string | Uint8Array) => {
      if (!String(data).startsWith('\u001b')) channel.write(data)
    },
    onData: (tell: (bytes: Buffer) => void) => {
      tell(Buffer.from('\u001b[6n'))
      channel.onData(tell)
    },
    onEnd: (tell: Parameters<typeof channel.onEnd>[0]) => channel.onEnd(tell),
    close: () => channel.close(),
  }
}
