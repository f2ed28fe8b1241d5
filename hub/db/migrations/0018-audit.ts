/**
 * The audit log: a chain that only grows. A change puts its entry into `audit_intake`; when its transaction commits, a deferred trigger
 * takes the head of the chain and appends. So the one lock that all writers share is always the last that a transaction takes, which
 * is why it can't be part of a deadlock, and is held for no longer than the commit. The intake is empty outside of transactions.
 *
 * `events` becomes a view for a hub of the release before: what that inserts is appended in the same way, and what it reads is there.
 * What the entries look like as bytes is said in `hub/audit-chain.ts`.
 */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

/** Statement triggers, so that a statement without rows is refused too. */
const appendOnly = (table: string) => `create trigger ${table}_append_only
  before update or delete or truncate on ${table} for each statement execute function audit_refuse()`

const statements = [
  'lock table events in access exclusive mode',
  'drop index events_at',
  'alter table events rename to earlier_events',
  `create table audit_entries (
     seq bigint primary key, id uuid not null unique, at timestamptz not null, action text not null,
     actor_kind text not null, actor_id uuid, actor_name text not null, address text, via text, request_id text,
     target_kind text, target_id text, target_name text, before jsonb, after jsonb, details jsonb not null,
     prev_hash bytea not null, hash bytea not null)`,
  'create index audit_entries_at on audit_entries (at)',
  'create index audit_entries_action on audit_entries (action, seq)',
  'create index audit_entries_actor on audit_entries (lower(actor_name), seq)',
  'create index audit_entries_actor_id on audit_entries (actor_id, seq)',
  'create index audit_entries_target on audit_entries (lower(target_name), seq)',
  'create index audit_entries_target_id on audit_entries (target_id, seq)',
  'create index audit_entries_request on audit_entries (request_id)',
  `create table audit_heads (
     only_row boolean primary key default true check (only_row), seq bigint not null, at timestamptz not null, hash bytea not null)`,
  `insert into audit_heads (seq, at, hash) values (0, '-infinity', decode(repeat('00', 32), 'hex'))`,
  `create table audit_checkpoints (
     seq bigint primary key, hash bytea not null, at timestamptz not null, key_id text not null, signature bytea not null)`,
  `create unlogged table audit_intake (
     id uuid primary key, at timestamptz, action text not null,
     actor_kind text not null, actor_id uuid, actor_name text not null, address text, via text, request_id text,
     target_kind text, target_id text, target_name text, before jsonb, after jsonb, details jsonb not null default '{}')`,
  `create function audit_canonical(value jsonb) returns text language plpgsql immutable strict as $$
   declare
     result text;
   begin
     case jsonb_typeof(value)
       when 'object' then
         select '{' || coalesce(string_agg(to_json(key)::text || ':' || audit_canonical(item), ',' order by key collate "C"), '') || '}'
           into result from jsonb_each(value) as pair (key, item);
       when 'array' then
         select '[' || coalesce(string_agg(audit_canonical(item), ',' order by place), '') || ']'
           into result from jsonb_array_elements(value) with ordinality as element (item, place);
       when 'number' then result := trim_scale(value::text::numeric)::text;
       else result := value::text;
     end case;
     return result;
   end $$`,
  // What is hashed, of a row of audit_entries.
  `create function audit_content(entry audit_entries) returns text language sql stable as $$
     select audit_canonical(jsonb_build_object(
       'seq', entry.seq, 'id', entry.id, 'action', entry.action,
       'at', to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       'actor', jsonb_build_object('kind', entry.actor_kind, 'id', entry.actor_id, 'name', entry.actor_name,
         'address', entry.address, 'via', entry.via, 'requestId', entry.request_id),
       'target', case when entry.target_kind is not null then
         jsonb_build_object('kind', entry.target_kind, 'id', entry.target_id, 'name', entry.target_name) end,
       'before', entry.before, 'after', entry.after, 'details', entry.details,
       'prevHash', encode(entry.prev_hash, 'hex'))) $$`,
  `create function audit_append() returns trigger language plpgsql as $$
   declare
     head audit_heads;
     entry audit_entries;
   begin
     delete from audit_intake where id = new.id;
     select * into strict head from audit_heads for update;
     entry := row(
       head.seq + 1, new.id, greatest(coalesce(new.at, clock_timestamp()), head.at), new.action,
       new.actor_kind, new.actor_id, new.actor_name, new.address, new.via, new.request_id,
       new.target_kind, new.target_id, new.target_name, new.before, new.after, new.details, head.hash, null);
     entry.hash := sha256(convert_to(audit_content(entry), 'UTF8'));
     insert into audit_entries values (entry.*);
     update audit_heads set seq = entry.seq, at = entry.at, hash = entry.hash;
     return null;
   end $$`,
  `create constraint trigger audit_intake_append after insert on audit_intake
     deferrable initially deferred for each row execute function audit_append()`,
  `create function audit_refuse() returns trigger language plpgsql as $$
   begin
     raise exception 'the audit log is append only: % on % is refused', tg_op, tg_table_name using errcode = 'insufficient_privilege';
   end $$`,
  // What was there before, in its order.
  'set constraints audit_intake_append immediate',
  `insert into audit_intake (id, at, action, actor_kind, actor_name, details)
     select id, at, kind, 'unknown', actor, details from earlier_events order by at, id`,
  'set constraints audit_intake_append deferred',
  'drop table earlier_events',
  ...['audit_entries', 'audit_checkpoints'].map(appendOnly),
  `create view events as
     select id, at, action as kind, actor_name as actor, details from audit_entries`,
  `create function audit_take_over() returns trigger language plpgsql as $$
   begin
     insert into audit_intake (id, action, actor_kind, actor_name, details)
       values (new.id, new.kind, 'unknown', new.actor, coalesce(new.details, '{}'));
     return new;
   end $$`,
  'create trigger events_take_over instead of insert on events for each row execute function audit_take_over()',
]
