/**
 * Rotation of keys: task-signing keys with what each agent has learnt, data keys and their wraps, which hub knows what.
 *
 * This step only makes room. A hub of the release before goes on, since everything sealed stays as it is (version 1, directly under
 * the master key) until somebody runs `netraven keys rotate data` or `rotate master`; from then on it is sealed as version 2, which
 * that hub can't open. In the same way it signs with the key that it read at its start: rotate only once all hubs are of this release.
 */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table hub_keys
     add column activated_at timestamptz,
     add column superseded_at timestamptz,
     add column is_distrusted boolean not null default false,
     add column is_due boolean not null default false`,
  "update hub_keys set activated_at = created_at where state = 'current'",
  "create unique index hub_keys_one_next on hub_keys (state) where state = 'next'",
  'alter table token_keys add column is_due boolean not null default false',
  `create table agent_hub_keys (
     agent_id uuid not null references agents on delete cascade, key_id text not null references hub_keys on delete cascade,
     learnt_at timestamptz not null default now(), primary key (agent_id, key_id))`,
  'create index agent_hub_keys_key on agent_hub_keys (key_id)',
  `insert into agent_hub_keys (agent_id, key_id)
     select agents.id, hub_keys.id from agents, hub_keys where hub_keys.state in ('current', 'next')`,
  `create table master_keys (
     fingerprint text primary key, state text not null check (state in ('current', 'previous', 'retired')),
     created_at timestamptz not null default now(), retired_at timestamptz)`,
  "create unique index master_keys_one_current on master_keys (state) where state = 'current'",
  `create table data_keys (
     id integer generated always as identity primary key, purpose text not null check (purpose in ('seal', 'mask')),
     state text not null check (state in ('next', 'current', 'retiring', 'retired')), is_due boolean not null default false,
     total_rows bigint not null default 0, total_bytes bigint not null default 0, created_at timestamptz not null default now(),
     activated_at timestamptz, superseded_at timestamptz, retired_at timestamptz, destroyed_at timestamptz)`,
  "create unique index data_keys_one_next on data_keys (purpose) where state = 'next'",
  "create unique index data_keys_one_current on data_keys (purpose) where state = 'current'",
  `create table data_key_wraps (
     data_key_id integer not null references data_keys on delete cascade, master_fingerprint text not null,
     sealed bytea not null, created_at timestamptz not null default now(), primary key (data_key_id, master_fingerprint))`,
  `create table key_holders (
     node text primary key, masters text[] not null, knows text[] not null, seals_with integer not null,
     seals_with_since timestamptz not null default now(), seen_at timestamptz not null default now())`,
  'alter table blobs add column sealed_under integer',
  'create index blobs_sealed_under on blobs ((coalesce(sealed_under, 0)))',
]
