import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Failure } from '../protocol/failure.ts'
import { failureOf, readDevice } from './device-reading.ts'
import { type ReplayProcess, startReplayProcess } from './replay-device/replay-process.ts'

describe('a card that prints its configuration for a pass phrase', () => {
  let host: ReplayProcess
  const recording = fileURLToPath(
    new URL('../agent/drivers/recordings/eaton_network.network-m2.session', import.meta.url),
  )
  const read = (enable?: string) => {
    const [only] = host.devices
    if (!only) throw new RangeError('no device')
    const { address, port } = only
    const secret = { password: 'replay-password', ...(enable === undefined ? {} : { enable }) }
    return readDevice({ address, port, driver: 'eaton_network', username: 'netraven', secret })
  }

  beforeAll(async () => {
    host = await startReplayProcess(['--recording', recording])
  })
  afterAll(() => host?.stop())

  it('is read over SSH, whole, with the enable secret of the credential', async () => {
    const { verdict, reasons, text } = await read('Under-Lock-7')
    expect([verdict, reasons]).toEqual(['complete', []])
    expect(text).toMatch(/^\{\n[\s\S]*"cyphered"[\s\S]*\n\}\n$/)
    expect(text).not.toContain('Under-Lock-7')
  })

  it.each([
    [undefined, 'PASSPHRASE_MISSING'],
    ['$(reboot)1', 'PASSPHRASE_UNSAFE'],
  ])('is not asked with the pass phrase %s', async (enable, code) => {
    const failure = await failureOf(read(enable))
    expect(failure).toBeInstanceOf(Failure)
    expect(failure.code).toBe(code)
  })
})
