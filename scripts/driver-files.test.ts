import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type Driver, defineDriver } from '../agent/driver.ts'
import { driverFiles } from '../agent/drivers/index.ts'
import { parseRecording } from '../agent/replay/recording.ts'
import { changelogWith, driverFile, indexWith, type NewDriver, problemsOf, recordingSkeleton } from './driver-files.ts'

const answers: NewDriver = {
  name: 'nokia_sros',
  title: "Nokia's SR OS",
  aliases: ['sros', 'timos'],
  channel: 'shell',
  comment: '# ',
  prompt: '^[AB]:[\\w./-]+# ?$',
  pagerOff: 'environment no more',
  version: 'show version',
  config: 'admin display-config',
  complete: '^# Finished ',
  enable: true,
}
const known = new Set(['cisco_ios', 'ios'])

describe('the driver of a questionnaire', () => {
  it('is what was answered', () => {
    const code = stripTypeScriptTypes(driverFile(answers))
      .replace(/^import .*/m, '')
      .replace('export default defineDriver(', 'made = defineDriver(')
    const sandbox: { made?: Driver; defineDriver: unknown; RegExp: unknown } = { defineDriver, RegExp }
    runInNewContext(code, sandbox)
    const { made } = sandbox
    expect(made).toMatchObject({ title: answers.title, aliases: answers.aliases, comment: '# ', channel: 'shell' })
    expect(made?.prompt.source).toBe('^[AB]:[\\w./-]+# ?$')
    expect(made?.prepare).toEqual(['environment no more'])
    expect(made?.enable?.run).toBe('enable')
    expect(made?.commands.map(({ run, as }) => [run, as])).toEqual([
      ['show version', 'note'],
      ['admin display-config', 'config'],
    ])
    expect(made?.commands[1]?.complete?.test('# Finished Mon')).toBe(true)
  })

  it('needs no formatting', () => {
    for (const file of [
      driverFile(answers),
      driverFile({ ...answers, aliases: Array(12).fill('a-rather-long-alias') }),
    ]) {
      const biome = fileURLToPath(new URL('../node_modules/@biomejs/biome/bin/biome', import.meta.url))
      const { stdout } = spawnSync(process.execPath, [biome, 'format', '--stdin-file-path=agent/drivers/x_y.ts'], {
        input: file,
        encoding: 'utf8',
      })
      expect(stdout).toBe(file)
    }
  })

  it('comes with a recording that can be read, and that is far from good enough', () => {
    const recording = parseRecording(recordingSkeleton(answers))
    expect(recording).toMatchObject({ driver: 'nokia_sros', evidence: 'documented' })
    expect([...recording.runs.keys()]).toEqual([
      'enable',
      'environment no more',
      'show version',
      'admin display-config',
    ])
    const exec = parseRecording(recordingSkeleton({ ...answers, channel: 'exec', enable: false, pagerOff: undefined }))
    expect(exec.login).toEqual([])
  })

  it('stands in the catalogue at its sorted place', () => {
    const index = readFileSync(new URL('../agent/drivers/index.ts', import.meta.url), 'utf8')
    for (const name of ['aaa_first', 'nokia_sros', 'zyxel_last']) {
      const after = indexWith(index, name)
      const lines = [...after.matchAll(/^ {2}(\w+): \(\) => import\('\.\/(\w+)\.ts'\),$/gm)]
      const names = [...Object.keys(driverFiles), name].sort(new Intl.Collator('en', { numeric: true }).compare)
      expect(lines.map(([, found]) => found)).toEqual(names)
      expect(lines.map(([, , file]) => file)).toEqual(names)
    }
    expect(() => indexWith('something else', 'nokia_sros')).toThrow('no line like')
  })

  it('is told in the change log, under what is not released', () => {
    const line = "- Driver nokia_sros: Nokia's SR OS."
    expect(changelogWith('# Changelog\n', answers)).toBe(`# Changelog\n\n## [Unreleased]\n\n### Added\n\n${line}\n`)
    const log =
      '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A.\n\n### Fixed\n\n- B.\n\n## [0.1.0]\n\n### Added\n\n- C.\n'
    expect(changelogWith(log, answers)).toBe(log.replace('- A.\n', `- A.\n${line}\n`))
    const unnamed = '# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- B.\n'
    expect(changelogWith(unnamed, answers)).toBe(unnamed.replace('### Fixed', `### Added\n\n${line}\n\n### Fixed`))
  })
})

describe('wrong answers', () => {
  it('are none when all fit', () => {
    expect(problemsOf(answers, known)).toEqual([])
  })

  it.each<[string, Partial<NewDriver>]>([
    ['name: Nokia; it should be vendor_os, such as nokia_sros', { name: 'Nokia' }],
    ['name: cisco_ios is taken', { name: 'cisco_ios' }],
    ['aliases: ios is taken', { aliases: ['ios'] }],
    ['aliases: SROS should be one lower-case word', { aliases: ['SROS'] }],
    ['aliases: one stands there twice, or is the name', { aliases: ['nokia_sros'] }],
    ['title: it is empty; write the system as its vendor does', { title: ' ' }],
    ['prompt: #; it should begin with ^ and end with $', { prompt: '#' }],
    ['complete: nothing; it should be what only a whole configuration has, such as ^end$', { complete: '' }],
    ['config: write memory may change the device; a driver reads only', { config: 'write memory' }],
    ['enable: there is none on an exec channel', { channel: 'exec' }],
    ['a command is one line', { pagerOff: 'no page\nreload' }],
  ])('%s', (problem, change) => {
    expect(problemsOf({ ...answers, ...change }, known)).toContain(problem)
  })

  it('that are no pattern are told as such', () => {
    expect(problemsOf({ ...answers, complete: '(' }, known)[0]).toMatch(/^complete: Invalid regular expression/)
  })
})
