import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from './replay/reading.ts'
import { config, Device, driverOf, failureOf, read } from './replay/scripted-device.ts'

describe('limits', () => {
  const silent = (reply: string) =>
    new Device('SW1#', (line, self) => self.send(line === '' ? '\r\nSW1#' : `\r\n${reply}`))

  it('[TMO-1] [TMO-4] a device that falls silent has stalled, and the failure tells the facts', async () => {
    const failure = await failureOf(read(silent('hostname x\r\n'), { options: { idleTimeoutMs: 4000 } }))
    expect(failure.code).toBe('DEVICE_COMMAND_TIMEOUT')
    expect(failure.message).toBe('Command Execution Timeout')
    expect(failure.details).toEqual({
      command: 'show run',
      elapsedMs: 4000,
      limitMs: 4000,
      bytes: 22,
      lastByteAgeMs: 4000,
      kind: 'stalled',
      seconds: 120,
      idleSeconds: 8,
    })
  })

  it('[TMO-4] a device that still sends when the time is up was slow', async () => {
    const clock = new VirtualClock()
    const device = silent('')
    const drip = () => {
      device.send('interface x\r\n')
      clock.after(1000, drip)
    }
    clock.after(1000, drip)
    const failure = await failureOf(read(device, { options: { commandTimeoutMs: 10_500 } }, clock))
    expect(failure.details).toMatchObject({ kind: 'slow', limitMs: 10_500, command: 'show run' })
  })

  it('[TMO-3] the device’s own limit wins over the command’s, that over the driver’s', async () => {
    const driver = driverOf({ idleMs: 7000, commands: [{ ...config, idleMs: 6000 }] })
    const of = async (options: object) => (await failureOf(read(silent('x\r\n'), { driver, options }))).details.limitMs
    expect([await of({}), await of({ idleTimeoutMs: 5000 })]).toEqual([6000, 5000])
  })

  it('an endless output is cut at the cap and the channel is closed', async () => {
    const clock = new VirtualClock()
    let sent = 0
    const block = `${'x'.repeat(1022)}\r\n`.repeat(64)
    const pour = () => {
      if (device.closed) return
      sent += block.length
      device.send(block)
      clock.after(0.01, pour)
    }
    const device = new Device('SW1#', (line, self) => {
      self.send(line === '' ? '\r\nSW1#' : '\r\n')
      if (line !== '') pour()
    })
    const failure = await failureOf(read(device, { options: { maxOutputBytes: 8 * 1024 * 1024 } }, clock))
    expect([failure.code, failure.details.command]).toEqual(['OUTPUT_TOO_LARGE', 'show run'])
    expect([device.closed, sent <= 8 * 1024 * 1024 + block.length]).toEqual([true, true])
  })

  it('few bytes that make many blanks count as what they make', async () => {
    const clock = new VirtualClock()
    const device = silent('')
    const pour = () => {
      if (device.closed) return
      device.send('\x1b[510Cx\r\n'.repeat(200))
      clock.after(1, pour)
    }
    clock.after(1, pour)
    const failure = await failureOf(read(device, { options: { maxOutputBytes: 1024 * 1024 } }, clock))
    expect(failure.code).toBe('OUTPUT_TOO_LARGE')
  })

  it('an abort closes the channel at once and gives its reason', async () => {
    const clock = new VirtualClock()
    const abort = new AbortController()
    const device = silent('')
    clock.after(500, () => abort.abort(new Failure('TASK_DEADLINE', { limitMs: 1 })))
    const failure = await failureOf(read(device, { signal: abort.signal }, clock))
    expect([failure.code, device.closed, clock.nowMs() < 1000]).toEqual(['TASK_DEADLINE', true, true])
  })

  it('an abort without a reason of ours is a cancellation', async () => {
    const abort = new AbortController()
    abort.abort()
    expect((await failureOf(read(silent(''), { signal: abort.signal }))).code).toBe('CANCELLED')
  })
})
