import { createHash } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { mask } from '@netraven/protocol/mask.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Command, Driver } from './driver.ts'
import { driverOf } from './replay/scripted-device.ts'
import type { Output } from './session.ts'
import { makeText, type TextOptions } from './text.ts'

const KEEP: TextOptions = { secrets: 'keep' }
const note = { run: 'show ver', as: 'note' } as const
const config = { run: 'show run', as: 'config', complete: /^end$/ } as const

function output(command: Command, text: string | Buffer, doubt?: string): Output {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text)
  return { command, run: String(command.run), bytes, ...(doubt === undefined ? {} : { doubt }) }
}

function textOf(outputs: Output[], driver: Partial<Driver> = {}, options = KEEP) {
  return makeText(driverOf(driver), outputs, options)
}

const codeOf = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
  return 'none'
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('what is kept', () => {
  it('is the notes as comments above the configuration, in the order of the commands', () => {
    const kept = { ...note, keep: /^V/ }
    const { text } = textOf([
      output(kept, 'Version 1  \r\n\nnoise\nVM\n'.replace('\r', '')),
      output(config, '\na\n\n b \nend\n\n'),
    ])
    expect(text).toBe('! Version 1\n! VM\na\n\n b \nend\n')
  })

  it('has each line as the device sent it, trailing spaces included, and ends with one line feed', () => {
    expect(textOf([output(config, '\n\n  a \t\nend\n\n\n')]).text).toBe('  a \t\nend\n')
    expect(textOf([output(config, 'end')]).text).toBe('end\n')
  })

  it('has no volatile line, and wrapped ones joined', () => {
    const driver = { volatile: [/^! Last change/], unwrap: /\\\n {4}/ }
    expect(textOf([output(config, '! Last change at 1\nadd a=\\\n    b\nend\n')], driver).text).toBe('add a=b\nend\n')
  })

  it('is the same for the same device, whatever its clock says', () => {
    const driver = { volatile: [/^! Last change/] }
    const at = (time: string) => textOf([output(config, `! Last change at ${time}\na\nend\n`)], driver).contentHash
    expect(at('9:00')).toBe(at('9:01'))
  })

  it('is read as UTF-8, and as Latin-1 throughout when a single byte is not', () => {
    expect(textOf([output(config, 'name Zürich\nend\n')]).text).toBe('name Zürich\nend\n')
    const mixed = Buffer.concat([Buffer.from('name Zürich\n'), Buffer.from([0xfc, 0x0a]), Buffer.from('end\n')])
    const read = textOf([output(note, 'ä\n'), output(config, mixed)])
    expect(read.text).toBe('! Ã¤\nname ZÃ¼rich\nü\nend\n')
    expect(read.contentHash).toBe(sha256(read.text))
    expect(read.sizeBytes).toBe(Buffer.byteLength(read.text))
  })

  it('is never nothing', () => {
    expect(codeOf(() => textOf([output(config, '\n \n')]))).toBe('EMPTY_READ')
    expect(codeOf(() => textOf([output(note, 'x\n')]))).toBe('EMPTY_READ')
    expect(codeOf(() => textOf([output(config, '! v\n')], { volatile: [/^! v/] }))).toBe('EMPTY_READ')
  })
})

describe('verdict', () => {
  it('is complete with the end mark', () => {
    expect(textOf([output(config, 'a\nend\n')])).toMatchObject({ verdict: 'complete', reasons: [] })
  })

  it('[TMO-5] is suspect without the end mark, after a doubtful end, and at less than half the last good size', () => {
    const of = (text: string, doubt?: string, lastGoodBytes?: number) =>
      textOf([output(config, text, doubt)], {}, { ...KEEP, lastGoodBytes })
    expect(of('a\nen\n')).toMatchObject({
      verdict: 'suspect',
      reasons: ['the end mark of the configuration is missing'],
    })
    expect(of('a\nend\n', 'the command ended with status 1').verdict).toBe('suspect')
    const interrupted = { ...output(note, 'V1\n'), interrupted: true }
    expect(textOf([interrupted, output(config, 'a\nend\n')]).reasons).toEqual([
      'a message of the system may stand in it',
    ])
    expect(of('a\nend\n', undefined, 13)).toMatchObject({ reasons: ['it has 6 bytes, the last good one has 13'] })
    expect(of('a\nend\n', undefined, 12).verdict).toBe('complete')
    expect(of('a\nen\n', 'x', 99).reasons).toHaveLength(3)
  })

  it('[TMO-5] no cut of a configuration is complete', () => {
    const whole = 'version 15\nhostname a\n!\nline vty 0 4\n!\nend\n'
    for (let at = 1; at < whole.length - 2; at += 1) {
      expect(textOf([output(config, whole.slice(0, at))]).verdict).toBe('suspect')
    }
  })
})

