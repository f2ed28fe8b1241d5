/** Rules that tag devices: when one is added, imported or changed, and all of them when somebody applies a rule. A rule wins over people. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { isWithin, parseAddress, parseRange } from './address-ranges.ts'
import { isUuid } from './api/fields.ts'
import type { NewTagRule, TagRule, TagRuleChange, TagRuleEffect } from './api/tag-rule.ts'
import { violation } from './db/sqlstate.ts'
import type { NewRow, Row, Tables } from './db/tables.ts'
import { resolvedOf } from './device-names.ts'
import type { DriverNames } from './drivers.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { fitsGlob } from './name-glob.ts'
import { type Reacher, reaches } from './reach.ts'
import { findSite } from './sites.ts'

type Db = Kysely<Tables> | Transaction<Tables>
type Matched = Pick<Row<'tag_rules'>, 'site_id' | 'driver' | 'group_name' | 'name_glob' | 'address_range' | 'tags'>

/** How many devices an answer names. */
const MAX_SHOWN = 1000

/** By priority, those that count least in front. */
export async function listTagRules(db: Db): Promise<TagRule[]> {
  return (await ruleRows(db).execute()).map(toRule)
}

/** @throws Failure NOT_FOUND */
export async function showTagRule(db: Db, id: string): Promise<TagRule> {
  return toRule(await ruleRow(db, id))
}

/** @throws Failure SITE_UNKNOWN, DRIVER_UNKNOWN, REQUEST_INVALID, ALREADY_EXISTS */
export async function addTagRule(trx: Transaction<Tables>, wanted: NewTagRule, drivers: DriverNames, actor: Actor) {
  const id = newId()
  const { name, priority, tags } = wanted
  const row = { id, name, priority, tags: JSON.stringify(tags), created_by: actor.name }
  const match = await columnsOf(trx, wanted.match, drivers)
  await unique(name, () =>
    trx
      .insertInto('tag_rules')
      .values({ ...row, ...match })
      .execute(),
  )
  const added = await showTagRule(trx, id)
  const target = { kind: 'tag rule', id, name }
  await recordEvent(trx, { kind: 'tag rule added', actor, details: {}, target, after: shown(added) })
  return added
}

/** @throws Failure NOT_FOUND, SITE_UNKNOWN, DRIVER_UNKNOWN, REQUEST_INVALID, ALREADY_EXISTS */
export async function changeTagRule(
  trx: Transaction<Tables>,
  id: string,
  change: TagRuleChange,
  drivers: DriverNames,
  actor: Actor,
): Promise<TagRule> {
  const before = await showTagRule(trx, id)
  const { name, priority, tags } = change
  const match = change.match && (await columnsOf(trx, change.match, drivers))
  const set = { name, priority, tags: tags && JSON.stringify(tags), ...match, updated_at: sql<Date>`now()` }
  await unique(name ?? before.name, () => trx.updateTable('tag_rules').set(set).where('id', '=', before.id).execute())
  const after = await showTagRule(trx, before.id)
  const target = { kind: 'tag rule', id: before.id, name: after.name }
  await recordEvent(trx, {
    ...({ kind: 'tag rule changed', actor, details: {}, target } as const),
    before: shown(before),
    after: shown(after),
  })
  return after
}

/** What it set stays. @throws Failure NOT_FOUND */
export async function removeTagRule(trx: Transaction<Tables>, id: string, actor: Actor): Promise<void> {
  const before = await showTagRule(trx, id)
  await trx.deleteFrom('tag_rules').where('id', '=', before.id).execute()
  const target = { kind: 'tag rule', id: before.id, name: before.name }
  await recordEvent(trx, { kind: 'tag rule removed', actor, details: {}, target, before: shown(before) })
}

/** What a rule would change, of the devices that somebody may see. @throws Failure SITE_UNKNOWN, DRIVER_UNKNOWN, REQUEST_INVALID */
export async function tryTagRule(
  db: Db,
  wanted: Pick<NewTagRule, 'match' | 'tags'>,
  drivers: DriverNames,
  who: Reacher,
): Promise<TagRuleEffect> {
  const match = await columnsOf(db, wanted.match, drivers)
  return effectOf(await changesOf(db, [{ ...match, tags: wanted.tags }], { who, level: 'read' }))
}

/** Applies one rule to every device that somebody may change. @throws Failure NOT_FOUND */
export async function applyTagRule(trx: Transaction<Tables>, id: string, who: Reacher, actor: Actor) {
  const rule = await ruleRow(trx, id)
  const changes = await changesOf(trx, [rule], { who, level: 'manage' })
  await setTags(trx, changes)
  const target = { kind: 'tag rule', id: rule.id, name: rule.name }
  await recordEvent(trx, { kind: 'tag rule applied', actor, details: { devices: changes.length }, target })
  return effectOf(changes)
}

/** Applies all rules to devices that are new or have changed. */
export async function applyTagRules(trx: Transaction<Tables>, devices: readonly string[]): Promise<void> {
  if (devices.length === 0) return
  const rules = await ruleRows(trx).execute()
  if (rules.length > 0) await setTags(trx, await changesOf(trx, rules, { devices }))
}

