/** What is limited, how much, and for whom: the settings of the hub, and above them the rules that administrators set. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Actor } from './actor.ts'
import { type AddressRange, isWithin, parseAddress, parseRange } from './address-ranges.ts'
import {
  type LimitBucket,
  type LimitRule,
  type LimitRules,
  limitBucketNames,
  limitBuckets,
  type NewLimitRules,
} from './api/rate-limit.ts'
import type { Tables } from './db/tables.ts'
import { recordEvent } from './events.ts'
import type { Principal } from './principal.ts'
import type { Limit } from './tallies.ts'

export type DefaultLimits = Readonly<Record<LimitBucket, Limit>>

/** Channel of NOTIFY: payload `rules`, or `reset KEY`. */
export const LIMITS_CHANNEL = 'netraven_limits'

/** @param perMinute by bucket; those that are absent have the limit of the design */
export function defaultLimits(perMinute: Partial<Record<LimitBucket, number>> = {}): DefaultLimits {
  const minute = (bucket: LimitBucket, standard: number) => ({
    limit: perMinute[bucket] ?? standard,
    windowSeconds: 60,
  })
  return {
    principal: minute('principal', 300),
    anonymous: minute('anonymous', 100),
    heavy: minute('heavy', 120),
    content: minute('content', 300),
    login: { limit: perMinute.login ?? 50, windowSeconds: 900 },
    'forgot-password': { limit: perMinute['forgot-password'] ?? 10, windowSeconds: 900 },
    enroll: minute('enroll', 30),
    agent: minute('agent', 60_000),
  }
}

/** Whom a call is counted for. */
export interface Caller {
  readonly principal?: Principal | undefined
  readonly address: string | null
}

interface Fitting extends LimitRule {
  readonly within: AddressRange | undefined
}

/** Rules as they are looked up. */
export class RuleBook {
  readonly #defaults: DefaultLimits
  readonly #rules: readonly Fitting[]
  readonly #allow: readonly AddressRange[]
  readonly #looksAtAddresses: boolean

  constructor(defaults: DefaultLimits, { rules, allow }: Pick<LimitRules, 'rules' | 'allow'>) {
    this.#defaults = defaults
    this.#rules = rules.map((rule) => ({
      ...rule,
      within: rule.range === undefined ? undefined : parseRange(rule.range),
    }))
    this.#allow = allow.flatMap((text) => parseRange(text) ?? [])
    this.#looksAtAddresses = this.#allow.length > 0
  }

  /** Whether calls from there are never limited. */
  isAllowed(address: string | null): boolean {
    if (!this.#looksAtAddresses || address === null) return false
    const parsed = parseAddress(address)
    return parsed !== undefined && this.#allow.some((range) => isWithin(parsed, range))
  }

  /** The limit of the first rule that fits, or the default. */
  limitOf(bucket: LimitBucket, caller: Caller): Limit {
    const standard = this.#defaults[bucket]
    const rule = this.#rules.find((one) => one.bucket === bucket && fits(one, caller))
    return rule ? { limit: rule.limit, windowSeconds: rule.windowSeconds ?? standard.windowSeconds } : standard
  }
}

function fits({ user, role, range, within }: Fitting, { principal, address }: Caller): boolean {
  if (user !== undefined && ![principal?.user.id, principal?.user.username].includes(user.trim().toLowerCase()))
    return false
  if (role !== undefined && !principal?.roles.some((held) => held.toLowerCase() === role.toLowerCase())) return false
  if (range === undefined) return true
  const parsed = address === null ? undefined : parseAddress(address)
  return parsed !== undefined && within !== undefined && isWithin(parsed, within)
}

export async function readRules(db: Kysely<Tables>, defaults: DefaultLimits): Promise<LimitRules> {
  const row = await db.selectFrom('rate_limit_rules').selectAll().executeTakeFirst()
  return {
    rules: row?.rules ?? [],
    allow: row?.allow ?? [],
    defaults: limitBucketNames.map((bucket) => ({ bucket, ...defaults[bucket], about: limitBuckets[bucket] })),
    updatedAt: row?.updated_at.toISOString() ?? null,
    updatedBy: row?.updated_by ?? null,
  }
}

/** Puts these in the place of all rules; every hub hears of it. */
export async function writeRules(trx: Transaction<Tables>, wanted: NewLimitRules, actor: Actor): Promise<void> {
  const before = await trx.selectFrom('rate_limit_rules').select(['rules', 'allow']).forUpdate().executeTakeFirst()
  const row = { rules: JSON.stringify(wanted.rules), allow: wanted.allow, updated_by: actor.name }
  await trx
    .insertInto('rate_limit_rules')
    .values(row)
    .onConflict((conflict) => conflict.column('only_row').doUpdateSet({ ...row, updated_at: sql`now()` }))
    .execute()
  const details = { before: before ?? { rules: [], allow: [] }, after: wanted }
  await recordEvent(trx, { kind: 'rate limits changed', actor, details })
  await sql`select pg_notify(${LIMITS_CHANNEL}, 'rules')`.execute(trx)
}
