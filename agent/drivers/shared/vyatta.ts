/** What the systems share that come from Vyatta: VyOS, Vyatta itself and Ubiquiti's EdgeOS. */
import { commonPagers, type Pager } from '../../driver.ts'
import { pemSecrets, urlSecrets } from './secrets.ts'

/** The operational mode of vbash: `admin@edge:~$ `. */
export const vyattaPrompt = /^[\w.-]{1,64}@[\w.-]{1,64}(?::[~/][\w./~-]{0,80})?[$#>] ?$/

/** less, without and with a prompt of its own. */
export const vyattaPagers: readonly Pager[] = [
  { when: /^:\s*$/, send: ' ' },
  { when: /^lines \d+-\d+.{0,40}$/, send: ' ' },
  ...commonPagers,
]

export const vyattaRejected: readonly RegExp[] = [
  /^\s*(?:Invalid|Incomplete|Ambiguous) command:?/,
  /^-?(?:vbash|bash): .*command not found/,
]

export const vyattaDenied: readonly RegExp[] = [/^\s*(?:[Pp]ermission denied|\S{1,80}: [Pp]ermission denied$)/]

/**
 * A list of set commands, nothing but whole ones at its begin and end. No end is marked, so the confirmed prompt is the
 * judge of the rest; or the braces of the same tree, which ends at the left.
 */
export const wholeVyatta =
  /(?<![\s\S])set [^\n]+\n(?:[\s\S]*\n)?(?:set|deactivate|comment) (?:[^'\n]|'[^'\n]{0,4000}')+\n*(?![\s\S])|(?<![\s\S])[a-z][\w-]* \{\n[\s\S]*^\}\n*(?![\s\S])/

const key = String.raw`(?:[\w-]{0,30}password|[\w-]{0,30}secret|passphrase|wep-key|(?:private|preshared|pre-shared|md5|plaintext|encryption|authentication|auth|encrypted)-key|psk|(?<!public )key|token|md5)`

export const vyattaSecrets: readonly RegExp[] = [
  // a set command; whatever is quoted before is no key. An ssh key of a user begins with AAAA.
  new RegExp(
    String.raw`^set [^'"\n]{1,400} ${key} (?!'?AAAA)(?<secret>'[^'\n]{1,20000}'|"[^"\n]{1,20000}"|[^\s'"]{1,20000})$`,
  ),
  // the same in braces
  new RegExp(String.raw`^[ \t]+(?:[\w-]{1,30} )?${key} (?!"?AAAA)(?<secret>"[^"\n]{1,20000}"|[^\s"{]{1,20000})$`),
  // names of SNMP communities
  /^set service snmp community (?<secret>'[^'\n]{1,200}'|[^\s']{1,200})/,
  /^set service snmp trap-target \S{1,80} community (?<secret>'[^'\n]{1,200}'|[^\s']{1,200})/,
  /^ {4}snmp \{\n(?: {8}[^\n]*\n){0,200}? {8}community (?<secret>[^\s{]{1,200})/,
  /^ {8}community (?<secret>[^\s{]{1,200}) \{\n {12}(?:authorization|client|network)\b/,
  /^ {8}trap-target \S{1,80} \{\n {12}community (?<secret>\S{1,200})/,
  /^set container name \S{1,80} environment \S{0,40}(?:PASSWORD|SECRET|TOKEN|KEY)\S{0,40} value (?<secret>'[^'\n]{1,400}'|\S{1,400})/,
  ...urlSecrets,
  ...pemSecrets,
]
