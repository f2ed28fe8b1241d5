/** What somebody wants an agent to look at; and what the names of devices meant when they were last looked up. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table diagnostics (
     id uuid primary key, agent_id uuid not null references agents, kind text not null check (kind in ('ping', 'dns', 'tcp')),
     target text not null, port integer, outcome jsonb, requested_by text not null,
     created_at timestamptz not null default now(), taken_at timestamptz, deadline_at timestamptz not null,
     finished_at timestamptz)`,
  'create unique index diagnostics_one_at_a_time on diagnostics (agent_id) where finished_at is null',
  'create index diagnostics_finished on diagnostics (finished_at)',
  `alter table devices add column resolved_name text, add column resolved_address text, add column resolved_at timestamptz,
     add check (num_nonnulls(resolved_name, resolved_address, resolved_at) in (0, 3))`,
]
