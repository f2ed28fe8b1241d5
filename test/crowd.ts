/**
 * Many rows in little time, made by the database itself: for plans and for the bench. Ids grow with time, as those of `newId` do, and
 * can be told from kind and number. Secrets, signatures and hashes are no real ones.
 */
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Tables } from '../hub/db/tables.ts'

export interface Crowd {
  readonly sites: number
  readonly devices: number
  readonly versions: number
  /** Of each other thing that grows with the fleet: runs, tasks, artifacts, audit entries, grants, sessions, counters … */
  readonly rest: number
}

const kinds = [
  'other',
  'site',
  'agent',
  'credential',
  'user',
  'group',
  'device',
  'run',
  'task',
  'version',
  'artifact',
] as const
type Kind = (typeof kinds)[number]

/** SQL of the id that a thing has, from SQL of its number, which counts from 1. */
const id = (kind: Kind, number = 'i') => {
  const node = String(kinds.indexOf(kind)).padStart(12, '0')
  return `(lpad(to_hex(${number}), 12, '0') || '70008000${node}')::uuid`
}

/** The id of a user of the crowd. */
export function crowdUser(number: number): string {
  return `00000000-${number.toString(16).padStart(4, '0')}-7000-8000-000000000004`
}

const HASH = "encode(sha256(convert_to('text ' || i, 'UTF8')), 'hex')"
const LATER = "now() + interval '30 days'"
const minutesAgo = (number: string) => `now() - (${number}) * interval '1 minute'`

