/** The first schema. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table installations (
     id uuid primary key, key_check bytea not null, created_at timestamptz not null default now())`,
  'create unique index installations_one on installations ((true))',
  `create table hub_keys (
     id text primary key, public_key text not null, sealed_seed bytea not null,
     state text not null check (state in ('next', 'current', 'retired')), created_at timestamptz not null default now())`,
  "create unique index hub_keys_one_current on hub_keys (state) where state = 'current'",
  `create table users (
     id uuid primary key, username text not null unique check (username = lower(btrim(username)) and username <> ''),
     password_hash text not null, role text not null check (role in ('admin')),
     created_at timestamptz not null default now())`,
  `create table access_tokens (
     id uuid primary key, user_id uuid not null references users on delete cascade, token_hash bytea not null unique,
     expires_at timestamptz not null, created_at timestamptz not null default now())`,
  'create index access_tokens_user on access_tokens (user_id)',
  'create index access_tokens_expires on access_tokens (expires_at)',
  'create table sites (id uuid primary key, name text not null, created_at timestamptz not null default now())',
  'create unique index sites_name on sites (lower(name))',
  `create table enrollment_tokens (
     id uuid primary key, site_id uuid not null references sites on delete cascade, token_hash bytea not null unique,
     expires_at timestamptz not null, used_at timestamptz, created_at timestamptz not null default now())`,
  'create index enrollment_tokens_site on enrollment_tokens (site_id)',
  `create table agents (
     id uuid primary key, site_id uuid not null references sites, name text not null,
     sign_public_key text not null unique, box_public_key text not null,
     state text not null default 'enrolled' check (state in ('enrolled', 'revoked')),
     created_at timestamptz not null default now(), revoked_at timestamptz, last_seen_at timestamptz, connection text,
     software text, hostname text, concurrency integer, drivers jsonb not null default '{}', skew_ms integer)`,
  'create index agents_site on agents (site_id)',
  `create table credentials (
     id uuid primary key, name text not null, username text not null,
     kind text not null check (kind in ('password', 'key', 'local')), sealed_secret bytea, local_name text,
     key_fingerprint text, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
     check ((kind = 'local') = (local_name is not null) and (kind = 'local') = (sealed_secret is null)))`,
  'create unique index credentials_name on credentials (lower(name))',
  `create table devices (
     id uuid primary key, site_id uuid not null references sites, name text not null, address text not null,
     port integer not null check (port between 1 and 65535), driver text not null,
     transport text not null default 'ssh' check (transport in ('ssh')), credential_id uuid references credentials,
     group_name text, tags jsonb not null default '{}', options jsonb not null default '{}',
     secrets text not null default 'keep' check (secrets in ('keep', 'strip')), host_key text,
     created_at timestamptz not null default now(), removed_at timestamptz, latest_version_id uuid, last_task_id uuid,
     last_read_at timestamptz, last_failure_code text)`,
  'create unique index devices_name on devices (lower(name)) where removed_at is null',
  'create index devices_site on devices (site_id) where removed_at is null',
  'create index devices_credential on devices (credential_id)',
  `create table runs (
     id uuid primary key, requested_by text not null, total integer not null, created_at timestamptz not null default now(),
     deadline_at timestamptz not null, finished_at timestamptz)`,
  'create index runs_open on runs (deadline_at) where finished_at is null',
  `create table tasks (
     id uuid primary key, run_id uuid not null references runs, device_id uuid not null references devices,
     site_id uuid not null references sites,
     state text not null default 'queued' check (state in ('queued', 'leased', 'succeeded', 'failed', 'cancelled')),
     attempt integer not null default 0, agent_id uuid references agents, lease_until timestamptz,
     queued_at timestamptz not null default now(), leased_at timestamptz, deadline_at timestamptz not null,
     finished_at timestamptz, outcome text check (outcome in ('changed', 'unchanged', 'suspect')), version_id uuid,
     captured_at timestamptz, duration_ms integer, failure_code text, failure_details jsonb)`,
  "create index tasks_queue on tasks (site_id, queued_at) where state = 'queued'",
  "create index tasks_leases on tasks (lease_until) where state = 'leased'",
  "create unique index tasks_one_open_a_device on tasks (device_id) where state in ('queued', 'leased')",
  "create index tasks_open_run on tasks (run_id) where state in ('queued', 'leased')",
  "create index tasks_open_deadlines on tasks (deadline_at) where state in ('queued', 'leased')",
  'create index tasks_run on tasks (run_id)',
  'create index tasks_device on tasks (device_id, queued_at desc)',
  `create table blobs (
     content_hash text primary key, store text not null, size_bytes integer not null, stored_bytes integer not null,
     created_at timestamptz not null default now())`,
  `create table versions (
     id uuid primary key, device_id uuid not null references devices, content_hash text not null references blobs,
     fingerprint text not null, size_bytes integer not null, verdict text not null check (verdict in ('complete', 'suspect')),
     reasons jsonb not null default '[]', secrets text not null check (secrets in ('keep', 'strip')),
     spans integer[] not null default '{}', first_seen_at timestamptz not null, last_seen_at timestamptz not null,
     seen_count integer not null default 1, agent_id uuid not null references agents, task_id uuid not null, attempt integer not null,
     signature text not null, accepted_at timestamptz, accepted_by text, created_at timestamptz not null default now())`,
  'create index versions_device on versions (device_id, first_seen_at desc)',
  'create unique index versions_once_a_task on versions (task_id, attempt)',
  'create index versions_content on versions (content_hash)',
  `create table events (
     id uuid primary key, at timestamptz not null default now(), kind text not null, actor text not null,
     details jsonb not null default '{}')`,
  'create index events_at on events (at desc)',
]
