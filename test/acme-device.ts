/** A system that no agent knows: Acme OS, made up, as deploy/examples/acme_os.yaml reads it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRecording, type Recording } from '../agent/replay/recording.ts'

export const ACME_FILE = join(import.meta.dirname, '../deploy/examples/acme_os.yaml')
export const acmeSource = (): string => readFileSync(ACME_FILE, 'utf8')

/** Secrets that stand in its configuration. */
export const ACME_SECRETS = ['acme-enable', 'acme-user', 'acme-community'] as const

/** As text, for `netraven drivers add --recording`. */
export const acmeRecording = `@@ driver: acme_os
@@ evidence: documented
@@ source: made up for tests of own drivers
${ACME_SECRETS.map((secret) => `@@ secret: ${secret}`).join('\n')}
@@ login

Welcome to Acme OS
acme1>
@@ run: enable
Password: 
@@ hidden
acme1#
@@ run: terminal length 0
acme1#
@@ run: show version
Version: 4.2.1
Model: Acme 9000
Serial number: AC0001
Uptime: 3 days
acme1#
@@ run: show running-config
! Last change 2026-11-24 10:00:00
! Uptime 3 days, 2 hours
hostname acme1
enable password acme-enable
user admin secret 9 acme-user
snmp community acme-community
! generated at 10:00:00
ntp clock-period 1234
interface port1
 description uplink
!
end
acme1#
@@ refuse
% Unknown command
acme1#
`

export function acmeDevice(): Recording {
  return parseRecording(acmeRecording)
}
