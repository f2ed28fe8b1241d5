/**
 * Counters of limits, and the rules. The counters are unlogged: they are written often, and a crash of the database that forgets a
 * minute of counting does no harm.
 */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // Columns, names and order as rate-limiter-flexible expects them.
  'create unlogged table rate_limits (key text primary key, points integer not null default 0, expire bigint)',
  'create index rate_limits_expire on rate_limits (expire)',
  `create table rate_limit_rules (
     only_row boolean primary key default true check (only_row), rules jsonb not null, allow text[] not null default '{}',
     updated_at timestamptz not null default now(), updated_by text not null)`,
]