interface Change {
  readonly id: string
  readonly name: string
  readonly before: Record<string, string>
  readonly after: Record<string, string>
}

/** @param rules those that count least in front */
async function changesOf(
  db: Db,
  rules: readonly Matched[],
  of: { readonly devices: readonly string[] } | { readonly who: Reacher; readonly level: 'read' | 'manage' },
): Promise<Change[]> {
  const rows = await db
    .selectFrom('devices')
    .select(['id', 'name', 'site_id', 'driver', 'group_name', 'address', 'tags'])
    .select(['resolved_name', 'resolved_address', 'resolved_at'])
    .where('removed_at', 'is', null)
    .where('devices' in of ? sql<boolean>`id = any(${[...of.devices]}::uuid[])` : reaches(of.who, of.level))
    .orderBy(sql`lower(name)`)
    .execute()
  return rows.flatMap((device) => {
    const address = parseAddress(resolvedOf(device)?.address ?? device.address)
    const fitting = rules.filter((rule) => fits(rule, device, address))
    const after = Object.assign({}, device.tags, ...fitting.map((rule) => rule.tags))
    const isSame = Object.entries(after).every(([key, value]) => device.tags[key] === value)
    return isSame ? [] : [{ id: device.id, name: device.name, before: device.tags, after }]
  })
}

function fits(
  rule: Matched,
  device: Pick<Row<'devices'>, 'name' | 'site_id' | 'driver' | 'group_name'>,
  address: ReturnType<typeof parseAddress>,
): boolean {
  const range = rule.address_range === null ? undefined : parseRange(rule.address_range)
  return (
    (rule.site_id === null || rule.site_id === device.site_id) &&
    (rule.driver === null || rule.driver === device.driver) &&
    (rule.group_name === null || rule.group_name.toLowerCase() === device.group_name?.toLowerCase()) &&
    (rule.name_glob === null || fitsGlob(device.name, rule.name_glob)) &&
    (rule.address_range === null || (address !== undefined && range !== undefined && isWithin(address, range)))
  )
}

async function setTags(trx: Transaction<Tables>, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return
  await sql`
    update devices set tags = changed.tags::jsonb
    from unnest(${changes.map(({ id }) => id)}::uuid[], ${changes.map(({ after }) => JSON.stringify(after))}::text[]) changed (id, tags)
    where devices.id = changed.id`.execute(trx)
}

function effectOf(changes: readonly Change[]): TagRuleEffect {
  const devices = changes.slice(0, MAX_SHOWN).map(({ name, before, after }) => ({ device: name, before, after }))
  return { changed: changes.length, devices }
}

async function columnsOf(db: Db, match: NewTagRule['match'], drivers: DriverNames) {
  const { site, driver, group, name, address } = match
  if (address !== undefined && !parseRange(address)) {
    const message = 'must be a range such as 10.0.0.0/8, or an address'
    throw new Failure('REQUEST_INVALID', { issues: [{ where: 'json', path: 'match.address', message }] })
  }
  return {
    site_id: site === undefined ? null : (await findSite(db, site)).id,
    driver: driver === undefined ? null : drivers.require(driver),
    group_name: group ?? null,
    name_glob: name ?? null,
    address_range: address ?? null,
  } satisfies Partial<NewRow<'tag_rules'>>
}

function ruleRows(db: Db) {
  return db
    .selectFrom('tag_rules')
    .leftJoin('sites', 'sites.id', 'tag_rules.site_id')
    .selectAll('tag_rules')
    .select('sites.name as site')
    .orderBy('tag_rules.priority')
    .orderBy('tag_rules.id')
}

type RuleRow = Awaited<ReturnType<ReturnType<typeof ruleRows>['executeTakeFirstOrThrow']>>

async function ruleRow(db: Db, id: string): Promise<RuleRow> {
  const row = await ruleRows(db)
    .where((rule) =>
      isUuid(id) ? rule('tag_rules.id', '=', id) : rule(sql`lower(tag_rules.name)`, '=', sql`lower(${id.trim()})`),
    )
    .executeTakeFirst()
  if (!row) throw new Failure('NOT_FOUND', { tagRule: id })
  return row
}

function toRule(row: RuleRow): TagRule {
  const { site, driver, group_name: group, name_glob: name, address_range: address } = row
  const match = {
    ...(site !== null && { site }),
    ...(driver !== null && { driver }),
    ...(group !== null && { group }),
    ...(name !== null && { name }),
    ...(address !== null && { address }),
  }
  return {
    ...{ id: row.id, name: row.name, priority: row.priority, match, tags: row.tags, createdBy: row.created_by },
    ...{ createdAt: row.created_at.toISOString(), updatedAt: row.updated_at.toISOString() },
  }
}

const shown = ({ name, priority, match, tags }: TagRule) => ({ name, priority, match, tags })

async function unique<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw violation(error)?.constraint === 'tag_rules_name' ? new Failure('ALREADY_EXISTS', { tagRule: name }) : error
  }
}