describe('secrets', () => {
  const driver = {
    secrets: [/^(?:enable )?secret \d (?<secret>\S+)$/, /password (?<secret>"[^"\n]*"|\S+)/, /key\n(?<secret>[^!]+)!/],
    resalted: [/^secret 5 (?<secret>\S+)$/],
  }
  const text = 'secret 5 $1$abc\nuser ü password "two words" x\nkey\nab\ncd\n!\npassword p4 password p5\nend\n'

  it('are found wherever they stand, over lines too, and only they are masked', () => {
    const read = textOf([output(config, text)], driver)
    expect(read.text).toBe(text)
    expect(mask(read.text, read.spans, 'k').replace(/<secret:[0-9a-f]{8}>/g, '*')).toBe(
      'secret 5 *\nuser ü password * x\nkey\n*!\npassword * password *\nend\n',
    )
  })

  it('that are encrypted anew at each read do not change the fingerprint', () => {
    const [one, two] = ['$1$abc', '$1$xyz'].map((salt) =>
      textOf([output(config, text.replace('$1$abc', salt))], driver),
    )
    expect(one?.fingerprint).toBe(two?.fingerprint)
    expect(one?.contentHash).not.toBe(two?.contentHash)
    const changed = textOf([output(config, text.replace('p4', 'p6'))], driver)
    expect(changed.fingerprint).not.toBe(one?.fingerprint)
  })

  it('without re-salted ones: fingerprint and hash are one', () => {
    const read = textOf([output(config, text)], { secrets: driver.secrets })
    expect(read.fingerprint).toBe(read.contentHash)
  })

  it('never leave with `strip`: text, hash and fingerprint are of the masked view', () => {
    const options = { secrets: 'strip', maskKey: 'k' } as const
    const kept = textOf([output(config, text)], driver)
    const read = textOf([output(config, text)], driver, options)
    expect(read.text).toBe(mask(kept.text, kept.spans, 'k'))
    expect(read).toMatchObject({ contentHash: sha256(read.text), sizeBytes: Buffer.byteLength(read.text), spans: [] })
    const again = textOf([output(config, text.replace('$1$abc', '$1$xyz'))], driver, options)
    expect(again.fingerprint).toBe(read.fingerprint)
    expect(textOf([output(config, text.replace('p4', 'p6'))], driver, options).fingerprint).not.toBe(read.fingerprint)
  })

  it('that can’t be masked surely let nothing through', () => {
    const strip = { secrets: 'strip', maskKey: 'k' } as const
    const read = (driver: Partial<Driver>, options: TextOptions) =>
      codeOf(() => textOf([output(config, text)], driver, options))
    expect(read(driver, { secrets: 'strip' })).toBe('MASKING_FAILED')
    expect(read(driver, { secrets: 'strip', maskKey: '' })).toBe('MASKING_FAILED')
    expect(read({ secrets: [/password \S+/] }, KEEP)).toBe('MASKING_FAILED')
    expect(read({ resalted: [/password \S+/] }, KEEP)).toBe('MASKING_FAILED')
    // What is a secret only once its neighbour is masked.
    expect(read({ secrets: [/p4(?<secret> )/, /<secret:\w+>(?<secret>password)/] }, strip)).toBe('MASKING_FAILED')
  })

  it('more of them than a version may have are refused', () => {
    const many = output(config, `${'p x\n'.repeat(100_001)}end\n`)
    expect(codeOf(() => textOf([many], { secrets: [/^p (?<secret>x)$/] }))).toBe('MASKING_FAILED')
  })

  it('leave nothing behind whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[!-~]{6,20}$/), { minLength: 1, maxLength: 8 }), (secrets) => {
        const lines = secrets.map((secret) => `user u password ${secret}\n`).join('')
        const read = textOf(
          [output(config, `${lines}end\n`)],
          { secrets: [/password (?<secret>\S+)$/] },
          {
            secrets: 'strip',
            maskKey: 'k',
          },
        )
        for (const secret of secrets) expect(read.text).not.toContain(secret)
      }),
    )
  })
})
