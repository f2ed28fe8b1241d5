/** The inside of the thread of `text-thread.ts`: takes jobs one by one and answers each. Anywhere else it does nothing. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { driverCatalogue } from '@netraven/protocol/driver-catalogue.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Driver, driverOver } from './driver.ts'
import { DriverCatalogue } from './driver-catalogue.ts'
import { driverFiles } from './drivers/index.ts'
import { compileDriver } from './own-driver.ts'
import { type ReplayedRead, readReplayed } from './replay/reading.ts'
import { parseRecording, type Recording } from './replay/recording.ts'
import { makeText, type Text } from './text.ts'
import type { TextAnswer, TextJob } from './text-thread.ts'

/** A recording is also read broken off after so many parts of it. */
const CUTS = 40
const REMEMBERED = 50

if (!isMainThread && (workerData as { textThread?: boolean } | null)?.textThread) {
  parentPort?.on('message', (job: TextJob) => {
    answerOf(job).then((answer) => parentPort?.postMessage(answer))
  })
  parentPort?.postMessage({ ready: true } satisfies TextAnswer)
}

async function answerOf(job: TextJob): Promise<TextAnswer> {
  try {
    return { text: await (job.kind === 'text' ? textOf(job) : replayed(job)) }
  } catch (error) {
    if (error instanceof Failure) return { failure: error.toJSON() }
    return { bug: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

const drivers = new DriverCatalogue(driverCatalogue, driverFiles)
const compiled = new Map<string, Driver>()

/** Plain patterns: the thread as a whole is bounded. */
async function driverOf({ driver: { name, file, transport } }: TextJob): Promise<Driver> {
  if (file === undefined) {
    const builtIn = await drivers.find(name)
    if (!builtIn) throw new Failure('DRIVER_UNKNOWN', { driver: name })
    return driverOver(builtIn, transport)
  }
  const driver = compiled.get(file) ?? (await compileDriver(file, drivers, (source) => new RegExp(source)))
  compiled.set(file, driver)
  for (const oldest of compiled.keys()) {
    if (compiled.size <= REMEMBERED) break
    compiled.delete(oldest)
  }
  return driverOver(driver, transport)
}

async function textOf(job: TextJob & { kind: 'text' }): Promise<Text> {
  const driver = await driverOf(job)
  const outputs = job.outputs.flatMap(({ command: at, bytes, ...output }) => {
    const command = driver.commands[at]
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return command ? [{ ...output, command, bytes: buffer }] : []
  })
  const compile = (sources: readonly string[] = []) => sources.map((source) => new RegExp(source))
  const patterns = { ignore: compile(job.patterns?.ignore), remove: compile(job.patterns?.remove) }
  return makeText(driver, outputs, { ...job.options, patterns })
}

async function replayed(job: TextJob & { kind: 'replay' }): Promise<Text> {
  const driver = await driverOf(job)
  const recording = recordingOf(job.recording)
  const { deviceBytes, ...text } = await readOnce(driver, recording)
  const unnoticed = await unnoticedCut(driver, recording, deviceBytes)
  if (unnoticed === undefined) return text
  const reason = `broken off after ${unnoticed} of ${deviceBytes} bytes it would still count as complete`
  return { ...text, verdict: 'suspect', reasons: [...text.reasons, reason] }
}

async function readOnce(driver: Driver, recording: Recording, cutAfterBytes?: number): Promise<ReplayedRead> {
  try {
    return await readReplayed(driver, recording, {
      secrets: 'keep',
      ...(cutAfterBytes === undefined ? {} : { cutAfterBytes, afterCut: 'end' }),
    })
  } catch (error) {
    if (error instanceof Failure) throw error
    // The replayed device said nothing more, and no time limit was running.
    throw new Failure(
      'DRIVER_TRIAL_FAILED',
      { driver: driver.name, reason: 'the recording stops short' },
      { cause: error },
    )
  }
}

/** Where a break would go unnoticed; undefined: nowhere that was tried. */
async function unnoticedCut(driver: Driver, recording: Recording, bytes: number): Promise<number | undefined> {
  for (let part = 1; part < CUTS; part++) {
    const at = Math.floor((bytes * part) / CUTS)
    try {
      if ((await readOnce(driver, recording, at)).verdict === 'complete') return at
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }
  return undefined
}

function recordingOf(text: string): Recording {
  try {
    return parseRecording(text)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new Failure('DRIVER_TRIAL_FAILED', { reason: `it is no recording: ${cause.message}` }, { cause })
  }
}