/** @param wanted how many; a table of few things has some hundred */
export async function seedCrowd(db: Kysely<Tables>, wanted: Crowd): Promise<void> {
  const { sites, devices, versions, rest } = wanted
  const few = Math.ceil(rest / 10)
  const of = (count: number, number = 'i') => `1 + ${number} % ${count}`
  const fill = (table: string, count: number, columns: Readonly<Record<string, string>>) =>
    `insert into ${table} (${Object.keys(columns).join(', ')})
     select ${Object.values(columns).join(', ')} from generate_series(1, ${count}) i on conflict do nothing`
  const statements = [
    fill('sites', sites, { id: id('site'), name: "'crowd-site-' || i", created_at: minutesAgo('i') }),
    fill('users', few, {
      ...{ id: id('user'), username: "'crowd-user-' || i", password_hash: "''", role: "'admin'" },
      ...{ roles: "'{operator}'", email: "'user' || i || '@crowd.test'", expires_at: LATER },
    }),
    fill('groups', few, { id: id('group'), name: "'crowd-group-' || i", roles: "'{viewer}'" }),
    fill('group_members', few, { group_id: id('group', of(few)), user_id: id('user') }),
    fill('agents', sites, {
      ...{ id: id('agent'), site_id: id('site'), name: "'crowd-agent-' || i" },
      ...{ sign_public_key: "'sign ' || i", box_public_key: "'box'", last_seen_at: minutesAgo('i') },
    }),
    fill('credentials', few, {
      ...{ id: id('credential'), name: "'crowd-credential-' || i", username: "'backup'", kind: "'password'" },
      ...{ sealed_secret: "'\\x00'", expires_at: `case when i % 1000 = 0 then ${LATER} end` },
    }),
    fill('devices', devices, {
      ...{ id: id('device'), site_id: id('site', of(sites)), name: "'crowd-device-' || md5(i::text)" },
      ...{ address: "'192.0.2.1'", port: '22', driver: "case when i % 1000 = 0 then 'junos' else 'linux' end" },
      ...{ credential_id: id('credential', of(few)), owner_id: `case when i % 4 = 0 then ${id('user', of(few))} end` },
      group_name: "'Crowd ' || i % 500",
      tags: "jsonb_build_object('rack', 'r' || i % 2000, 'env', case when i % 100 = 0 then 'lab' else 'prod' end)",
      ...{ created_at: minutesAgo('i'), last_read_at: minutesAgo('i % 5000') },
      latest_version_id: `case when i <= ${versions} then ${id('version')} end`,
    }),
    fill('blobs', versions, { content_hash: HASH, store: "'local'", size_bytes: '12000', stored_bytes: '3000' }),
    fill('versions', versions, {
      ...{
        id: id('version'),
        device_id: id('device', `1 + (i - 1) % ${devices}`),
        content_hash: HASH,
        fingerprint: HASH,
      },
      ...{ size_bytes: '12000', verdict: "'complete'", secrets: "'keep'", signature: "'none'", attempt: '1' },
      ...{ first_seen_at: minutesAgo('i'), last_seen_at: minutesAgo('i'), agent_id: id('agent', of(sites)) },
      task_id: id('task'),
    }),
    fill('runs', rest, {
      ...{ id: id('run'), requested_by: "'crowd-user-' || i % 500", total: '1', deadline_at: LATER },
      ...{ created_at: minutesAgo(`${rest} - i`), finished_at: 'case when i % 1000 > 0 then now() end' },
    }),
    fill('tasks', rest, {
      ...{ id: id('task'), run_id: id('run'), device_id: id('device', of(devices)), site_id: id('site', of(sites)) },
      ...{ state: "'succeeded'", attempt: '1', deadline_at: LATER, finished_at: 'now()', outcome: "'unchanged'" },
    }),
    fill('artifacts', rest, {
      ...{ id: id('artifact'), device_id: id('device', of(devices)), source: "'file'", name: "'a.bin'" },
      ...{ state: "'complete'", content_hash: HASH, size_bytes: '1', first_seen_at: minutesAgo('i') },
      ...{ last_seen_at: minutesAgo('i'), last_task_id: id('task'), agent_id: id('agent', of(sites)) },
      ...{ task_id: id('task'), attempt: '1', signature: "'none'" },
    }),
    fill('audit_entries', rest, {
      ...{ seq: 'i + 1000', id: id('other'), at: minutesAgo(`${rest} - i`), action: "'crowd did ' || i % 100" },
      ...{ actor_kind: "'user'", actor_id: id('user', of(few)), actor_name: "'crowd-user-' || i % 1000" },
      ...{ request_id: "'request-' || i", target_kind: "case when i % 1000 = 0 then 'tag' else 'device' end" },
      ...{ target_id: `${id('device', of(devices))}::text`, target_name: `'crowd-device-' || ${of(devices)}` },
      ...{ details: "'{}'", prev_hash: "'\\x00'", hash: "'\\x00'" },
    }),
    fill('grants', rest, {
      ...{ id: id('other'), made_by: "'test'", level: "'manage'" },
      device_id: `case when i % 10 > 1 then ${id('device', of(devices, '(i / 7)'))} end`,
      site_id: `case when i % 10 = 0 then ${id('site', of(sites, '(i / 97)'))} end`,
      ...{ tag_key: "case when i % 10 = 1 then 'rack' end", tag_value: "case when i % 10 = 1 then 'r' || i end" },
      user_id: `case when i % 3 > 0 then ${id('user', `1 + i % ${few}`)} end`,
      group_id: `case when i % 3 = 0 then ${id('group', `1 + i % ${few}`)} end`,
    }),
    fill('access_requests', rest, {
      ...{ id: id('other'), user_id: id('user', of(few)), kind: "'device'", asked_for: "'device ' || i" },
      ...{ device_id: id('device', of(devices)), level: "'read'", reason: "'work'" },
      state: "case when i % 100 = 0 then 'open' else 'approved' end",
    }),
    fill('sessions', rest, {
      ...{ id: id('other'), user_id: id('user', of(few)), expires_at: LATER },
      ended_at: 'case when i % 10 > 0 then now() end',
    }),
    fill('service_tokens', few, {
      ...{
        id: id('other'),
        user_id: id('user', of(few)),
        name: "'token ' || i",
        token_hash: "convert_to('t' || i, 'UTF8')",
      },
      ...{ scopes: "'{read:devices}'", created_by: "'test'", expires_at: LATER },
    }),
    fill('enrollment_tokens', few, {
      ...{ id: id('other'), site_id: id('site', of(sites)), token_hash: "convert_to('t' || i, 'UTF8')" },
      expires_at: LATER,
    }),
    // A window of a minute that goes on: the number of the minute, as the counters' keys have it.
    fill('rate_limits', rest, {
      key: `'principal:' || ${id('user', of(few))} || '/' || i || '#60.' || floor(extract(epoch from now()) / 60)`,
      points: '1',
    }),
    fill('tags', few, { id: id('other'), key: "'rack'", value: "'r' || i", created_by: "'test'" }),
    fill('tag_rules', Math.min(few, 500), {
      id: id('other'),
      name: "'rule ' || i",
      tags: "'{}'",
      created_by: "'test'",
    }),
    fill('line_patterns', Math.min(few, 500), {
      ...{ id: id('other'), kind: "'ignore'", pattern: "'^line ' || i", device_id: id('device', of(devices)) },
      created_by: "'test'",
    }),
  ]
  await db.connection().execute(async (one) => {
    // Rows hold together by how they are made: to have each foreign key looked up would take most of the time.
    await sql`set session_replication_role = replica`.execute(one)
    for (const statement of statements) await sql.raw(statement).execute(one)
    await sql`set session_replication_role = origin`.execute(one)
    await sql`vacuum analyze`.execute(one)
  })
}
