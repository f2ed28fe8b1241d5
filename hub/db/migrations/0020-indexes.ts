/** An index for every order and filter of a list that has none yet; `explain.test.ts` looks at their plans. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'create index devices_site_name on devices (site_id, lower(name), id) where removed_at is null',
  // Backups of a site are those of removed devices too.
  'create index devices_of_site on devices (site_id)',
  'drop index devices_site',
  'create index devices_latest_version on devices (latest_version_id) where latest_version_id is not null',
  'create index devices_group_name on devices (lower(group_name), lower(name), id) where removed_at is null',
  'create index devices_driver_name on devices (driver, lower(name), id) where removed_at is null',
  'create index runs_requested_by on runs (lower(requested_by), created_at, id)',
  'create index audit_entries_target_kind on audit_entries (target_kind, seq)',
  'create index access_requests_state on access_requests (state, id)',
  'drop index access_requests_open',
  'create index grants_tag on grants (tag_key, tag_value) where tag_key is not null',
  'create index credentials_created on credentials (created_at, id)',
  // None by last_seen_at: each heartbeat would have to write to it, and there are few agents.
  'create index agents_name on agents (lower(name), id)',
  'create index agents_created on agents (created_at, id)',
]
