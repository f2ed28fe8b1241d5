/** Systems that encrypt the same secret anew at each read: a read that differs in nothing else is no change. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadAll } from '../loaded-drivers.ts'
import { readReplayed } from '../replay/reading.ts'
import { parseRecording } from '../replay/recording.ts'

const drivers = await loadAll()

const session = readFileSync(join(import.meta.dirname, 'recordings/fortinet_fortios.fgt60f.session'), 'utf8')
const shuffled = (text: string) =>
  [...text]
    .reverse()
    .join('')
    .replace(/^(=*)(.*)$/, '$2$1')

async function fingerprintOf(text: string) {
  const recording = parseRecording(text)
  const driver = drivers.find(recording.driver)
  if (!driver) throw new Error(`no driver ${recording.driver}`)
  const { fingerprint, contentHash } = await readReplayed(driver, recording, { secrets: 'keep' })
  const { fingerprint: stripped } = await readReplayed(driver, recording, { secrets: 'strip', maskKey: 'sweep' })
  return { fingerprint, contentHash, stripped }
}

describe('a FortiGate that is read again', () => {
  const again = session
    .replace(/(?<= ENC )(?!SH2)\S+$/gm, shuffled)
    .replace(/(?<=ENCRYPTED PRIVATE KEY-----\n)[^-]+(?=\n-----END)/, shuffled)
    .replace(/^#conf_file_ver=.*/m, '#conf_file_ver=1')
    .replace(/^#private-encryption-key=.*/m, '#private-encryption-key=0')

  it('is unchanged although every encrypted value in it is another', async () => {
    const first = await fingerprintOf(session)
    const second = await fingerprintOf(again)
    expect(second.contentHash).not.toBe(first.contentHash)
    expect(second.fingerprint).toBe(first.fingerprint)
    expect(second.stripped).toBe(first.stripped)
  })

  it.each([
    ['an administrator has another password', /ENC SH2N1w8k/, 'ENC SH2N1w8j'],
    ['a neighbour is another', /remote-as 64501/, 'remote-as 64502'],
    ['an SNMP community has another name', /set name "fgtReadOnly"/, 'set name "other"'],
    ['a password is gone', /^ +set psksecret .*\n/m, ''],
  ])('is changed when %s', async (_, from, to) => {
    const first = await fingerprintOf(session)
    const second = await fingerprintOf(again.replace(from, to))
    expect(second.fingerprint).not.toBe(first.fingerprint)
    expect(second.stripped).not.toBe(first.stripped)
  })
})
