/** Drivers over another transport than their usual one: what replaces their fields must be as good as a driver. */

import { readFileSync } from 'node:fs'
import { mask } from '@netraven/protocol/mask.ts'
import { describe, expect, it } from 'vitest'
import { driverOver } from '../driver.ts'
import { loadAll } from '../loaded-drivers.ts'
import { readReplayed } from '../replay/reading.ts'
import { parseRecording } from '../replay/recording.ts'

const drivers = await loadAll()

const path = new URL('recordings/ietf_netconf.netconfd.session', import.meta.url)
const recording = parseRecording(readFileSync(path, 'utf8'))
const overNetconf = drivers.all.filter(({ over }) => over?.netconf)

describe('ways in', () => {
  it('other than the usual one are among those that the driver names', () => {
    const unnamed = drivers.all.flatMap(({ name, transports, over }) =>
      Object.keys(over ?? {}).flatMap((way) => (transports.some((one) => one === way) ? [] : [`${name} ${way}`])),
    )
    expect(unnamed).toEqual([])
  })

  it('are never none', () => {
    expect(drivers.all.filter(({ transports }) => transports.length === 0)).toEqual([])
  })
})

describe.each(overNetconf)('[DEV-6] $name over NETCONF', (driver) => {
  it('is read whole, its secrets masked', async () => {
    const way = driverOver(driver, 'netconf')
    const { text, verdict, spans } = await readReplayed(way, recording, { secrets: 'keep' })
    expect(verdict).toBe('complete')
    const masked = mask(text, spans, 'over')
    expect(recording.secrets.filter((secret) => masked.includes(secret))).toEqual([])
  })
})
