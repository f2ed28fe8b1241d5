/** Tasks that failed and are tried again later, and what each of their earlier tries ended in. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table tasks add column not_before timestamptz, add column earlier_tries jsonb not null default '[]'`,
  "create index tasks_retries on tasks (not_before) where state = 'queued' and not_before is not null",
]
