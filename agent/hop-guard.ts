/**
 * The guard over credentials of devices on the way to others. Five hundred devices behind one jump host log in there five hundred times
 * with one account: a wrong password must be tried there a few times only, and not by every task anew.
 */
import { createHash } from 'node:crypto'
import { Failure } from '@netraven/protocol/failure.ts'
import type { LoginGuard } from './login-guard.ts'
import type { ConnectParts, HopTarget, Way } from './target.ts'

type Through = (hops: readonly HopTarget[], parts: Omit<ConnectParts, 'ladder'>) => Promise<Way>

const REFUSALS: ReadonlySet<unknown> = new Set(['PASSWORD_REJECTED', 'KEY_REJECTED'])

/**
 * @param through goes a way
 * @returns the same, but a way whose logins are refused again and again is not gone for a while; another secret is another way
 */
export function guardedWay(guard: LoginGuard, through: Through): Through {
  return async (hops, parts) => {
    const pass = await guard.enter(wayOf(hops), parts.signal).catch((error: unknown) => {
      throw error instanceof Failure && error.code === 'CREDENTIAL_GUARDED' ? heldBack(hops, error) : error
    })
    try {
      const way = await through(hops, parts)
      pass.opened()
      return way
    } catch (error) {
      if (error instanceof Failure && REFUSALS.has(error.details.hopCode)) pass.refused()
      throw error
    } finally {
      pass.left()
    }
  }
}

function heldBack(hops: readonly HopTarget[], { code, details }: Failure): Failure {
  const reason = `the logins on the way were refused ${details.refusals} times in a row; tried again after ${details.until}`
  return new Failure('JUMP_HOST_FAILED', { hop: hops.at(-1)?.hop ?? '', hopCode: code, reason, until: details.until })
}

/** A digest, so that no secret is kept for the sake of comparing it. */
function wayOf(hops: readonly HopTarget[]): string {
  const facts = hops.map(({ address, port, username, password, privateKey }) => [
    ...[address, port, username],
    ...[password ?? null, privateKey ?? null],
  ])
  return `way ${createHash('sha256').update(JSON.stringify(facts)).digest('base64')}`
}
