/**
 * Whose a device is, who else was granted access to it, who asks for that; tags that are described, and rules that set them. To a hub of
 * the release before every device is everybody's, and those that it adds are nobody's.
 */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const NIL = "'00000000-0000-0000-0000-000000000000'"

const statements = [
  'alter table devices add column owner_id uuid references users on delete set null',
  'create index devices_owner on devices (owner_id) where owner_id is not null',
  // Each tag as a word alone and as a word with its value; the length in front tells where the name ends.
  `create function tag_words(tags jsonb) returns text[] language sql immutable parallel safe strict as $$
     select coalesce(array_agg(word), '{}') from jsonb_each_text(tags) tag, lateral (values
       (length(tag.key) || ':' || tag.key), (length(tag.key) || '=' || tag.key || tag.value)) words (word) $$`,
  `create function tag_word(key text, value text) returns text language sql immutable parallel safe as $$
     select case when value is null then length(key) || ':' || key else length(key) || '=' || key || value end $$`,
  'create index devices_tag_words on devices using gin (tag_words(tags))',
  `create table grants (
     id uuid primary key, device_id uuid references devices on delete cascade, site_id uuid references sites on delete cascade,
     tag_key text, tag_value text,
     user_id uuid references users on delete cascade, group_id uuid references groups on delete cascade,
     level text not null check (level in ('read', 'operate', 'manage')),
     made_by text not null, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
     expires_at timestamptz,
     check (num_nonnulls(device_id, site_id, tag_key) = 1), check (tag_value is null or tag_key is not null),
     check (num_nonnulls(user_id, group_id) = 1))`,
  `create unique index grants_once on grants (
     coalesce(user_id, group_id), coalesce(device_id, site_id, ${NIL}), coalesce(tag_word(tag_key, tag_value), ''))`,
  'create index grants_user on grants (user_id) where user_id is not null',
  'create index grants_group on grants (group_id) where group_id is not null',
  'create index grants_device on grants (device_id) where device_id is not null',
  'create index grants_site on grants (site_id) where site_id is not null',
  `create table access_requests (
     id uuid primary key, user_id uuid not null references users on delete cascade,
     kind text not null check (kind in ('device', 'tag', 'site')), asked_for text not null,
     device_id uuid references devices on delete cascade, site_id uuid references sites on delete cascade,
     tag_key text, tag_value text,
     level text not null check (level in ('read', 'operate', 'manage')), reason text not null,
     state text not null default 'open' check (state in ('open', 'approved', 'denied')),
     created_at timestamptz not null default now(), decided_at timestamptz, decided_by text, answer text,
     check (num_nonnulls(device_id, site_id, tag_key) <= 1))`,
  `create unique index access_requests_once on access_requests (user_id, kind, lower(asked_for)) where state = 'open'`,
  'create index access_requests_user on access_requests (user_id, id)',
  "create index access_requests_open on access_requests (id) where state = 'open'",
  'create index access_requests_device on access_requests (device_id) where device_id is not null',
  'create index access_requests_site on access_requests (site_id) where site_id is not null',
  `create table tags (
     id uuid primary key, key text not null, value text, colour text, description text not null default '',
     created_by text not null, created_at timestamptz not null default now(), updated_at timestamptz not null default now())`,
  'create unique index tags_word on tags (tag_word(key, value))',
  `create table tag_rules (
     id uuid primary key, name text not null, priority integer not null default 0, site_id uuid references sites,
     driver text, group_name text, name_glob text, address_range text, tags jsonb not null,
     created_by text not null, created_at timestamptz not null default now(), updated_at timestamptz not null default now())`,
  'create unique index tag_rules_name on tag_rules (lower(name))',
  'create index tag_rules_site on tag_rules (site_id) where site_id is not null',
]
