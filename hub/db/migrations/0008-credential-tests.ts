/** Tests that offer a device one named credential and no other. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // No foreign key: a removed credential must not make an ordinary test, with other credentials, of a waiting one.
  await sql`alter table tasks add column only_credential_id uuid check (only_credential_id is null or purpose = 'test')`.execute(
    db,
  )
}
