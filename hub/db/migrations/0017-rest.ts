/** Answers to requests with an Idempotency-Key, and the orders in which lists can be asked for. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table idempotency_keys (
     principal text not null, key text not null, request_hash bytea not null, holder uuid not null,
     held_until timestamptz, status integer, headers jsonb, sealed_body bytea,
     created_at timestamptz not null default now(), primary key (principal, key))`,
  'create index idempotency_keys_created on idempotency_keys (created_at)',
  "create index devices_last_read on devices (coalesce(last_read_at, 'epoch'), lower(name)) where removed_at is null",
  'create index devices_created on devices (created_at, id) where removed_at is null',
  'create index runs_created on runs (created_at, id)',
]
