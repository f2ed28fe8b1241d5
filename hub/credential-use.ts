/**
 * Who may say where a stored secret is sent. Whoever could hang any credential on a device of theirs, or point a device that has one at
 * a box of their own, would read its password there: that takes `exec:credentials`. One that comes with the request is known to whoever
 * sends it; to keep it takes `write:credentials`.
 */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Reacher } from './reach.ts'
import type { Scope } from './scopes.ts'

/** What decides to whom, and how well protected, a login goes. */
const ways = ['site', 'address', 'port', 'transport', 'driver', 'via', 'hostKey', 'options'] as const

interface Wish extends Partial<Record<(typeof ways)[number], unknown>> {
  readonly credential?: unknown
  readonly credentials?: readonly unknown[] | undefined
}

/** What somebody may not do for want of a scope; undefined: nothing. */
export function lackingUse(who: Reacher, wish: Wish, hasCredential: boolean): Scope | undefined {
  const isHung = (wish.credential ?? null) !== null || (wish.credentials?.length ?? 0) > 0
  const isTurned = hasCredential && ways.some((way) => wish[way] !== undefined)
  return (isHung || isTurned) && !who.scopes.has('exec:credentials') ? 'exec:credentials' : undefined
}

/**
 * @param wish what is to be set; a way that stays as it is must not be in it
 * @param hasCredential whether the device has one already
 * @throws Failure MISSING_SCOPE
 */
export function mustBeFreeToUse(who: Reacher, wish: Wish, hasCredential: boolean): void {
  requireScope(who, lackingUse(who, wish, hasCredential))
  requireScope(who, wish.hostKey !== undefined && !who.scopes.has('admin:devices') ? 'admin:devices' : undefined)
}

function requireScope(who: Reacher, scope: Scope | undefined): void {
  if (scope === undefined) return
  throw new Failure('MISSING_SCOPE', { required: [scope], missing: [scope], held: who.scopes.held })
}
