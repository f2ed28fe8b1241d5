/** Tags: what devices carry, what somebody wrote about it, and setting it on many at once. */
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { z } from 'zod'
import type { Actor } from './actor.ts'
import { isUuid } from './api/fields.ts'
import type { NewTag, Tag, TagChange, TaggedDevices, TagQuery } from './api/tag.ts'
import { violation } from './db/sqlstate.ts'
import type { Tables } from './db/tables.ts'
import { envelopeOf } from './error-envelope.ts'
import { recordEvent } from './events.ts'
import { newId } from './ids.ts'
import { invalidCursor, pageAfter, pageOfRows } from './pages.ts'
import { devicesFor, type Reacher, reaches } from './reach.ts'
import { nameOfTag, parseTag, type TagWord, wordsOfTag } from './tag-words.ts'

type Db = Kysely<Tables> | Transaction<Tables>

interface TagRow extends TagWord {
  readonly id: string | null
  readonly colour: string | null
  readonly description: string | null
  readonly created_by: string | null
  readonly created_at: Date | null
  readonly devices: number
}

/** Tags that are described, or carried by a device that somebody may see; by name, a page at a time. */
export async function listTags(db: Db, { limit, cursor, key }: z.output<typeof TagQuery>, who: Reacher) {
  const after = pageAfter(cursor)
  const [afterKey, afterRest] = after === undefined ? [] : cursorOf(after)
  const sortOf = (word: string) =>
    sql`(${sql.ref(`${word}.key`)} collate "C", coalesce('=' || ${sql.ref(`${word}.value`)}, '') collate "C")`
  const beyond =
    after === undefined
      ? sql`true`
      : sql`${sortOf('named')} > (${afterKey}::text collate "C", ${afterRest}::text collate "C")`
  const { rows } = await sql<TagRow>`
    with used as (
      select tag.key, tag.value, count(*) as devices from devices, jsonb_each_text(devices.tags) tag
      where devices.removed_at is null and ${reaches(who, 'read')} group by tag.key, tag.value
    ), named as (select key, value from used union select key, value from tags)
    select named.key, named.value, tags.id, tags.colour, tags.description, tags.created_by, tags.created_at,
      (select coalesce(sum(used.devices), 0)::int from used
        where used.key = named.key and (named.value is null or used.value = named.value)) as devices
    from named left join tags on tag_word(tags.key, tags.value) = tag_word(named.key, named.value)
    where ${key === undefined ? sql`true` : sql`named.key = ${key}`} and ${beyond}
    order by named.key collate "C", coalesce('=' || named.value, '') collate "C" limit ${limit + 1}`.execute(db)
  return pageOfRows(rows, limit, toTag, ({ key, value }) => JSON.stringify([key, value === null ? '' : `=${value}`]))
}

/** @throws Failure NOT_FOUND when nobody described it, and no device that somebody may see carries it */
export async function showTag(db: Db, idOrName: string, who: Reacher): Promise<Tag> {
  const word = await tagNamed(db, idOrName)
  const row = await db
    .selectFrom('tags')
    .selectAll()
    .where(sql<boolean>`tag_word(key, value) = tag_word(${word.key}::text, ${word.value}::text)`)
    .executeTakeFirst()
  const devices = await carriersOf(db, word, who, 'read')
  if (!row && devices.length === 0) throw new Failure('NOT_FOUND', { tag: idOrName })
  const none = { id: null, colour: null, description: null, created_by: null, created_at: null }
  return toTag({ ...none, ...row, ...word, devices: devices.length })
}

/** @param idOrName id of a tag that is described, or the name of any @throws Failure NOT_FOUND, REQUEST_INVALID */
export async function tagNamed(db: Db, idOrName: string): Promise<TagWord> {
  if (!isUuid(idOrName)) return parseTag(idOrName)
  const row = await db.selectFrom('tags').select(['key', 'value']).where('id', '=', idOrName).executeTakeFirst()
  if (!row) throw new Failure('NOT_FOUND', { tag: idOrName })
  return row
}

/** Describes a tag. @throws Failure ALREADY_EXISTS */
export async function addTag(trx: Transaction<Tables>, wanted: NewTag, who: Reacher, actor: Actor): Promise<Tag> {
  const { key, value = null, colour = null, description } = wanted
  const id = newId()
  const name = nameOfTag({ key, value })
  try {
    await trx.insertInto('tags').values({ id, key, value, colour, description, created_by: actor.name }).execute()
  } catch (error) {
    throw violation(error)?.constraint === 'tags_word' ? new Failure('ALREADY_EXISTS', { tag: name }) : error
  }
  const target = { kind: 'tag', id, name }
  await recordEvent(trx, { kind: 'tag described', actor, details: {}, target, after: { colour, description } })
  return showTag(trx, id, who)
}

