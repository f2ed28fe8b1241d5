/**
 * Ways to the provider and back, kept in the database so that the browser may come back to another hub. Only hashes are kept: nonce and
 * PKCE verifier come from the state, which the provider gives back, together with the cookie that only the browser has.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Kysely, sql } from 'kysely'
import type { Tables } from './db/tables.ts'
import { newId } from './ids.ts'
import type { SignOnSecrets } from './single-sign-on.ts'

export const SIGN_ON_MINUTES = 10
const CODE_SECONDS = 60

/** @returns the cookie of the browser, with what the provider is told */
export async function beginSignOn(
  db: Kysely<Tables>,
  redirect: string,
  challenge: string | undefined,
): Promise<SignOnSecrets & { readonly browser: string }> {
  const [state, browser] = [randomSecret(), randomSecret()]
  await db.deleteFrom('sign_ons').where('expires_at', '<', sql<Date>`now() - interval '1 day'`).execute()
  await db
    .insertInto('sign_ons')
    .values({
      ...{ id: newId(), state_hash: hashOf(state), browser_hash: hashOf(browser), redirect },
      challenge: challenge ?? null,
      expires_at: sql<Date>`now() + ${SIGN_ON_MINUTES} * interval '1 minute'`,
    })
    .execute()
  return { browser, ...secretsOf(state, browser) }
}

export interface TakenSignOn {
  readonly id: string
  readonly redirect: string
  readonly isCommand: boolean
  readonly secrets: SignOnSecrets
}

/** The browser came back: once, in time, and the same one. @throws Failure SSO_FAILED */
export async function takeSignOn(
  db: Kysely<Tables>,
  state: string | undefined,
  browser: string | undefined,
): Promise<TakenSignOn> {
  if (state === undefined) throw new Failure('SSO_FAILED', { reason: 'no state' })
  const row = await db
    .selectFrom('sign_ons')
    .select(['id', 'browser_hash', 'redirect', 'challenge', sql<boolean>`expires_at <= now()`.as('isExpired')])
    .where('state_hash', '=', hashOf(state))
    .executeTakeFirst()
  if (!row) throw new Failure('SSO_FAILED', { reason: 'unknown state' })
  if (browser === undefined || !hashOf(browser).equals(row.browser_hash))
    throw new Failure('SSO_FAILED', { reason: 'another browser began it' })
  if (row.isExpired) throw new Failure('SSO_FAILED', { reason: `took more than ${SIGN_ON_MINUTES} minutes` })
  const taken = await db
    .updateTable('sign_ons')
    .set({ used_at: sql<Date>`now()` })
    .where('id', '=', row.id)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  if (taken.numUpdatedRows === 0n) throw new Failure('SSO_FAILED', { reason: 'used before' })
  const { id, redirect, challenge } = row
  return { id, redirect, isCommand: challenge !== null, secrets: secretsOf(state, browser) }
}

/** @returns a code that is exchanged for tokens once, within a minute */
export async function endSignOn(db: Kysely<Tables>, id: string, userId: string): Promise<string> {
  const code = randomSecret()
  await db
    .updateTable('sign_ons')
    .set({
      user_id: userId,
      code_hash: hashOf(code),
      code_expires_at: sql<Date>`now() + ${CODE_SECONDS} * interval '1 second'`,
    })
    .where('id', '=', id)
    .execute()
  return code
}

/**
 * @param verifier of a command; a browser shows its cookie
 * @returns the user
 * @throws Failure SSO_FAILED
 */
export async function exchangeCode(
  db: Kysely<Tables>,
  code: string,
  { verifier, browser }: { readonly verifier: string | undefined; readonly browser: string | undefined },
): Promise<string> {
  const shown = verifier === undefined ? null : hashOf(verifier).toString('base64url')
  const row = await db
    .updateTable('sign_ons')
    .set({ code_used_at: sql<Date>`now()` })
    .where('code_hash', '=', hashOf(code))
    .where('code_used_at', 'is', null)
    .where('code_expires_at', '>', sql<Date>`now()`)
    .where((row) =>
      row.or([
        row('challenge', '=', shown),
        row.and([row('challenge', 'is', null), row('browser_hash', '=', hashOf(browser ?? ''))]),
      ]),
    )
    .returning('user_id')
    .executeTakeFirst()
  if (!row?.user_id) throw new Failure('SSO_FAILED', { reason: 'the code is unknown, too old, or was used before' })
  return row.user_id
}

function secretsOf(state: string, browser: string): SignOnSecrets {
  const derived = (what: string) =>
    createHash('sha256').update(`netraven sign-on ${what} ${state} ${browser}`).digest('base64url')
  return { state, nonce: derived('nonce'), verifier: derived('verifier') }
}

const randomSecret = () => randomBytes(32).toString('base64url')

/** Long random secrets: what is looked up by its hash tells nothing by the time it takes. */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
