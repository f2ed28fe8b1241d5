/** More ways in than SSH, and which of them an agent knows. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table devices drop constraint devices_transport_check',
  `alter table devices add constraint devices_transport_check
     check (transport in ('ssh', 'telnet', 'netconf', 'https', 'http', 'sftp', 'scp'))`,
  "alter table agents add column transports text[] not null default '{ssh}'",
]
