/**
 * Every driver and every recording, by the same rules. `UPDATE_EXPECTED=1` writes `.expected` and `.masked` anew: read them
 * with your own eyes for secrets and for lines that change by themselves before you keep them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { Failure } from '@netraven/protocol/failure.ts'
import { mask } from '@netraven/protocol/mask.ts'
import { describe, expect, it } from 'vitest'
import { commandsOf, type Driver } from '../driver.ts'
import { type ReadingOptions, readReplayed } from '../replay/reading.ts'
import { parseRecording, type Recording } from '../replay/recording.ts'
import { drivers } from './index.ts'

const here = import.meta.dirname
const folder = join(here, 'recordings')
const update = process.env.UPDATE_EXPECTED === '1'
const MASK_KEY = 'sweep'
const LF = 10
/** Cuts are made behind every line, and at every so many bytes; a prime, so that all kinds of places are met. */
const STRIDE = 61

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

/** Every pattern of a driver, with the path to it. */
function patternsOf(part: unknown, path: string): { path: string; pattern: RegExp }[] {
  if (part instanceof RegExp) return [{ path, pattern: part }]
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([name, inner]) => patternsOf(inner, `${path}.${name}`))
}

describe('the catalogue', () => {
  it('has every driver file in it, and nothing else', () => {
    expect(drivers.all.map((driver) => `${driver.name}.ts`)).toEqual(files.sort())
  })

  it('is sorted, so that a new line has one place', () => {
    const imports = readFileSync(join(here, 'index.ts'), 'utf8').match(/(?<=^import )\w+(?= from '\.\/)/gm) ?? []
    expect(imports).toEqual([...imports].sort())
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
  'no page',
  'set cli complete-on-space off',
  'set cli screen-length 0',
  'set cli screen-width 0',
  'set cli scripting-mode on',
  'set cli pager off',
  'set cli op-command-xml-output on',
  'show config running',
])

describe.each(drivers.all)('$name', (driver) => {
  it('is named vendor_os, or by one word', () => {
    expect(driver.name).toMatch(/^(?:[a-z]+_[a-z\d]+|frr|linux)$/)
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

  it('sends nothing that could change the device', () => {
    const commands = [...commandsOf(driver), ...driver.answers.map(({ send }) => send)]
    expect(commands.filter((command) => CHANGES.test(command) && !HARMLESS.has(command))).toEqual([])
    expect(commands.filter((command) => /[\r\n]|(?<![0-9&])>{1,2}\s*(?!\/dev\/null|&)[\w/]/.test(command))).toEqual([])
  })
})

/**
 * Text of a device must not keep a pattern busy for ever. A pattern that backtracks in a wrong way needs minutes for these
 * texts, all others milliseconds: the limit is no measure of speed.
 */
describe.each(drivers.all)('patterns of $name', (driver) => {
  const lines = recordings
    .filter(({ recording }) => recording.driver === driver.name)
    .flatMap(({ name }) => readFileSync(join(folder, `${name}.session`), 'utf8').split('\n'))

  it('come to an end on hostile text', () => {
    const stuck = patternsOf(driver, driver.name).filter(({ path, pattern }) => {
      const overText = /\.(?:secrets|resalted)\.|\.(?:complete|unwrap)$/.test(path)
      const texts = hostileTexts(pattern, lines).map((text) => (overText ? text : text.replaceAll('\n', ' ')))
      const context = createContext({ source: pattern.source, texts, flags: overText ? 'gm' : 'g' })
      try {
        runInContext('for (const text of texts) [...text.matchAll(new RegExp(source, flags))]', context, {
          timeout: 10_000,
        })
        return false
      } catch {
        return true
      }
    })
    expect(stuck.map(({ path }) => path)).toEqual([])
  }, 120_000)
})

/** Long texts of one thing, also behind what brings a pattern on its way, and with an end that does not match. */
function hostileTexts(pattern: RegExp, lines: readonly string[]): string[] {
  const known = lines.find((line) => pattern.test(line)) ?? ''
  const words = known.trim().split(/\s+/)
  const starts = [
    '',
    ...words.map((_, index) => `${known.slice(0, known.search(/\S|$/))}${words.slice(0, index + 1).join(' ')} `),
  ]
  const fillers = [
    'a',
    ' ',
    'a ',
    ' a',
    '1 ',
    '"',
    '"a',
    '\\"',
    '-a',
    '://a:',
    '%^%#',
    '\n',
    '\n a',
    '\n   exit\n',
    `${known}\n`,
  ]
  return [...fillers, ...words.slice(0, 8).map((word) => `${word} `)].flatMap((filler) =>
    starts.slice(0, 8).map((start) => `${start}${filler.repeat(60_000 / filler.length)}\u0000`),
  )
}

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

  it('is the same in however small pieces it comes', async () => {
    const { text } = await read(recording)
    const random = randomness(name.length)
    const pieces: ReadingOptions['chunk'][] = [
      (bytes) => cut(bytes, () => 1),
      (bytes) => cut(bytes, () => 1 + Math.floor(random() * 7)),
      (bytes) => cut(bytes, () => 1 + Math.floor(random() * 1500)),
    ]
    for (const chunk of pieces) expect((await read(recording, { chunk })).text).toBe(text)
  })

  it.each(['end', 'hang'] as const)(
    'is never complete when the device stops in the middle (%s)',
    async (afterCut) => {
      const heard: Buffer[] = []
      const { deviceBytes } = await read(recording, {
        chunk: (bytes) => {
          heard.push(bytes)
          return [bytes]
        },
      })
      const said = Buffer.concat(heard)
      const unnoticed: number[] = []
      for (let at = 0; at < deviceBytes; at += 1) {
        if (said[at - 1] !== LF && at % STRIDE !== 0) continue
        if (await isComplete(recording, { cutAfterBytes: at, afterCut })) unnoticed.push(at)
      }
      expect(unnoticed).toEqual([])
    },
    120_000,
  )
})

async function isComplete(recording: Recording, options: Partial<ReadingOptions>): Promise<boolean> {
  try {
    return (await read(recording, options)).verdict === 'complete'
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

/** Whether the device says it at all. */
function isSaid({ runs }: Recording, secret: string): boolean {
  return [...runs.values()].some(({ segments }) => segments.some(({ text }) => text.includes(secret)))
}

function* cut(bytes: Buffer, size: () => number): Iterable<Buffer> {
  let at = 0
  while (at < bytes.length) {
    const end = at + size()
    yield bytes.subarray(at, end)
    at = end
  }
}

/** The same sequence each time (mulberry32). */
function randomness(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
