/** Tables of limits. */
import type { Generated, JSONColumnType } from 'kysely'
import type { LimitRule } from '../api/rate-limit.ts'

/** One counter in one window of time; see `tallies.ts` for the keys. Lost when the database crashes. */
export interface RateLimitsTable {
  key: string
  points: number
  /** Unix time in ms from which on it may be removed. */
  expire: number | null
}

/** One row: what administrators set; none: nothing yet. */
export interface RateLimitRulesTable {
  only_row: Generated<boolean>
  rules: JSONColumnType<LimitRule[], string, string>
  /** Ranges whose addresses are never limited. */
  allow: string[]
  updated_at: Generated<Date>
  updated_by: string
}
