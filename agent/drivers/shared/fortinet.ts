/**
 * What Fortinet's appliances beside FortiGate have in common: the words of FortiOS, other sections, two or four blanks of
 * indent. No end mark: what a whole configuration has is a section first, those of the system, and a closed section last, so a cut
 * behind a section is seen only by the missing prompt. The pager is stubborn, since turning it off would be a change.
 */
import type { Command } from '../../driver.ts'
import { pemSecrets, urlSecrets } from './secrets.ts'

export const fortinetPrompt = /^[\w.-]{1,64}(?: \([\w. -]{1,64}\))? [#$] ?$/

export const fortinetRejected: readonly RegExp[] = [/^(?:Unknown action|[Cc]ommand parse error|Command fail)/]

export const fortinetDenied: readonly RegExp[] = [
  /^(?:[Pp]ermission denied|No permission|[Uu]ser does not have permission)/,
]

export const fortinetCommands: readonly Command[] = [
  {
    run: 'get system status',
    as: 'note',
    keep: /^(?:(?:International )?Version|Serial-Number|BIOS version|Bios version|System Part-Number|Burn in MAC|Hostname|Operation Mode|Virtual domain configuration) *:/,
  },
  {
    run: 'show',
    as: 'config',
    complete: /(?<![\s\S])(?:#[^\n]*\n)*(?=config [a-z])(?=[\s\S]*^config system )[\s\S]*^end\n*(?![\s\S])/,
    idleMs: 60_000,
    totalMs: 270_000,
  },
]

const ENCRYPTED = String.raw`^ +set [\w-]+(?: \d+)? "?ENC `

export const fortinetSecrets: readonly RegExp[] = [
  new RegExp(String.raw`${ENCRYPTED}(?<secret>[^\s"]+)`),
  /^ +set (?:[\w-]{1,40}-)?(?:passwd|password|secret|passphrase|psk|psksecret|shared-key|auth-key|md5-key|key-string|auth-pwd|priv-pwd|token) (?!"?ENC |enable$|disable$)(?<secret>"[^"\n]+"|\S+)$/,
  /(?<=^config system snmp community\n(?: .*\n){0,200}) +set name (?<secret>"[^"\n]+"|\S+)/,
  /^#private-encryption-key=(?<secret>\S+)/,
  ...pemSecrets,
  ...urlSecrets,
]

/** Hashes of administrators (AK1, SH2, PB2) stay as they are; FortiOS encrypts all else anew at each `show`. */
export const fortinetResalted: readonly RegExp[] = [
  new RegExp(String.raw`${ENCRYPTED}(?!AK1|SH2|PB2)(?<secret>[^\s"]+)`),
  /-----BEGIN ENCRYPTED PRIVATE KEY-----\n(?<secret>[^-"]{1,20000})/,
]
