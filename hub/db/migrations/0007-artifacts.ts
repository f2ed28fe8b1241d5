/** Files of devices that are kept byte for byte, beside the text or instead of it, in parts. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table artifacts (
     id uuid primary key, device_id uuid not null references devices, source text not null, name text not null,
     state text not null check (state in ('complete', 'suspect', 'absent')), content_hash text, size_bytes integer,
     reasons jsonb not null default '[]', failure_code text, failure_details jsonb, first_seen_at timestamptz not null,
     last_seen_at timestamptz not null, seen_count integer not null default 1, last_task_id uuid not null,
     agent_id uuid not null references agents, task_id uuid not null, attempt integer not null, signature text,
     created_at timestamptz not null default now(),
     check ((state = 'absent') = (failure_code is not null) and (state = 'absent') = (content_hash is null)
       and (content_hash is null) = (size_bytes is null) and (content_hash is null) = (signature is null)))`,
  'create index artifacts_device on artifacts (device_id, source, last_seen_at desc)',
  'create unique index artifacts_once_a_task on artifacts (task_id, attempt, source)',
  'create index artifacts_content on artifacts (device_id, content_hash)',
  `create table artifact_parts (
     artifact_id uuid not null references artifacts on delete cascade, position integer not null check (position >= 0),
     content_hash text not null references blobs, primary key (artifact_id, position))`,
  'create index artifact_parts_content on artifact_parts (content_hash)',
]
