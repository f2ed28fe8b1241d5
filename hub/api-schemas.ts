/** Names of the shapes that the API speaks in: a schema of `hub/api/` is called in the document what it is called in the code. */
import { zodToOpenAPIRegistry } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import * as agent from './api/agent.ts'
import * as artifact from './api/artifact.ts'
import * as audit from './api/audit.ts'
import * as backup from './api/backup.ts'
import * as credential from './api/credential.ts'
import * as credentialTest from './api/credential-test.ts'
import * as device from './api/device.ts'
import * as deviceBulk from './api/device-bulk.ts'
import * as deviceFile from './api/device-file.ts'
import * as diagnostic from './api/diagnostic.ts'
import * as driver from './api/driver.ts'
import * as error from './api/error.ts'
import * as grant from './api/grant.ts'
import * as group from './api/group.ts'
import * as health from './api/health.ts'
import * as key from './api/key.ts'
import * as linePattern from './api/line-pattern.ts'
import * as password from './api/password.ts'
import * as rateLimit from './api/rate-limit.ts'
import * as reachability from './api/reachability.ts'
import * as role from './api/role.ts'
import * as run from './api/run.ts'
import * as secondFactor from './api/second-factor.ts'
import * as session from './api/session.ts'
import * as singleSignOn from './api/single-sign-on.ts'
import * as site from './api/site.ts'
import * as tag from './api/tag.ts'
import * as tagRule from './api/tag-rule.ts'
import * as token from './api/token.ts'
import * as user from './api/user.ts'
import * as version from './api/version.ts'

/** One line a file; a test says which is missing. */
const rooms: Readonly<Record<string, object>> = {
  agent,
  artifact,
  backup,
  'credential-test': credentialTest,
  credential,
  'device-bulk': deviceBulk,
  'device-file': deviceFile,
  device,
  diagnostic,
  driver,
  error,
  audit,
  grant,
  'tag-rule': tagRule,
  tag,
  group,
  health,
  key,
  'line-pattern': linePattern,
  password,
  'rate-limit': rateLimit,
  reachability,
  role,
  run,
  'second-factor': secondFactor,
  session,
  'single-sign-on': singleSignOn,
  site,
  token,
  user,
  version,
}

/** Files whose schemas have names in the document. */
export const namedRooms = Object.keys(rooms)

/**
 * Gives every schema its name, so that the document refers to it instead of repeating it. Doing it twice does no harm.
 */
export function nameSchemas(): void {
  for (const room of Object.values(rooms)) {
    for (const [name, schema] of Object.entries(room)) {
      if (isShape(schema)) zodToOpenAPIRegistry.add(schema, { _internal: { refId: name } })
    }
  }
}

/** What a query is made of is spelt out where it is asked. */
function isShape(value: unknown): value is z.ZodType {
  return value instanceof z.ZodObject || value instanceof z.ZodUnion || value instanceof z.ZodDiscriminatedUnion
}
