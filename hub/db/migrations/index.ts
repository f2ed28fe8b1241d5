/** Every step of the schema, in order. A released step is never edited; a change is a new one. */
import type { Kysely } from 'kysely'
import * as first from './0001-first.ts'
import * as waysIn from './0002-ways-in.ts'

export interface Step {
  readonly name: string
  up(db: Kysely<unknown>): Promise<void>
}

export const steps: readonly Step[] = [
  { name: '0001-first', up: first.up },
  { name: '0002-ways-in', up: waysIn.up },
]
