/** Rotation of the keys that sign access tokens, and lists of sessions and service tokens by owner. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table token_keys drop constraint token_keys_state_check',
  `alter table token_keys
     add constraint token_keys_state_check check (state in ('next', 'current', 'previous', 'retired')),
     add column activated_at timestamptz,
     add column superseded_at timestamptz`,
  "update token_keys set activated_at = created_at where state = 'current'",
  "create unique index token_keys_one_next on token_keys (state) where state = 'next'",
  'create index sessions_user_newest on sessions (user_id, id desc)',
  'drop index sessions_user',
  'create index service_tokens_user_newest on service_tokens (user_id, id desc)',
  'drop index service_tokens_user',
]
