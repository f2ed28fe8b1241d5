/** A driver's file on its way in: read, judged, its patterns tried, kept as a draft; then tried, or used as it is. */
import { commandsOfFile, type DriverFile, patternsOfFile } from '@netraven/protocol/driver-file.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { judgeCommand } from '@netraven/protocol/reading-commands.ts'
import { type Kysely, sql } from 'kysely'
import type { Actor } from './actor.ts'
import type { AddedDriver, NewDriver } from './api/driver.ts'
import type { Tables } from './db/tables.ts'
import { type DriverSource, invalid, readDriverSource, type SourceProblem } from './driver-source.ts'
import { startTrial, type TrialParts } from './driver-trials.ts'
import type { DriverNames } from './drivers.ts'
import { draftVersion, driverHistory, useVersion } from './own-drivers.ts'
import type { PatternCheck } from './pattern-check.ts'
import type { Reacher } from './reach.ts'

export interface AddingParts extends TrialParts {
  readonly checkPatterns: PatternCheck
  /** As they are now. */
  readonly drivers: DriverNames
  /** Names of the built-in drivers. */
  readonly builtIn: ReadonlySet<string>
}

/**
 * @throws Failure DRIVER_INVALID with everything that is wrong, DRIVER_TRIAL_NEEDS_DEVICE, and nothing is kept; what `startTrial` throws,
 * and the draft is kept
 */
export async function addDriver(
  parts: AddingParts,
  wanted: NewDriver,
  who: Reacher,
  actor: Actor,
): Promise<AddedDriver> {
  const source = readDriverSource(wanted.source)
  const problems = [
    ...misfits(source, parts),
    ...(await parts.checkPatterns(patternsOfFile(source.file))).map(({ path, message }) =>
      source.problem(path, message),
    ),
  ]
  if (problems.length > 0) throw invalid(problems)
  if (wanted.recording !== undefined && isOfFilesAlone(source.file))
    throw new Failure('DRIVER_TRIAL_NEEDS_DEVICE', { driver: source.file.name })
  const version = await parts.db.transaction().execute(async (trx) => {
    const draft = await draftVersion(trx, source, wanted.source, actor)
    if (wanted.untried) await useVersion(trx, draft.id, { how: 'untried', at: new Date().toISOString() }, actor)
    return draft
  })
  const { device, recording } = wanted
  const trial = wanted.untried ? null : await startTrial(parts, { version, device, recording }, who, actor)
  const kept = (await driverHistory(parts.db, version.name, who)).find(({ id }) => id === version.id)
  if (!kept) throw new RangeError('a version that was just kept is there')
  const { source: _, ...shown } = kept
  const notices = await noticesOf(parts.db, source.file, parts.builtIn)
  const files = recording === undefined ? [] : filesOf(source.file)
  if (files.length > 0)
    notices.push(
      `A recording has no files, so these are not tried: ${files.map((run) => JSON.stringify(run)).join(', ')}`,
    )
  return { version: shown, trial, notices }
}

/** Of one that has its commands from a built-in driver the agent decides: the hub does not know those. */
function isOfFilesAlone({ commands, '+commands': more = [] }: DriverFile): boolean {
  return commands !== undefined && ![...commands, ...more].some(({ as }) => as === 'config')
}

function filesOf({ commands = [], '+commands': more = [] }: DriverFile): string[] {
  return [...commands, ...more].filter(({ as }) => as === 'artifact').flatMap(({ run }) => run)
}

/** What does not fit the other drivers. */
function misfits({ file, problem }: DriverSource, { drivers, builtIn }: AddingParts): SourceProblem[] {
  const problems: SourceProblem[] = []
  if (file.extends !== undefined && !builtIn.has(file.extends)) {
    const near = drivers.nearest(file.extends)
    problems.push(
      problem(['extends'], `must be a built-in driver${near === undefined ? '' : `; did you mean ${near}?`}`),
    )
  }
  const taken = drivers.find(file.name)
  if (taken !== undefined && taken !== file.name)
    problems.push(problem(['name'], `is an alias of ${taken}; name it ${taken} to override that one`))
  for (const [index, alias] of (file.aliases ?? []).entries()) {
    const owner = drivers.find(alias)
    if (owner !== undefined && owner !== file.name) problems.push(problem(['aliases', index], `belongs to ${owner}`))
  }
  return problems
}

async function noticesOf(db: Kysely<Tables>, file: DriverFile, builtIn: ReadonlySet<string>): Promise<string[]> {
  const notices: string[] = []
  if (builtIn.has(file.name))
    notices.push(
      `It stands in the place of the built-in driver ${file.name}; \`netraven drivers remove ${file.name}\` brings that one back.`,
    )
  const unproved = commandsOfFile(file).filter((command) => judgeCommand(command) !== 'reads')
  if (unproved.length > 0) {
    const words = unproved.map((command) => JSON.stringify(command)).join(', ')
    notices.push(
      `Agents do not know whether these only read, and refuse them unless \`extraCommands\` in their policy.json has them: ${words}`,
    )
  }
  const old = await db
    .selectFrom('agents')
    .select('name')
    .where('state', '=', 'enrolled')
    .where('software', 'is not', null)
    .where(sql<boolean>`not 'own-drivers' = any(abilities)`)
    .orderBy('name')
    .limit(20)
    .execute()
  if (old.length > 0)
    notices.push(
      `These agents are too old for own drivers and get no such task: ${old.map(({ name }) => name).join(', ')}`,
    )
  return notices
}
