import { describe, expect, it } from 'vitest'
import { judgeRow, type Known } from './device-import-row.ts'
import { DriverNames } from './drivers.ts'

const lab = { id: 'site-1', name: 'Lab' }
const core = { id: 'cred-1', name: 'core' }
const spare = { id: 'cred-2', name: 'Spare' }
const spaced = { id: 'cred-3', name: 'old spare' }
const known: Known = {
  drivers: new DriverNames([
    { name: 'cisco_ios', title: 'Cisco IOS', aliases: ['ios', 'cisco_xe'], transports: ['ssh', 'telnet'] },
  ]),
  sites: new Map([['lab', lab]]),
  credentials: new Map([core, spare, spaced].map((one) => [one.name.toLowerCase(), one])),
  devices: new Set(['old']),
  defaultSite: undefined,
}
const good = { name: 'sw1', address: '192.0.2.1', driver: 'IOS', site: 'LAB' }

const judge = (cells: Record<string, string>, tags: string[] = [], firstLines = new Map<string, number>()) =>
  judgeRow({ line: 2, cells }, tags, known, firstLines)

describe('a row of devices', () => {
  it('takes the names of drivers that people know from other tools, and sites in any case', () => {
    expect(judge(good)).toEqual({
      wanted: { name: 'sw1', address: '192.0.2.1', driver: 'cisco_ios', siteId: 'site-1', tags: {} },
    })
  })

  it('takes everything it may say', () => {
    const row = {
      ...good,
      port: '2222',
      transport: 'SSH',
      username: 'u',
      password: ' p ',
      enable: 'e',
      group: 'g',
      rack: '7',
    }
    expect(judge(row, ['rack'])).toEqual({
      wanted: {
        name: 'sw1',
        address: '192.0.2.1',
        driver: 'cisco_ios',
        siteId: 'site-1',
        port: 2222,
        transport: 'ssh',
        login: { username: 'u', password: ' p ', enable: 'e' },
        group: 'g',
        tags: { rack: '7' },
      },
    })
  })

  it('tells everything that is wrong with it at once', () => {
    const row = {
      name: '-rf',
      address: 'not an address',
      driver: 'iso',
      port: '70000',
      transport: 'pigeon',
      site: 'Lob',
      credential: 'cor',
      password: 'canary',
    }
    const judged = judge(row)
    expect('problems' in judged && judged.problems.map((problem) => problem.split(':')[0])).toEqual([
      'name',
      'address',
      'driver',
      'port',
      'transport',
      'site',
      'credential',
      'credential',
    ])
    expect(JSON.stringify(judged)).toMatch(/did you mean Lab\?.*did you mean core\?/)
    expect(JSON.stringify(judged)).not.toContain('canary')
  })

  it.each([
    ['core', ['cred-1']],
    ['CORE;spare', ['cred-1', 'cred-2']],
    ['spare  core', ['cred-2', 'cred-1']],
    ['Old Spare', ['cred-3']],
    ['spare; old spare ;core', ['cred-2', 'cred-3', 'cred-1']],
  ])('[DAUTH-6] the credentials "%s" are tried in that order', (credential, credentialIds) => {
    expect(judge({ ...good, credential })).toMatchObject({ wanted: { credentialIds } })
  })

  it.each([
    ['core;cor', /^credential: "cor" is not known; did you mean core\?$/],
    ['core core', /^credential: "core core" names one twice$/],
    [' ; ', /^credential: " ; " names none$/],
  ])('tells what is wrong with the credentials "%s"', (credential, problem) => {
    expect(judge({ ...good, credential })).toEqual({ problems: [expect.stringMatching(problem)] })
  })

  it.each([
    [{ ...good, username: 'u' }, /^password: is missing/],
    [{ ...good, enable: 'e' }, /^password: is missing/],
    [{ ...good, site: '' }, /^site: "" is not known/],
    [{ name: 'sw1', address: '192.0.2.1', driver: 'ios' }, /^site: is missing, and no --site/],
    [{ ...good, address: '10.0.0' }, /^address: "10\.0\.0" must be/],
    [{ ...good, address: '-oProxyCommand=x' }, /^address:/],
    [{ ...good, port: '22.5' }, /^port:/],
    [{ ...good, name: 'a\u0007b' }, /^name:/],
    [{ ...good, note: 'x'.repeat(501) }, /^note: is longer/],
  ])('%j: %s', (cells, problem) => {
    const judged = judge(cells as Record<string, string>, ['note'])
    expect('problems' in judged && judged.problems).toEqual([expect.stringMatching(problem)])
  })

  it('a name that stands in the file twice is wrong the second time, whatever its case', () => {
    const firstLines = new Map<string, number>()
    judge(good, [], firstLines)
    expect(judge({ ...good, name: 'SW1' }, [], firstLines)).toEqual({
      problems: ['name: "SW1" stands in line 2 already'],
    })
  })

  it('a device that is there already keeps its site when the row names none', () => {
    expect(judge({ name: 'Old', address: '::1', driver: 'ios' })).toMatchObject({ wanted: { name: 'Old' } })
  })
})
