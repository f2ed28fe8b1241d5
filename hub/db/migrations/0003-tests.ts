/** Tasks that only test a device, what became of each of their rungs, and which agents can do that. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  "alter table tasks add column purpose text not null default 'backup' check (purpose in ('backup', 'test'))",
  'alter table tasks add column steps jsonb',
  "create index tasks_tests on tasks (device_id, queued_at desc) where purpose = 'test'",
  "alter table agents add column abilities text[] not null default '{}'",
]
