/**
 * What users need beside their account: failed logins counted for all hubs, reset links, what somebody lost and why, warnings before
 * an account expires.
 */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table login_attempts (
     id uuid primary key, name_hash bytea not null, address text, via text, is_reserve boolean not null default false,
     outcome text not null default 'pending' check (outcome in ('pending', 'failed')),
     at timestamptz not null default now(), cleared_at timestamptz)`,
  'create index login_attempts_name on login_attempts (name_hash, at)',
  'create index login_attempts_at on login_attempts (at)',
  `create table login_locks (
     name_hash bytea primary key, locked_at timestamptz not null default now(), locked_until timestamptz not null)`,
  'create index login_locks_until on login_locks (locked_until)',
  `create table password_resets (
     id uuid primary key, user_id uuid not null references users on delete cascade, token_hash bytea not null unique,
     created_by text not null, created_at timestamptz not null default now(), expires_at timestamptz not null,
     used_at timestamptz)`,
  'create index password_resets_user on password_resets (user_id)',
  'create index password_resets_expires on password_resets (expires_at)',
  `create table reset_requests (
     id uuid primary key, name_hash bytea not null, address text, at timestamptz not null default now())`,
  'create index reset_requests_name on reset_requests (name_hash, at)',
  'create index reset_requests_address on reset_requests (address, at)',
  'create index reset_requests_at on reset_requests (at)',
  `alter table users
     add column access_change text,
     add column access_lost text[] not null default '{}',
     add column expiry_warned_days integer,
     add column expiry_warned_for timestamptz`,
]
