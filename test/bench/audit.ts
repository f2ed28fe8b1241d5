/** `npx node test/bench/audit.ts`: how many audited changes a second the hub takes, each a transaction of its own. Prints JSON. */
import { ApiField } from './api-field.ts'

const CLIENTS = 16
const SECONDS = 10

const field = await ApiField.open({ devices: 1_000, versions: 1_000 })
try {
  const { db } = field.database
  const headers = { authorization: `Bearer ${field.token}`, 'content-type': 'application/json' }
  const devices = await db.selectFrom('devices').select('id').limit(CLIENTS).execute()
  const entries = async () => (await db.selectFrom('audit_heads').select('seq').executeTakeFirstOrThrow()).seq
  const timesMs: number[] = []
  const before = await entries()
  const startedAt = performance.now()
  await Promise.all(
    devices.map(async ({ id }) => {
      for (let turn = 0; performance.now() - startedAt < SECONDS * 1000; turn += 1) {
        const askedAt = performance.now()
        const body = JSON.stringify({ group: `g${turn}` })
        const answer = await fetch(`${field.hub.url}/api/devices/${id}`, { method: 'PATCH', headers, body })
        await answer.arrayBuffer()
        if (!answer.ok) throw new RangeError(`a change was answered ${answer.status}`)
        timesMs.push(performance.now() - askedAt)
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  const sorted = timesMs.toSorted((one, other) => one - other)
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10
  const report = {
    clients: CLIENTS,
    changesPerSecond: Math.round(timesMs.length / seconds),
    entriesPerSecond: Math.round(((await entries()) - before) / seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    server: field.server,
  }
  process.stdout.write(`${JSON.stringify(report)}\n`)
} finally {
  await field.close()
}
