/** Versions in a test database, made the way they are really made: a leased task, a signed report, the text. */
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { encodeSpans } from '@netraven/protocol/mask.ts'
import { Backups } from '../hub/backups.ts'
import { inTransaction } from '../hub/db/connect.ts'
import { newId } from '../hub/ids.ts'
import { silentLog } from '../hub/log.ts'
import { claimTasks } from '../hub/tasks.ts'
import type { TestApi } from './api.ts'
import { type SeededAgent, seedRun, signedReport } from './seed.ts'

const compress = promisify(zstdCompress)

export interface Kept {
  readonly verdict?: 'complete' | 'suspect'
  /** Words of the text that are secrets. */
  readonly secrets?: readonly string[]
  readonly capturedAtMs?: number
}

/** Reads a device once. @returns id of the version it ended in */
export async function keepText(
  api: TestApi,
  agent: SeededAgent,
  device: string,
  text: string,
  kept: Kept = {},
): Promise<string> {
  const { db } = api.database
  const { tasks } = await seedRun(db, agent.siteId, [device])
  const [task] = await claimTasks(db, agent, 1, { leaseMs: 45_000, taskTimeoutMs: 300_000 })
  if (!task || task.id !== tasks[0]) throw new Error('another task was waiting')
  const backups = new Backups({
    db,
    inTransaction: (work) => inTransaction(db, work),
    blobs: api.blobs,
    newId,
    log: silentLog(),
  })
  const reporter = { id: agent.id, key: agent.key }
  const { verdict = 'complete', capturedAtMs = Date.now() } = kept
  const report = signedReport(agent.key, { id: task.id, attempt: task.attempt, deviceId: device }, text, {
    verdict,
    capturedAtMs,
  })
  const [result] = await backups.report(reporter, [report])
  if (result?.state === 'need') {
    const spans = (kept.secrets ?? []).flatMap((secret) =>
      [...text.matchAll(new RegExp(secret, 'g'))].map(({ index }) => [index, index + secret.length] as const),
    )
    const question = { report, encoding: 'zstd', part: 0, parts: 1, spans: encodeSpans(spans) } as const
    const answer = await backups.content(reporter, question, await compress(text))
    if (answer.state !== 'recorded') throw new Error(`the text was ${answer.state}`)
  } else if (result?.state !== 'recorded') throw new Error(`the report was ${result?.state}`)
  const row = await db.selectFrom('tasks').select('version_id').where('id', '=', task.id).executeTakeFirstOrThrow()
  return row.version_id ?? ''
}
