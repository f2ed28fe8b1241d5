/** People and groups as somebody names them who need not be allowed to list them: a name that is not there brings no hint at another. */
import { Failure } from '@netraven/protocol/failure.ts'
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './db/tables.ts'
import { findGroup } from './groups.ts'
import type { Reacher } from './reach.ts'
import { findUser } from './user-rows.ts'

type Db = Kysely<Tables> | Transaction<Tables>

export interface Named {
  readonly id: string
  readonly name: string
}

/** @throws Failure USER_UNKNOWN */
export async function userNamed(db: Db, idOrName: string, who: Reacher): Promise<Named> {
  const { id, username } = await discreetly(who, () => findUser(db, idOrName))
  return { id, name: username }
}

/** @throws Failure GROUP_UNKNOWN */
export async function groupNamed(db: Db, idOrName: string, who: Reacher): Promise<Named> {
  const { id, name } = await discreetly(who, () => findGroup(db, idOrName))
  return { id, name }
}

async function discreetly<T>(who: Reacher, find: () => Promise<T>): Promise<T> {
  try {
    return await find()
  } catch (error) {
    if (!(error instanceof Failure) || who.scopes.has('read:users')) throw error
    const { didYouMean: _, ...details } = error.details
    throw new Failure(error.code, details)
  }
}
