/** Drivers that somebody wrote himself, their versions and trials; patterns of lines to ignore or to remove. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table driver_versions (
     id uuid primary key, name text not null, number integer not null check (number > 0), digest text not null, source text not null,
     file text not null, title text, aliases text[], transports text[], extends text,
     state text not null default 'draft' check (state in ('draft', 'usable')),
     tried jsonb, created_by text not null, created_at timestamptz not null default now(),
     unique (name, number), unique (name, digest))`,
  'create index driver_versions_digest on driver_versions (digest)',
  `create table drivers (
     name text primary key, version_id uuid references driver_versions, changed_by text not null,
     changed_at timestamptz not null default now())`,
  `create table driver_trials (
     id uuid primary key, version_id uuid not null references driver_versions, task_id uuid references tasks,
     recording text, agent_id uuid references agents, outcome jsonb, requested_by text not null,
     created_at timestamptz not null default now(), deadline_at timestamptz not null, finished_at timestamptz)`,
  'create index driver_trials_waiting on driver_trials (created_at) where task_id is null and agent_id is null and finished_at is null',
  'create index driver_trials_version on driver_trials (version_id)',
  'alter table tasks add column driver_version_id uuid references driver_versions',
  `create table line_patterns (
     id uuid primary key, kind text not null check (kind in ('ignore', 'remove')), pattern text not null,
     driver text, group_name text, device_id uuid references devices on delete cascade, created_by text not null,
     created_at timestamptz not null default now(), check (num_nonnulls(driver, group_name, device_id) = 1))`,
  `create unique index line_patterns_once on line_patterns
     (kind, pattern, coalesce(driver, ''), lower(coalesce(group_name, '')), coalesce(device_id, '00000000-0000-0000-0000-000000000000'))`,
]
