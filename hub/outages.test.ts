import { describe, expect, it } from 'vitest'
import { type Ended, outagesIn } from './outages.ts'

const fell = (site: string, code: string | null, count: number, rung: string | null = null): Ended => ({
  site,
  code,
  rung,
  count,
})

describe('[DEV-3] an outage is suspected', () => {
  it('when most devices of a site fail on one low rung, whichever codes they fail with', () => {
    expect(outagesIn([fell('lab', 'TCP_TIMEOUT', 20), fell('lab', 'NO_ROUTE', 5), fell('lab', null, 10)])).toEqual([
      { site: 'lab', rung: 'tcp', failed: 25, total: 35 },
    ])
  })

  it('by the rung that the agent saw, before the one of the kind', () => {
    expect(outagesIn([fell('lab', 'CONNECTION_LOST', 4, 'banner')])).toMatchObject([{ rung: 'banner', failed: 4 }])
  })

  it('for each site alone', () => {
    const ended = [fell('b', 'DNS_FAILED', 3), fell('a', 'DNS_FAILED', 2), fell('a', null, 1), fell('c', null, 90)]
    expect(outagesIn(ended)).toEqual([{ site: 'b', rung: 'dns', failed: 3, total: 3 }])
  })

  it.each<[string, Ended[]]>([
    ['two devices', [fell('lab', 'TCP_TIMEOUT', 2)]],
    ['a few among many', [fell('lab', 'TCP_TIMEOUT', 10), fell('lab', null, 11)]],
    ['wrong passwords', [fell('lab', 'PASSWORD_REJECTED', 50)]],
    ['an absent agent', [fell('lab', 'AGENT_OFFLINE', 50)]],
    ['nothing at all', []],
  ])('not for %s', (_, ended) => {
    expect(outagesIn(ended)).toEqual([])
  })
})
