/**
 * Every recording in bad weather: however the device sends it, what is kept is the same; or the read is suspect, or fails.
 * Chances are drawn from `SWEEP_SEED`, so a failure comes again; `SWEEP_DEPTH` times as many are drawn.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { type ReadingOptions, type ReplayedRead, readReplayed } from '../replay/reading.ts'
import type { Recording } from '../replay/recording.ts'
import { shelf } from '../replay/shelf.ts'
import {
  between,
  breakingIn,
  type Chance,
  chanceOf,
  configRuns,
  drawnBehindPrompt,
  MESSAGES,
  oneOf,
  pieces,
  promptOf,
  withDrawing,
  withLine,
  withPagers,
} from '../replay/weather.ts'

const SEED = process.env.SWEEP_SEED ?? 'calm'
const DEPTH = Number(process.env.SWEEP_DEPTH ?? 1)
/** Places at which the device stops. */
const CUTS = 200
/** Messages that break in. */
const MESSAGES_A_RECORDING = 8

const shelved = await shelf()

/** Longer than any prompt is believed, shorter than any device may be silent, ms. */
const PAUSE_MS = 4000
/** Shorter than what a device means that says nothing before it is greeted, ms. */
const SILENCE_MS = 250

describe.each(shelved)('$name', { timeout: 60_000 * DEPTH }, ({ name, recording, driver }) => {
  const read = (options: Partial<ReadingOptions> = {}, device: Recording = recording): Promise<ReplayedRead> =>
    readReplayed(driver, device, { secrets: 'keep', ...options })

  /** Does something as often as asked for, each time by other chances. */
  const often = async (what: string, times: number, act: (chance: Chance) => Promise<unknown>) => {
    for (let index = 0; index < times * DEPTH; index += 1) {
      const words = [SEED, name, what, index]
      try {
        await act(chanceOf(...words))
      } catch (error) {
        if (error instanceof Error) error.message = `with the chances ${words.join(' ')}: ${error.message}`
        throw error
      }
    }
  }
  const whole = async (options: Partial<ReadingOptions>, device: Recording, kept: string) => {
    const { text, verdict, reasons } = await read(options, device)
    expect({ reasons, verdict, text }).toEqual({ reasons: [], verdict: 'complete', text: kept })
  }

  it('is the same in however small pieces it comes', async () => {
    const { text } = await read()
    await whole({ chunk: (bytes) => pieces(bytes, () => 1) }, recording, text)
    await often('pieces', 2, (chance) => {
      const longest = oneOf(chance, [7, 80, 1500])
      return whole({ chunk: (bytes) => pieces(bytes, () => between(chance, 1, longest)) }, recording, text)
    })
  })

  it('is the same when the device rests in between', async () => {
    const { text, deviceBytes } = await read()
    const isGreeted = driver.answers.some(({ when }) => when.test(''))
    const pauses = isGreeted ? [5, 60, SILENCE_MS] : [5, 60, 900, PAUSE_MS]
    await often('pauses', 2, (chance) => {
      const longest = Math.ceil(deviceBytes / 15)
      const pauseMs = () => between(chance, 0, oneOf(chance, pauses))
      return whole({ chunk: (bytes) => pieces(bytes, () => between(chance, 1, longest)), pauseMs }, recording, text)
    })
  })

  if (driver.channel === 'exchange') return

  it('is the same whatever ends its lines', async () => {
    const { text } = await read()
    for (const lineEnd of ['\n', '\r\n', '\r\r\n', '\r\0\n', '\n\r']) await whole({ lineEnd }, recording, text)
  })

  if (recording.login.length === 0) return

  it('is the same when only CR NUL ends its lines', async () => {
    const { text } = await read()
    await whole({ lineEnd: '\r\0' }, recording, text)
  })

  it('is the same with pagers, whatever their height', async () => {
    const { text } = await read()
    await often('pagers', 2, async (chance) => {
      const paged = withPagers(
        recording,
        driver.pagers.map(({ when }) => when),
        chance,
      )
      if (!paged) return
      const longest = oneOf(chance, [3, 1500])
      await whole({ chunk: (bytes) => pieces(bytes, () => between(chance, 1, longest)) }, paged, text)
    })
  })

  it('is the same when prompts are drawn again, in colours', async () => {
    const { text } = await read()
    await often('drawing', 2, (chance) => {
      const chunk = (bytes: Buffer) => pieces(bytes, () => between(chance, 1, 200))
      return whole({ chunk }, withDrawing(recording, chance), text)
    })
  })

  it('keeps a line that looks like the prompt', async () => {
    const { text } = await read()
    const prompt = promptOf(recording)
    await often('prompt', 3, async (chance) => {
      const line = oneOf(chance, [prompt, prompt.replace(/\w+/, 'elsewhere'), `${prompt}show version`])
      const changed = withLine(recording, configRuns(driver), text, line, chance)
      if (!changed) return
      const chunk = (bytes: Buffer) => {
        const at = bytes.indexOf(`${line}\r\n`) + line.length
        return [bytes.subarray(0, at), bytes.subarray(at)]
      }
      const pauseMs = () => between(chance, 0, oneOf(chance, [60, 900, PAUSE_MS]))
      const kept = await orFails(read({ chunk, pauseMs }, changed.recording))
      // The Enter that was to prove the prompt may answer a pager; then a key too many stands behind the next prompt. Blanks are known there.
      if (!kept && driver.pagers.some(({ send }) => send.trim() !== '')) return
      expect(kept?.text).toBe(changed.kept)
    })
  })

  it('keeps a line that looks like a pager, or says that it is not sure', async () => {
    const { text } = await read()
    await often('pager text', 2, async (chance) => {
      const line = oneOf(chance, [' --More-- ', '--More-- (42%)', '---- More ----'])
      const changed = withLine(recording, configRuns(driver), text, line, chance)
      if (!changed) return
      const chunk = (bytes: Buffer) => {
        const at = bytes.indexOf(`${line}\r\n`) + between(chance, line.length - 2, line.length)
        return [bytes.subarray(0, at), bytes.subarray(at)]
      }
      const pauseMs = () => between(chance, 0, oneOf(chance, [60, 900, PAUSE_MS]))
      const kept = await orFails(read({ chunk, pauseMs }, changed.recording))
      if (kept?.verdict === 'complete') expect(kept.text).toBe(changed.kept)
    })
  })

  if (driver.channel !== 'shell') return

  it('never holds a message of the system that broke in', async () => {
    const { text, deviceBytes } = await read()
    await often('message', MESSAGES_A_RECORDING, async (chance) => {
      const message = oneOf(chance, MESSAGES).replaceAll('\n', '\r\n')
      const framed = oneOf(chance, [`\r\n${message}\r\n`, `${message}\r\n`, `\r\n\r\n${message}\r\n`])
      const broken = breakingIn(between(chance, 0, deviceBytes - 1), Buffer.from(framed))
      const kept = await orFails(read({ chunk: broken }))
      if (kept?.verdict === 'complete') expect(kept.text).toBe(text)
    })
  })
})

describe.each(shelved)('$name', { timeout: 60_000 * DEPTH }, ({ name, recording, driver }) => {
  it('is never complete when the device stops in the middle', async () => {
    const { deviceBytes } = await readReplayed(driver, recording, { secrets: 'keep' })
    const chance = chanceOf(SEED, name, 'cut')
    const unnoticed: object[] = []
    for (let index = 0; index < CUTS * DEPTH; index += 1) {
      const cutAfterBytes = between(chance, 0, deviceBytes - drawnBehindPrompt(recording) - 1)
      const afterCut = oneOf(chance, ['end', 'hang'] as const)
      const kept = await orFails(readReplayed(driver, recording, { secrets: 'keep', cutAfterBytes, afterCut }))
      if (kept?.verdict === 'complete') unnoticed.push({ cutAfterBytes, afterCut })
    }
    expect(unnoticed).toEqual([])
  })
})

/** @returns undefined when it fails in a known way */
async function orFails(reading: Promise<ReplayedRead>): Promise<ReplayedRead | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Failure) return undefined
    throw error
  }
}
