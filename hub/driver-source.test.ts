import { readFileSync } from 'node:fs'
import { Failure } from '@netraven/protocol/failure.ts'
import { describe, expect, it } from 'vitest'
import { readDriverSource, type SourceProblem } from './driver-source.ts'

const example = readFileSync(new URL('../deploy/examples/acme_os.yaml', import.meta.url), 'utf8')

/** `line:column path: message` of everything that is wrong. */
function problemsOf(text: string): string[] {
  try {
    readDriverSource(text)
    return []
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DRIVER_INVALID') throw error
    const problems = error.details.problems as SourceProblem[]
    return problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
  }
}

const changed = (from: string, to: string) => {
  expect(example).toContain(from)
  return example.replace(from, () => to)
}

describe('the file of a driver', () => {
  it('is the example as it is shipped', () => {
    const { file, digest, carried } = readDriverSource(example)
    expect(file).toMatchObject({ name: 'acme_os', channel: 'shell', enable: { run: 'enable' } })
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.parse(carried)).toEqual(file)
  })

  it('may be JSON, and then is the same driver: neither spaces nor comments nor the order of fields make another', () => {
    const { file, digest } = readDriverSource(example)
    const backwards = Object.fromEntries(Object.entries(file).reverse())
    expect(readDriverSource(JSON.stringify(backwards, null, 4)).digest).toBe(digest)
    expect(readDriverSource(changed('Acme OS\n', 'Acme OS 2\n')).digest).not.toBe(digest)
  })

  it('says everything that is wrong at once, each with its line and column', () => {
    const text = [
      'name: AcmeOS',
      'title: Acme OS',
      'comment: "! "',
      'channel: telnet',
      "prompt: '[>#]$'",
      'colour: green',
      "rejected: ['^% (']",
      'commands:',
      '  - run: show running-config',
      '    as: config',
      '  - {run: reload, as: note}',
      "secrets: ['^password (\\S+)']",
    ].join('\n')
    expect(problemsOf(text)).toEqual([
      '1:1 name: must be vendor_os in lower case, such as acme_os',
      '4:1 channel: must be shell or exec',
      '5:1 prompt: must begin with ^ and end with $: it is the whole last line',
      '6:1 colour: is not known here; see: netraven drivers add --help',
      '7:12 rejected.0: is no regular expression: Unterminated group',
      '9:5 commands.0: lacks `complete`: a pattern that only a whole configuration fits, such as ^end$',
      '11:6 commands.1.run: looks as if it changed the device, wrote a file or held a second command; a driver only reads',
      '12:11 secrets.0: must say what to mask, as a group (?<secret>…)',
    ])
  })

  it.each([
    ['prompt: "^\\w+$"', /^1:\d+ : invalid escape sequence \\w; write patterns in single quotes/],
    ['name: a\nname: b', /^2:1 : map keys must be unique/],
    ['just words', /^1:1 : must be fields and their values/],
    ['', /^1:1 : must be fields and their values/],
    ['- a\n- b', /^1:1 : must be fields and their values/],
    ['name: acme_os', /^1:1 title: is missing; only with `extends` it may be left out$/],
    ['name: acme_os\nextends: cisco_ios\nprompt: /^x$/i', /^3:1 prompt: must stand alone, without slashes and flags/],
    ['name: x\n"+secrets": []', /^2:1 \+secrets: has nothing to add to without `extends`$/],
    [`name: x\n#${'x'.repeat(70_000)}`, /^1:1 : has 7\d{4} characters; 65536 are allowed$/],
    [`a: &a [1,1]\nb: &b [${'*a,'.repeat(30)}]\nc: [${'*b,'.repeat(30)}]`, /Excessive alias count/],
  ])('%#: tells what is wrong, and where', (text, expected) => {
    expect(problemsOf(text).join('\n')).toMatch(new RegExp(expected.source, 'm'))
  })

  it.each([
    ['- terminal length 0', '- "show run | redirect flash:x"', 'prepare.0'],
    ['- terminal length 0', '- show run; reload', 'prepare.0'],
    ['run: enable\n', 'run: configure terminal\n', 'enable.run'],
    [
      '[show running-config all, show running-config]',
      '[show running-config, copy running-config tftp]',
      'commands.1.run.1',
    ],
    ["password: '^[Pp]assword: ?$'", "password: '^[^ ]+# ?$'", 'enable.password'],
    ['denied:', "answers: [{when: '#', send: reload}]\ndenied:", 'answers.0.send'],
    ['denied:', "pagers: [{when: '#', send: 'rel'}]\ndenied:", 'pagers.0.send'],
  ])('does not bring a way to type anything else than reading commands: %s becomes %s', (from, to, path) => {
    expect(problemsOf(changed(from, to)).map((problem) => problem.split(' ')[1])).toEqual([`${path}:`])
  })

  it('with `extends` needs a name and what is different', () => {
    expect(problemsOf("name: cisco_ios\nextends: cisco_ios\n+secrets: ['^magic (?<secret>\\S+)']")).toEqual([])
    expect(problemsOf("name: my_ios\nextends: cisco_ios\nsecrets: []\n+secrets: ['^magic (?<secret>\\S+)']")).toEqual([
      '4:1 +secrets: stands beside secrets; give one of both',
    ])
  })
})
