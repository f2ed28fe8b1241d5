/**
 * Every driver and every recording, by the same rules. `UPDATE_EXPECTED=1` writes `.expected` and `.masked` anew: read them
 * with your own eyes for secrets and for lines that change by themselves before you keep them. `weather.test.ts` reads them again
 * under bad conditions, `patterns.test.ts` looks for patterns that are slow.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PASSPHRASE_PLACE } from '@netraven/protocol/driver-file.ts'
import { mask } from '@netraven/protocol/mask.ts'
import { describe, expect, it } from 'vitest'
import { commandsOf, type Driver, driverOver } from '../driver.ts'
import { loadAll } from '../loaded-drivers.ts'
import { wants } from '../passphrase.ts'
import { patternsOf } from '../replay/patterns.ts'
import { type ReadingOptions, readReplayed } from '../replay/reading.ts'
import { parseRecording, type Recording } from '../replay/recording.ts'
import { driverFiles } from './index.ts'
import { printFiles, scriptRuns } from './shared/posix.ts'

const drivers = await loadAll()

const here = import.meta.dirname
const folder = join(here, 'recordings')
const update = process.env.UPDATE_EXPECTED === '1'
const MASK_KEY = 'sweep'

const files = readdirSync(here).filter((file) => file.endsWith('.ts') && !/^index\.ts$|\.test\.ts$/.test(file))
const recordings = readdirSync(folder)
  .filter((file) => file.endsWith('.session'))
  .map((file) => basename(file, '.session'))
  .map((name) => ({ name, recording: parseRecording(readFileSync(join(folder, `${name}.session`), 'utf8')) }))

function driverOf({ driver }: Recording): Driver {
  const found = drivers.find(driver)
  if (!found) throw new Error(`no driver is called ${driver}`)
  return found
}

const read = (recording: Recording, options: Partial<ReadingOptions> = {}) =>
  readReplayed(driverOf(recording), recording, { secrets: 'keep', ...options })

describe('the catalogue', () => {
  it('has every driver file in it, and nothing else', () => {
    expect(drivers.all.map((driver) => `${driver.name}.ts`)).toEqual(files.sort())
  })

  it('is sorted, so that a new line has one place', () => {
    const names = Object.keys(driverFiles)
    // As people count: saos8 before saos10.
    expect(names).toEqual(names.toSorted(new Intl.Collator('en', { numeric: true }).compare))
  })

  it('has a recording of each driver', () => {
    const recorded = new Set(recordings.map(({ recording }) => recording.driver))
    expect(drivers.all.map(({ name }) => name).filter((name) => !recorded.has(name))).toEqual([])
  })

  it('keeps no recording, and no expectation, of something else', () => {
    const known = new Set(
      recordings.flatMap(({ name }) => ['session', 'expected', 'masked'].map((end) => `${name}.${end}`)),
    )
    expect(readdirSync(folder).filter((file) => !known.has(file))).toEqual([])
    expect(recordings.filter(({ name, recording }) => name.split('.')[0] !== recording.driver)).toEqual([])
  })
})

/** Words that change a device, or may. As a whole word anywhere in a command they make it suspect. */
const CHANGES =
  /(?<![\w.-])(?:configure|config|conf|write|wr|copy|delete|del|erase|format|reload|reboot|restart|shutdown|commit|set|unset|add|remove|rm|mv|cp|dd|tee|chmod|chown|kill|install|upgrade|request|save|load|rollback|clear|reset|edit|undo|no|import|run|exec|test|debug|system-view)(?![\w.-])/
/** Settings of one session's display, and commands whose words only sound like a change; each was looked at. */
const HARMLESS = new Set([
  'export config to console',
  'get config',
  'set clienv rows 0',
  'no cli pager session',
  'show config cli_format',
  `sudo -n sh -c 'PATH=$PATH:/bin:/usr/bin; config -g config && echo "# end of configuration"'`,
  `sh -c 'PATH=$PATH:/bin:/usr/bin; config -g config && echo "# end of configuration"'`,
  'cat /cf/conf/config.xml',
  'sudo -n cat /cf/conf/config.xml',
  'cat /conf/config.xml',
  'sudo -n cat /conf/config.xml',
  'set terminal length 0',
  'set terminal width 0',
  'no cli session paging enable',
  'nv config show && echo "# end of configuration"',
  `sudo -n sh -c 'nv config show && echo "# end of configuration"'`,
  'no page',
  'set cli complete-on-space off',
  'set cli screen-length 0',
  'set cli screen-width 0',
  'set cli scripting-mode on',
  'set cli pager off',
  'set cli op-command-xml-output on',
  'show config running',
  'show install active summary',
  'set length 0',
  'show config',
  'environment no more',
  'undo smart',
  'no paging',
  'info configure flat',
  'set session more off',
  'show running config',
  'system shell session set more off',
  'show config current_config',
  'show config effective',
  'show config | display commands',
  'config c show',
  'config show dump',
  'configure system show device-information',
  ...scriptRuns(printFiles('/opt/phion/config/configroot')),
  'copy running-configuration display',
])

