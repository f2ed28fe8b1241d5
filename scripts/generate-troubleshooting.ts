/** deploy/TROUBLESHOOTING.md, made from the failure table: what people read on the screen leads to causes and steps. */
import { type FailureEntry, failures } from '../protocol/failure.ts'
import { accessFailures } from '../protocol/failures/access.ts'
import { accountsFailures } from '../protocol/failures/accounts.ts'
import { databaseFailures } from '../protocol/failures/database.ts'
import { deviceFailures } from '../protocol/failures/device.ts'
import { diagnosticsFailures } from '../protocol/failures/diagnostics.ts'
import { driversFailures } from '../protocol/failures/drivers.ts'
import { enrollmentFailures } from '../protocol/failures/enrollment.ts'
import { envelopeFailures } from '../protocol/failures/envelope.ts'
import { factorsFailures } from '../protocol/failures/factors.ts'
import { hubFailures } from '../protocol/failures/hub.ts'
import { keysFailures } from '../protocol/failures/keys.ts'
import { limitsFailures } from '../protocol/failures/limits.ts'
import { linkFailures } from '../protocol/failures/link.ts'
import { loginFailures } from '../protocol/failures/login.ts'
import { policyFailures } from '../protocol/failures/policy.ts'
import { readingFailures } from '../protocol/failures/reading.ts'
import { requestsFailures } from '../protocol/failures/requests.ts'
import { storageFailures } from '../protocol/failures/storage.ts'

type Room = Readonly<Record<string, FailureEntry>>

const rooms: readonly (readonly [string, Room])[] = [
  ['Reaching a device', deviceFailures],
  ['Logging in to a device', loginFailures],
  ['Reading a device', readingFailures],
  ['Own drivers and patterns', driversFailures],
  ['Looking from where an agent stands', diagnosticsFailures],
  ['Refused by the agent’s policy', policyFailures],
  ['Between agent and hub', linkFailures],
  ['Enrolling and identifying agents', enrollmentFailures],
  ['Signed messages', envelopeFailures],
  ['Signing in to the hub', accessFailures],
  ['Accounts and passwords', accountsFailures],
  ['Second factors and single sign-on', factorsFailures],
  ['Keys', keysFailures],
  ['Asking too often', limitsFailures],
  ['What was asked of the hub', requestsFailures],
  ['Stored configurations', storageFailures],
  ['The hub itself', hubFailures],
  ['The database', databaseFailures],
]

const head = `<!-- Made by \`npm run generate\` from protocol/failures/. Change it there. -->
# Troubleshooting

Every failure that NetRaven knows has a code, in square brackets behind the message: \`Device unreachable [TCP_TIMEOUT]\`.
Find the message or the code below, or ask on the command line: \`netraven explain TCP_TIMEOUT\`. The hub's API answers with
the same causes and steps.

Words in braces stand for the case at hand, such as \`{device}\`, or the \`{agent}\` and \`{site}\` that tried; the command line and the
API fill them in. Words in capitals are yours to choose. *Trying again later may help* says that nothing need be
changed first; with everything else trying again would be useless, or would lock an account.
`

/**
 * The whole page in Markdown.
 * @throws RangeError when a failure stands in no room of this page, or in two
 */
export function troubleshooting(): string {
  const shown = rooms.flatMap(([, room]) => Object.keys(room)).toSorted()
  const known = Object.keys(failures).toSorted()
  if (shown.join() !== known.join()) {
    const lost = known.filter((code) => !shown.includes(code))
    throw new RangeError(`scripts/generate-troubleshooting.ts lacks a room of protocol/failures: ${lost.join(', ')}`)
  }
  return [head, byRoom(), byMessage(), byCode(known), ...rooms.map(chapter)].join('\n')
}

function byRoom(): string {
  const lines = rooms.map(([title]) => `- [${title}](#${anchor(title)})`)
  return `## By part\n\n${lines.join('\n')}\n`
}

function byMessage(): string {
  const codes = Map.groupBy(Object.entries<FailureEntry>(failures), ([, entry]) => entry.message)
  const lines = [...codes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([message, entries]) => `| ${message} | ${entries.map(([code]) => link(code)).join(', ')} |`)
  return `## By message\n\n| what you read | code |\n|---|---|\n${lines.join('\n')}\n`
}

function byCode(codes: readonly string[]): string {
  return `## By code\n\n${codes.map(link).join(' · ')}\n`
}

function chapter([title, room]: readonly [string, Room]): string {
  const sections = Object.entries(room).map(([code, entry]) =>
    [
      `### ${code}`,
      '',
      `**${entry.message}** (HTTP status ${entry.status}${entry.retry === 'backoff' ? ', trying again later may help' : ''})`,
      '',
      ...entry.causes.map((cause) => `- ${cause}`),
      '',
      ...entry.remedies.map((step, index) => `${index + 1}. ${step}`),
      '',
    ].join('\n'),
  )
  return [`## ${title}`, '', ...sections].join('\n')
}

const link = (code: string) => `[\`${code}\`](#${anchor(code)})`

/** The anchor that GitHub and most viewers give a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
