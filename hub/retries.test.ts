import { type FailureCode, failures, isFailureCode } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { type FailedRead, retryDelayMs } from './retries.ts'

const policy = { afterMs: 30_000, random: () => 0.5 }
const failed = (code: string, details: Record<string, unknown> = {}, extra: Partial<FailedRead> = {}): FailedRead => ({
  failure: { code, details },
  earlierTries: 0,
  wasRefused: false,
  ...extra,
})
const codes = Object.keys(failures).filter(isFailureCode)

describe('a failed read', () => {
  it('[TMO-2] is tried again when the device was too busy, after a pause that chance spreads', () => {
    const busy = failed('DEVICE_COMMAND_TIMEOUT', { kind: 'stalled', rung: 'command' })
    const pauses = [0, 0.5, 0.999_999].map((chance) => retryDelayMs(busy, { afterMs: 30_000, random: () => chance }))
    expect(pauses).toEqual([30_000, 45_000, 60_000])
    for (const one of [
      failed('DEVICE_COMMAND_TIMEOUT', { kind: 'slow' }),
      failed('BANNER_TIMEOUT', { rung: 'banner' }),
      failed('HTTP_STATUS', { status: 503, rung: 'command' }),
      failed('HTTP_STATUS', { status: 429 }),
    ]) {
      expect(retryDelayMs(one, policy)).toBe(45_000)
    }
  })

  it('[TMO-2] is tried again once and no more, and never when that is switched off', () => {
    expect(retryDelayMs(failed('DEVICE_COMMAND_TIMEOUT', {}, { earlierTries: 1 }), policy)).toBeNull()
    expect(retryDelayMs(failed('DEVICE_COMMAND_TIMEOUT'), { ...policy, afterMs: 0 })).toBeNull()
  })

  it('[TMO-2] is final for whatever else was wrong: a dead segment is not asked twice, no account is locked', () => {
    const again = codes.filter((code) => retryDelayMs(failed(code, { status: 500 }), policy) !== null)
    expect(again.toSorted()).toEqual(['BANNER_TIMEOUT', 'DEVICE_COMMAND_TIMEOUT'] satisfies FailureCode[])
    expect(retryDelayMs(failed('CODE_OF_A_NEWER_AGENT'), policy)).toBeNull()
    expect(retryDelayMs(failed('toString'), policy)).toBeNull()
  })

  it('[TMO-2] is final where a secret was with the device: behind the login, the enable password, a refusal', () => {
    expect(retryDelayMs(failed('DEVICE_COMMAND_TIMEOUT', { rung: 'enable' }), policy)).toBeNull()
    expect(retryDelayMs(failed('HTTP_STATUS', { status: 503, rung: 'login' }), policy)).toBeNull()
    expect(retryDelayMs(failed('DEVICE_COMMAND_TIMEOUT', {}, { wasRefused: true }), policy)).toBeNull()
  })
})
