/** A second factor at login with its recovery codes, and accounts that sign on elsewhere. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table second_factors (
     user_id uuid primary key references users on delete cascade, sealed_secret bytea not null,
     last_step bigint not null default 0, created_at timestamptz not null default now(), confirmed_at timestamptz)`,
  `create table recovery_codes (
     id uuid primary key, user_id uuid not null references second_factors on delete cascade,
     code_hash bytea not null, used_at timestamptz, unique (user_id, code_hash))`,
  `create table sign_ons (
     id uuid primary key, state_hash bytea not null unique, browser_hash bytea not null, redirect text not null,
     challenge text, created_at timestamptz not null default now(), expires_at timestamptz not null,
     used_at timestamptz, user_id uuid references users on delete cascade, code_hash bytea unique,
     code_expires_at timestamptz, code_used_at timestamptz)`,
  'create index sign_ons_expires on sign_ons (expires_at)',
  'create index sign_ons_user on sign_ons (user_id)',
  `alter table users
     add column oidc_issuer text,
     add column oidc_subject text,
     add column oidc_roles text[] not null default '{}'`,
  'create unique index users_oidc on users (oidc_issuer, oidc_subject)',
  'alter table sessions add column is_signed_on boolean not null default false',
]
