import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addDeviceOptions, changeOf } from './device-options.ts'
import { lastMoment } from './values.ts'

const changeFor = (...words: string[]) =>
  changeOf(addDeviceOptions(new Command()).exitOverride().parse(words, { from: 'user' }).opts())

describe('options of a device', () => {
  it('[DAUTH-6] one credential, several in their order, or none', () => {
    expect(changeFor('--credential', 'core')).toEqual({ credential: 'core' })
    expect(changeFor('--credential', 'core, spare key,old')).toEqual({ credentials: ['core', 'spare key', 'old'] })
    expect(changeFor('--credential', 'None')).toEqual({ credential: null })
    expect(() => changeFor('--credential', 'core,,old')).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  it('"none" takes a value away', () => {
    const taken = changeFor('--group', 'none', '--host-key', 'none', '--connect-timeout', 'none', '--tls-pin', 'none')
    expect(taken).toEqual({ group: null, hostKey: null, options: { connectTimeoutMs: null, tlsPin: null } })
    expect(changeFor('--group', 'core', '--connect-timeout', '2')).toEqual({
      group: 'core',
      options: { connectTimeoutMs: 2000 },
    })
  })
})

describe('[DAUTH-4] a last day', () => {
  it('counts to its end, a moment as it is', () => {
    const read = lastMoment('--expires')
    expect(Date.parse(read('2027-12-31') ?? '')).toBe(new Date(2027, 11, 31, 23, 59, 59, 999).getTime())
    expect(read('2027-12-31T10:00:00Z')).toBe('2027-12-31T10:00:00.000Z')
    expect(read('NONE')).toBeNull()
  })

  it.each(['tomorrow', '2027-13-01', '12/31/2027', ''])('"%s" is none', (text) => {
    expect(() => lastMoment('--expires')(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