describe.each(drivers.all)('$name', (driver) => {
  it('is named vendor_os, or by one word', () => {
    expect(driver.name).toMatch(
      /^(?:[a-z][a-z\d]*_[a-z\d]+|bird|frr|linux|openbgpd|openbsd|openvswitch|openwrt|opnsense|sonic|vyos)$/,
    )
    expect(driver.title.trim()).not.toBe('')
  })

  it('is short enough to be read at a glance', () => {
    expect(
      readFileSync(join(here, `${driver.name}.ts`), 'utf8')
        .trimEnd()
        .split('\n').length,
    ).toBeLessThanOrEqual(80)
  })

  it('is found by its aliases, whatever the case', () => {
    for (const alias of driver.aliases) {
      expect(alias).toBe(alias.toLowerCase().trim())
      expect(drivers.find(alias.toUpperCase())?.name).toBe(driver.name)
    }
  })

  it('has an anchored prompt, so that a line of text is not taken for one', () => {
    expect(driver.prompt.source).toMatch(/^\^.*\$$/s)
    for (const line of ['', 'a line of text with # in it', '# comment', 'Password: ', 'Are you sure? [Y/N]: ']) {
      expect(driver.prompt.test(line)).toBe(false)
    }
  })

  it('has no flags on its patterns, since they would be lost', () => {
    expect(patternsOf(driver, driver.name).filter(({ pattern }) => pattern.flags !== '')).toEqual([])
  })

  it('names the secret in every pattern for one', () => {
    expect([...driver.secrets, ...driver.resalted].filter(({ source }) => !source.includes('(?<secret>'))).toEqual([])
    expect(driver.secrets).not.toEqual([])
  })

  it('knows a whole configuration from a part', () => {
    const configs = driver.commands.filter((command) => command.as === 'config')
    expect(configs).not.toEqual([])
    expect(configs.filter((command) => !command.complete)).toEqual([])
  })

  it('gives a pass phrase to a command that reads, once, in a shell or an exec channel, and to nothing else', () => {
    for (const one of [driver, ...driver.transports.map((transport) => driverOver(driver, transport))]) {
      const reading = one.channel === 'exchange' ? [] : one.commands.filter(({ as }) => as !== 'artifact')
      const wanting = reading.flatMap(({ run }) => run).filter(wants)
      const typed = [...commandsOf(one), ...one.answers.map(({ send }) => send)]
      expect(typed.filter(wants)).toEqual(wanting)
      expect(wanting.filter((run) => run.split(PASSPHRASE_PLACE).length !== 2 || one.enable)).toEqual([])
    }
  })

  it('sends nothing that could change the device', () => {
    const commands = [...commandsOf(driver), ...driver.answers.map(({ send }) => send)]
    expect(commands.filter((command) => CHANGES.test(command) && !HARMLESS.has(command))).toEqual([])
    expect(commands.filter((command) => /[\r\n]|(?<![0-9&])>{1,2}\s*(?!\/dev\/null|&)[\w/]/.test(command))).toEqual([])
  })
})

describe.each(recordings)('$name', ({ name, recording }) => {
  const kept = (end: 'expected' | 'masked', text: string): string => {
    const path = join(folder, `${name}.${end}`)
    if (update) writeFileSync(path, text)
    return readFileSync(path, 'utf8')
  }

  it('is kept as expected, byte for byte, and whole', async () => {
    const { text, verdict, reasons } = await read(recording)
    expect(reasons).toEqual([])
    expect(verdict).toBe('complete')
    expect(text).toBe(kept('expected', text))
  })

  it('shows no secret in the masked view', async () => {
    const { text, spans } = await read(recording)
    const masked = mask(text, spans, MASK_KEY)
    expect(masked).toBe(kept('masked', masked))
    expect(recording.secrets).not.toEqual([])
    expect(recording.secrets.filter((secret) => masked.includes(secret))).toEqual([])
    expect(recording.secrets.filter((secret) => !isSaid(recording, secret))).toEqual([])
  })

  it('leaves no secret on the wire when the agent masks', async () => {
    const { text, spans } = await read(recording)
    const stripped = await read(recording, { secrets: 'strip', maskKey: MASK_KEY })
    expect(stripped.text).toBe(mask(text, spans, MASK_KEY))
    expect(stripped.spans).toEqual([])
  })
})

/** Whether the device says it at all. */
function isSaid({ runs }: Recording, secret: string): boolean {
  return [...runs.values()].some(({ segments }) => segments.some(({ text }) => text.includes(secret)))
}