/** @throws Failure NOT_FOUND of a tag that nobody described */
export async function changeTag(
  trx: Transaction<Tables>,
  idOrName: string,
  change: TagChange,
  who: Reacher,
  actor: Actor,
): Promise<Tag> {
  const before = await showTag(trx, idOrName, who)
  if (before.id === null) throw new Failure('NOT_FOUND', { tag: idOrName })
  const set = { colour: change.colour, description: change.description, updated_at: sql<Date>`now()` }
  await trx.updateTable('tags').set(set).where('id', '=', before.id).execute()
  const after = await showTag(trx, before.id, who)
  await recordEvent(trx, {
    ...({
      kind: 'tag described',
      actor,
      details: {},
      target: { kind: 'tag', id: before.id, name: before.name },
    } as const),
    before: { colour: before.colour, description: before.description },
    after: { colour: after.colour, description: after.description },
  })
  return after
}

/** Takes a tag from every device that somebody may change, and away what was written about it. @throws Failure NOT_FOUND */
export async function removeTag(trx: Transaction<Tables>, idOrName: string, who: Reacher, actor: Actor) {
  const tag = await showTag(trx, idOrName, who)
  const devices = await carriersOf(trx, tag, who, 'manage')
  await sql`update devices set tags = tags - ${tag.key}::text where id = any(${devices}::uuid[])`.execute(trx)
  if (tag.id !== null) await trx.deleteFrom('tags').where('id', '=', tag.id).execute()
  const target = { kind: 'tag', id: tag.id, name: tag.name }
  await recordEvent(trx, { kind: 'tag removed', actor, details: { devices: devices.length }, target })
  return { devices: devices.length }
}

/** What to set; what to take away, by name. */
export interface Tagging {
  readonly set?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
}

/** Tags devices, each by itself: those that somebody may not change are refused, the others are tagged. @throws Failure REQUEST_INVALID */
export async function tagDevices(
  trx: Transaction<Tables>,
  names: readonly string[],
  tagging: Tagging,
  who: Reacher,
  actor: Actor,
): Promise<TaggedDevices> {
  const { set = {}, remove = [] } = tagging
  const gone = remove.map(parseTag)
  const found = await devicesFor(trx, who, names, 'manage')
  const ids = [...new Set(found.flatMap((one) => (one instanceof Failure ? [] : [one.id])))]
  const rows = await trx
    .selectFrom('devices')
    .select(['id', 'tags'])
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .orderBy('id')
    .forUpdate()
    .execute()
  const changes = rows.flatMap(({ id, tags }) => {
    const kept = Object.entries(tags).filter(
      ([key, value]) => !gone.some((tag) => tag.key === key && (tag.value === null || tag.value === value)),
    )
    const after = { ...Object.fromEntries(kept), ...set }
    const isSame =
      kept.length === Object.keys(tags).length && Object.entries(set).every(([key, value]) => tags[key] === value)
    return isSame ? [] : [{ id, after: JSON.stringify(after) }]
  })
  await sql`
    update devices set tags = changed.tags::jsonb
    from unnest(${changes.map(({ id }) => id)}::uuid[], ${changes.map(({ after }) => after)}::text[]) changed (id, tags)
    where devices.id = changed.id`.execute(trx)
  const changed = new Set(changes.map(({ id }) => id))
  const items = found.map((one, index) => {
    if (one instanceof Failure) {
      return {
        device: names[index] ?? '',
        outcome: 'refused',
        error: envelopeOf(one, actor.requestId ?? '').error,
      } as const
    }
    return { device: one.name, outcome: changed.has(one.id) ? 'changed' : 'unchanged', error: null } as const
  })
  if (changes.length > 0) {
    const devices = items.filter(({ outcome }) => outcome === 'changed').map(({ device }) => device)
    await recordEvent(trx, { kind: 'devices tagged', actor, details: { devices, set, remove } })
  }
  const refused = items.filter(({ outcome }) => outcome === 'refused').length
  return { changed: changes.length, refused, items }
}

async function carriersOf(db: Db, word: TagWord, who: Reacher, level: 'read' | 'manage'): Promise<string[]> {
  const rows = await db
    .selectFrom('devices')
    .select('id')
    .where('removed_at', 'is', null)
    .where(sql<boolean>`tag_words(tags) @> ${wordsOfTag(word)}::text[]`)
    .where(reaches(who, level))
    .execute()
  return rows.map(({ id }) => id)
}

function cursorOf(text: string): [string, string] {
  try {
    const parsed: unknown = JSON.parse(text)
    if (Array.isArray(parsed) && parsed.length === 2 && parsed.every((part) => typeof part === 'string')) {
      return [String(parsed[0]), String(parsed[1])]
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw invalidCursor()
}

function toTag({ id, key, value, colour, description, devices, created_by, created_at }: TagRow): Tag {
  return {
    ...{ id, name: nameOfTag({ key, value }), key, value, colour, description: description ?? '', devices },
    ...{ createdBy: created_by, createdAt: created_at?.toISOString() ?? null },
  }
}
