/** Devices that are reached over others. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table devices add column via_device_id uuid references devices check (via_device_id <> id)',
  'create index devices_via on devices (via_device_id) where via_device_id is not null',
]
