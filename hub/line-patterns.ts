/** Own patterns of lines that are ignored or removed, by driver, group or device. */
import { Pattern } from '@netraven/protocol/driver-file.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import type { Kysely, Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import type { LinePattern, NewLinePattern } from './api/line-pattern.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import type { DriverNames } from './drivers.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import type { PatternCheck } from './pattern-check.ts'
import { deviceFor, type Reacher, reaches } from './reach.ts'

type Db = Kysely<Tables> | Transaction<Tables>

/** A task carries no more of a kind. */
const MAX_PATTERNS = 200

/** @throws Failure PATTERN_INVALID, with `problem`, when it is none or would take for ever on some texts */
export async function requireSound(pattern: string, check: PatternCheck): Promise<void> {
  const parsed = Pattern.safeParse(pattern)
  const [problem] = parsed.success ? await check([{ path: [], source: pattern, over: 'line' }]) : parsed.error.issues
  if (problem) throw new Failure('PATTERN_INVALID', { pattern, problem: problem.message })
}

/** @throws Failure DRIVER_UNKNOWN, DEVICE_UNKNOWN, ALREADY_EXISTS; PATTERN_INVALID when there are too many */
export async function addLinePattern(
  trx: Transaction<Tables>,
  wanted: NewLinePattern,
  drivers: DriverNames,
  who: Reacher,
  actor: Actor,
): Promise<LinePattern> {
  const { kind, pattern, driver, group, device } = wanted
  const id = newId()
  const { count } = await trx
    .selectFrom('line_patterns')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('kind', '=', kind)
    .executeTakeFirstOrThrow()
  if (count >= MAX_PATTERNS)
    throw new Failure('PATTERN_INVALID', { pattern, problem: `there are ${count} already, the most that may be` })
  try {
    await trx
      .insertInto('line_patterns')
      .values({
        id,
        kind,
        pattern,
        driver: driver === undefined ? null : drivers.require(driver),
        group_name: group ?? null,
        device_id: device === undefined ? null : (await deviceFor(trx, who, device, 'manage')).id,
        created_by: actor.name,
      })
      .execute()
  } catch (error) {
    throw violation(error)?.constraint === 'line_patterns_once' ? new Failure('ALREADY_EXISTS', { pattern }) : error
  }
  const details = {
    pattern: id,
    kind,
    regex: pattern,
    ...(driver && { driver }),
    ...(group && { group }),
    ...(device && { device }),
  }
  await recordEvent(trx, { kind: 'pattern added', actor, details })
  const [added] = await patternRows(trx, who, id)
  if (!added) throw new Failure('PATTERN_UNKNOWN', { pattern: id })
  return added
}

/** Without those for devices that can't be read. */
export function listLinePatterns(db: Db, who: Reacher): Promise<LinePattern[]> {
  return patternRows(db, who)
}

/** @throws Failure PATTERN_UNKNOWN, NOT_OWNER */
export async function removeLinePattern(
  trx: Transaction<Tables>,
  id: string,
  who: Reacher,
  actor: Actor,
): Promise<void> {
  const [pattern] = isUuid(id) ? await patternRows(trx, who, id) : []
  if (!pattern) throw new Failure('PATTERN_UNKNOWN', { pattern: id })
  if (pattern.device !== null) await deviceFor(trx, who, pattern.device, 'manage')
  await trx.deleteFrom('line_patterns').where('id', '=', id).execute()
  await recordEvent(trx, {
    kind: 'pattern removed',
    actor,
    details: { pattern: id, kind: pattern.kind, regex: pattern.pattern },
  })
}

async function patternRows(db: Db, who: Reacher, id?: string): Promise<LinePattern[]> {
  let rows = db
    .selectFrom('line_patterns as pattern')
    .leftJoin('devices', 'devices.id', 'pattern.device_id')
    .selectAll('pattern')
    .select('devices.name as device')
    .where((row) => row.or([row('pattern.device_id', 'is', null), reaches(who, 'read')]))
    .orderBy('pattern.id')
  if (id !== undefined) rows = rows.where('pattern.id', '=', id)
  return (await rows.execute()).map((row) => ({
    id: row.id,
    kind: row.kind,
    pattern: row.pattern,
    driver: row.driver,
    group: row.group_name,
    device: row.device,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
  }))
}
