/**
 * Several credentials a device, how each did, the guard that keeps a wrong one from locking accounts, and dates on which a
 * credential ends. `devices.credential_id` stays the first of a device's credentials, so an older hub goes on beside this one.
 */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table credentials add column expires_at timestamptz, add column revoked_at timestamptz, add column public_key text,
     add column epoch uuid not null default gen_random_uuid()`,
  'create index credentials_ended on credentials (id) where expires_at is not null or revoked_at is not null',
  `create table device_credentials (
     device_id uuid not null references devices on delete cascade, credential_id uuid not null references credentials,
     position integer not null check (position > 0), primary key (device_id, credential_id), unique (device_id, position))`,
  'create index device_credentials_credential on device_credentials (credential_id)',
  `create table login_standings (
     device_id uuid not null references devices on delete cascade, credential_id uuid not null references credentials on delete cascade,
     success_rate double precision not null, succeeded_at timestamptz, refused_at timestamptz,
     primary key (device_id, credential_id))`,
  'create index login_standings_credential on login_standings (credential_id)',
  `create table credential_guards (
     credential_id uuid not null references credentials on delete cascade, site_id uuid not null references sites on delete cascade,
     epoch uuid not null default gen_random_uuid(), refused_devices uuid[] not null default '{}', undecided integer not null default 0,
     succeeded_at timestamptz, refused_at timestamptz, closed_until timestamptz, primary key (credential_id, site_id))`,
  'create index credential_guards_closed on credential_guards (site_id, closed_until) where closed_until is not null',
  `alter table devices add column login_failures integer not null default 0, add column login_failure_code text,
     add column login_cooldown_until timestamptz`,
  'create index devices_cooldown on devices (site_id, login_cooldown_until) where login_cooldown_until is not null',
  'alter table tasks add column credential_ids uuid[]',
  // All tasks of a run were queued at one moment: without the id each look at the queue would sort them all.
  "create index tasks_queue_order on tasks (site_id, queued_at, id) where state = 'queued'",
  'drop index tasks_queue',
]
