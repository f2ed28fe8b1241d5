/** Every step of the schema, in order. A released step is never edited; a change is a new one. */
import type { Kysely } from 'kysely'
import * as first from './0001-first.ts'
import * as waysIn from './0002-ways-in.ts'
import * as tests from './0003-tests.ts'
import * as credentials from './0004-credentials.ts'
import * as drivers from './0005-drivers.ts'
import * as jumpHosts from './0006-jump-hosts.ts'
import * as artifacts from './0007-artifacts.ts'
import * as credentialTests from './0008-credential-tests.ts'
import * as diagnostics from './0009-diagnostics.ts'
import * as retries from './0010-retries.ts'
import * as accounts from './0011-accounts.ts'
import * as users from './0012-users.ts'
import * as secondFactors from './0013-second-factors.ts'
import * as tokenKeys from './0014-token-keys.ts'
import * as grants from './0015-grants.ts'
import * as limits from './0016-limits.ts'
import * as rest from './0017-rest.ts'
import * as audit from './0018-audit.ts'
import * as keys from './0019-keys.ts'
import * as indexes from './0020-indexes.ts'

export interface Step {
  readonly name: string
  up(db: Kysely<unknown>): Promise<void>
}

export const steps: readonly Step[] = [
  { name: '0001-first', up: first.up },
  { name: '0002-ways-in', up: waysIn.up },
  { name: '0003-tests', up: tests.up },
  { name: '0004-credentials', up: credentials.up },
  { name: '0005-drivers', up: drivers.up },
  { name: '0006-jump-hosts', up: jumpHosts.up },
  { name: '0007-artifacts', up: artifacts.up },
  { name: '0008-credential-tests', up: credentialTests.up },
  { name: '0009-diagnostics', up: diagnostics.up },
  { name: '0010-retries', up: retries.up },
  { name: '0011-accounts', up: accounts.up },
  { name: '0012-users', up: users.up },
  { name: '0013-second-factors', up: secondFactors.up },
  { name: '0014-token-keys', up: tokenKeys.up },
  { name: '0015-grants', up: grants.up },
  { name: '0016-limits', up: limits.up },
  { name: '0017-rest', up: rest.up },
  { name: '0018-audit', up: audit.up },
  { name: '0019-keys', up: keys.up },
  { name: '0020-indexes', up: indexes.up },
]
