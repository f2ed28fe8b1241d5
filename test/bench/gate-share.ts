/** What authentication and limits add to the CPU of a list: the same app in this process, with them and without, turn by turn. */
import { join } from 'node:path'
import { openAccess } from '../../hub/access.ts'
import { accessTokens } from '../../hub/access-tokens.ts'
import { type AppParts, createApp } from '../../hub/app.ts'
import { openLocalBlobs } from '../../hub/blobs/local.ts'
import { migrate } from '../../hub/db/migrate.ts'
import { openInstallation } from '../../hub/installation.ts'
import { defaultLimits } from '../../hub/limit-rules.ts'
import { noLimits, openLimits } from '../../hub/limits.ts'
import { silentLog } from '../../hub/log.ts'
import { tokenKeys } from '../../hub/token-keys.ts'
import type { ApiField } from './api-field.ts'

/** Calls of one kind before the other kind has its turn. */
const TURN = 20

/** @param calls of each kind */
export async function gateShare({ database, keyring, folder, token }: ApiField, calls: number) {
  const { db, statement } = database
  const log = silentLog()
  const clock = Date.now
  const installation = await openInstallation(db, keyring)
  const tokens = accessTokens(installation.id, tokenKeys(db, keyring, clock), clock)
  const access = openAccess({ db, tokens, clock })
  const limits = await openLimits({ db, statement, defaults: defaultLimits({ principal: 1_000_000 }), clock, log })
  const authorization = `Bearer ${token}`
  const principal = await access.principalOf(authorization)
  const parts: AppParts = {
    ...{
      config: { accessTokenMinutes: 30, runTimeoutMs: 3_600_000 },
      database,
      migrations: migrate(db, { log }),
      keyring,
    },
    ...{ installation, blobs: await openLocalBlobs({ folder: join(folder, 'blobs'), keyring, log }), access, tokens },
    ...{ limits, log, node: 'bench', wake: async () => undefined },
  }
  const withGate = createApp(parts)
  const without = createApp({ ...parts, limits: noLimits, access: { ...access, principalOf: async () => principal } })
  const cpuMsOf = async (app: ReturnType<typeof createApp>) => {
    const before = process.cpuUsage()
    for (let call = 0; call < TURN; call += 1) {
      const request = new Request('http://bench.test/api/devices?limit=100', { headers: { authorization } })
      const response = await app.fetch(request)
      if (response.status !== 200)
        throw new RangeError(`a list was answered ${response.status}: ${await response.text()}`)
      await response.arrayBuffer()
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / TURN
  }
  for (let round = 0; round < 15; round += 1) for (const app of [withGate, without]) await cpuMsOf(app)
  const pairs: { gated: number; bare: number }[] = []
  for (let done = 0; done < calls; done += TURN) {
    // Who goes first changes, so that neither always pays for the other's garbage.
    const gatedFirst = pairs.length % 2 === 0
    const first = await cpuMsOf(gatedFirst ? withGate : without)
    const second = await cpuMsOf(gatedFirst ? without : withGate)
    pairs.push(gatedFirst ? { gated: first, bare: second } : { gated: second, bare: first })
  }
  await limits.close()
  const rounded = (value: number) => Math.round(value * 1000) / 1000
  return {
    cpuMsWith: rounded(median(pairs.map(({ gated }) => gated))),
    cpuMsWithout: rounded(median(pairs.map(({ bare }) => bare))),
    share: rounded(median(pairs.map(({ gated, bare }) => (gated - bare) / gated))),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}
