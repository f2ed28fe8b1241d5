/**
 * A trial of a driver that is not in use yet: it reads a device, or a recording, as a backup would, and the hub is told how that went.
 * No text leaves this host but a beginning with its secrets masked.
 */
import type { Asked } from '@netraven/protocol/calls.ts'
import type { Task } from '@netraven/protocol/claim.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { decodeSpans, mask } from '@netraven/protocol/mask.ts'
import { hasText } from './artifacts.ts'
import type { Read } from './backup.ts'
import type { Driver } from './driver.ts'
import type { Policy } from './policy.ts'
import { type ResultParts, resultOf } from './result.ts'
import type { SpoolEntry } from './spool.ts'
import type { Text } from './text.ts'

const PREVIEW_MAX = 32_000

type Outcome = Asked<'tried'>['outcome']

export interface TrialParts extends ResultParts {
  readonly policy: Pick<Policy, 'admitDriver'>
  readonly ownDriver: (task: Task) => Promise<Driver>
  readonly replay: (driver: Driver, recording: string) => Promise<Text>
  /** Of the masks; another one each time, so that they can be compared with nothing. */
  readonly newMaskKey: () => Uint8Array
}

export interface Tried {
  readonly outcome: Outcome
  /** What a trial on a device is to the hub besides: a test of that device, to be reported. */
  readonly report?: SpoolEntry
}

/** @returns undefined when the trial was called off: it comes again */
export async function tryDriver(
  parts: TrialParts,
  task: Task,
  sealKey: string | undefined,
  signal: AbortSignal,
): Promise<Tried | undefined> {
  const recording = task.trial?.recording
  let text: Text | undefined
  let artifacts: Read['artifacts']
  const read: ResultParts['read'] = async (of, driver, ...rest) => {
    // Compressing, hashing and signing are of no use here, but how a read fails is told in one way alone.
    const done = await parts.read(of, driver, ...rest)
    text = done
    artifacts = done.artifacts
    return done
  }
  const replayed: ResultParts['read'] = async (_, driver) => {
    parts.policy.admitDriver(driver)
    if (!hasText(driver)) throw new Failure('DRIVER_TRIAL_NEEDS_DEVICE', { driver: driver.name })
    text = await parts.replay(driver, recording ?? '')
    return { ...text, capturedAtMs: 0, durationMs: 0 } satisfies Read
  }
  const entry = await resultOf({ ...parts, read: recording === undefined ? read : replayed }, task, sealKey, signal)
  if (!entry) return undefined
  return {
    outcome: outcomeOf(entry, text, artifacts, parts.newMaskKey()),
    ...(recording === undefined ? { report: entry } : {}),
  }
}

function outcomeOf(
  { report: { outcome } }: SpoolEntry,
  text: Text | undefined,
  artifacts: Read['artifacts'],
  key: Uint8Array,
): Outcome {
  const failure = 'failure' in outcome ? outcome.failure : undefined
  if (failure) return { kind: 'failed', failure }
  if (text?.sizeBytes === 0 && artifacts) return filesIn(artifacts)
  return text ? seenIn(text, key) : { kind: 'failed', failure: new Failure('INTERNAL').toJSON() }
}

/** Of a driver of files alone: a test has judged each of them, and none of their bytes is shown. */
function filesIn(artifacts: NonNullable<Read['artifacts']>): Outcome {
  const stored = artifacts.flatMap((one) => ('failure' in one ? [] : [one]))
  const sizeBytes = stored.reduce((sum, one) => sum + one.sizeBytes, 0)
  const preview = stored.map((one) => `${one.name}: ${one.sizeBytes} bytes, sha256 ${one.contentHash}\n`).join('')
  return { ...{ kind: 'read', verdict: 'complete', reasons: [], lines: 0, secrets: 0 }, sizeBytes, preview }
}

function seenIn({ text, spans, verdict, reasons, sizeBytes }: Text, key: Uint8Array): Outcome {
  return {
    kind: 'read',
    verdict,
    reasons: reasons.slice(0, 16).map((reason) => reason.slice(0, 300)),
    sizeBytes,
    lines: text.split('\n').length - 1,
    secrets: decodeSpans(spans, text.length).length,
    preview: mask(text, spans, key).slice(0, PREVIEW_MAX),
  }
}
