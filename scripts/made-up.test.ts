import { describe, expect, it } from 'vitest'
import { parseRecording } from '../agent/replay/recording.ts'
import { leftIn, madeUp, replaceIn } from './made-up.ts'

const random = () => 0.5
const recording = parseRecording(`@@ driver: cisco_ios
@@ evidence: real
@@ source: a test
@@ login
lab-Pw1 is on the door
SW1#
@@ run: show running-config
! password lab-Pw1, not lab-Pw12 nor xlab-Pw1
username a secret lab-Pw1
key verylong\\
    secret9
SW1#
`)

describe('a made-up secret', () => {
  it.each([
    ['lab-Pw1!', 'nnn-Nn5!'],
    ['0a1b2c3d', '5d5d5d5d'],
    ['00FFEE', '55DDDD'],
    ['$9$Mr4Lx-wY', '$9$Nn5Nn-nN'],
    ['$6$salt$hash', '$6$nnnn$nnnn'],
    ['-AQ==aGk=', '-AQ==nNn='],
  ])('of %s has its shape', (secret, like) => {
    expect(madeUp(secret, random)).toBe(like)
  })
})

describe('replacing secrets in a recording', () => {
  const clean = replaceIn(recording, new Map([['lab-Pw1', 'nnn-Nn5']]))
  const text = clean.runs.get('show running-config')?.segments[0]?.text

  it('changes every place where one stands, also in comments and the banner, and no longer word that holds it', () => {
    expect(clean.login[0]?.text).toBe('nnn-Nn5 is on the door\nSW1#')
    expect(text).toContain('! password nnn-Nn5, not lab-Pw12 nor xlab-Pw1\nusername a secret nnn-Nn5\n')
  })

  it('names the new ones as the secrets of the recording', () => {
    expect(clean.secrets).toEqual(['nnn-Nn5'])
  })

  it('tells which values still stand there, also wrapped over two lines', () => {
    expect(leftIn(clean, ['lab-Pw1', 'verylongsecret9', 'gone'])).toEqual(['lab-Pw1', 'verylongsecret9'])
    expect(leftIn(clean, ['lab-Pw13'])).toEqual([])
  })
})
