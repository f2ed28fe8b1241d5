/**
 * Accounts with roles, sessions and service tokens. `users.role` and `users.password_hash` stay for a hub of the release before, to
 * which every user would be an administrator: whoever is not one has a hash there that no password fits.
 */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table roles (
     id uuid primary key, name text not null, about text not null default '', scopes text[] not null,
     created_at timestamptz not null default now(), updated_at timestamptz not null default now())`,
  'create unique index roles_name on roles (lower(name))',
  `alter table users
     add column display_name text,
     add column email text,
     add column roles text[] not null default '{}',
     add column scopes text[] not null default '{}',
     add column is_active boolean not null default true,
     add column expires_at timestamptz,
     add column last_login_at timestamptz,
     add column access_changed_at timestamptz,
     add column access_changed_by text,
     add column created_by text,
     add column updated_at timestamptz not null default now()`,
  "update users set roles = '{admin}'",
  'create unique index users_email on users (lower(email))',
  'create index users_expires on users (expires_at) where expires_at is not null',
  `create table passwords (
     user_id uuid primary key references users on delete cascade, hash text not null,
     must_change boolean not null default false, changed_at timestamptz not null default now())`,
  'insert into passwords (user_id, hash) select id, password_hash from users',
  `create table groups (
     id uuid primary key, name text not null, about text not null default '', roles text[] not null default '{}',
     created_at timestamptz not null default now(), updated_at timestamptz not null default now())`,
  'create unique index groups_name on groups (lower(name))',
  `create table group_members (
     group_id uuid not null references groups on delete cascade, user_id uuid not null references users on delete cascade,
     primary key (group_id, user_id))`,
  'create index group_members_user on group_members (user_id)',
  `create table sessions (
     id uuid primary key, user_id uuid not null references users on delete cascade,
     scopes text[], address text, via text,
     created_at timestamptz not null default now(), last_used_at timestamptz not null default now(),
     expires_at timestamptz not null, ended_at timestamptz, ended_because text)`,
  'create index sessions_user on sessions (user_id)',
  'create index sessions_expires on sessions (expires_at)',
  `create table refresh_tokens (
     id uuid primary key, session_id uuid not null references sessions on delete cascade, token_hash bytea not null unique,
     created_at timestamptz not null default now(), expires_at timestamptz not null, used_at timestamptz)`,
  'create index refresh_tokens_session on refresh_tokens (session_id)',
  `create table service_tokens (
     id uuid primary key, user_id uuid not null references users on delete cascade, name text not null,
     token_hash bytea not null unique, scopes text[] not null, created_by text not null,
     created_at timestamptz not null default now(), expires_at timestamptz not null,
     last_used_at timestamptz, last_used_from text, revoked_at timestamptz)`,
  'create index service_tokens_user on service_tokens (user_id)',
  'create unique index service_tokens_name on service_tokens (user_id, lower(name)) where revoked_at is null',
  `create table token_keys (
     id text primary key, public_key text not null, sealed_seed bytea not null,
     state text not null check (state in ('next', 'current', 'retired')), created_at timestamptz not null default now(),
     retired_at timestamptz)`,
  "create unique index token_keys_one_current on token_keys (state) where state = 'current'",
]
