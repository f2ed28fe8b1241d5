/**
 * When sessions and service tokens were last used, and from where: kept without a write per request. Each hub gathers, and writes a
 * token at most once a minute, all that are due in one statement a table.
 */
import { type Kysely, sql } from 'kysely'
import type { Tables } from './db/tables.ts'
import type { Principal } from './principal.ts'

/** A token that is in use all the time is written this often, ms. */
const WRITE_EVERY_MS = 60_000

/** So many tokens are kept in mind; with more, some are written more often. */
const KNOWN = 50_000

export interface TokenUses {
  note(principal: Pick<Principal, 'kind' | 'tokenId'>, address: string | null): void
  /** Writes what is due. What can't be written now is due again the next time. */
  write(): Promise<void>
}

interface Use {
  readonly kind: Principal['kind']
  readonly address: string | null
}

/** @param clock in ms */
export function tokenUses(db: Kysely<Tables>, clock: () => number): TokenUses {
  /** When each was last noted, ms. */
  const noted = new Map<string, number>()
  let due = new Map<string, Use>()

  const writeAll = async (uses: ReadonlyMap<string, Use>) => {
    const of = (kind: Use['kind']) => [...uses].filter(([, use]) => use.kind === kind)
    const sessions = of('user').map(([id]) => id)
    if (sessions.length > 0) {
      await sql`
        update sessions set last_used_at = now()
        where id = any(${sessions}::uuid[]) and last_used_at < now() - interval '1 minute'`.execute(db)
    }
    const tokens = of('service token')
    if (tokens.length > 0) {
      await sql`
        update service_tokens token set last_used_at = now(), last_used_from = use.address
        from unnest(${tokens.map(([id]) => id)}::uuid[], ${tokens.map(([, use]) => use.address)}::text[]) as use (id, address)
        where token.id = use.id and coalesce(token.last_used_at < now() - interval '1 minute', true)`.execute(db)
    }
  }

  return {
    note({ kind, tokenId }, address) {
      const last = noted.get(tokenId)
      if (last !== undefined && clock() - last < WRITE_EVERY_MS) return
      if (noted.size >= KNOWN) noted.clear()
      noted.set(tokenId, clock())
      due.set(tokenId, { kind, address })
    },
    async write() {
      const uses = due
      due = new Map()
      try {
        await writeAll(uses)
      } catch (error) {
        due = new Map([...uses, ...due])
        throw error
      }
    },
  }
}
