/** What FastIron and NetIron have in common: both descend from Foundry's IronWare. */
import { commonPagers, type Pager } from '../../driver.ts'
import { pemSecrets, urlSecrets } from './secrets.ts'

export const ironwarePagers: readonly Pager[] = [{ when: /^--More--, next page: .{0,60}$/, send: ' ' }, ...commonPagers]

export const ironwareRejected: readonly RegExp[] = [
  /^(?:Invalid input -> |Incomplete command\.?|Ambiguous input -> |Unrecognized command|Error ?[-:] ?(?:Invalid|Unknown|Incomplete))/,
]

export const ironwareDenied: readonly RegExp[] = [
  /^(?:Error ?[-:] ?)?(?:Not authorized|Authorization failed|Permission denied|You are not authorized|Command not authorized|Access denied)/,
]

/** The kind of encryption before a value: 0 none, 1 to 9 and the word by itself. */
const kind = String.raw`(?:(?:\d|encrypted|plaintext) )?`
const value = String.raw`(?<secret>"[^"\n]*"|\S+)`

export const ironwareSecrets: readonly RegExp[] = [
  /^enable (?:telnet password|(?:super-user|port-config|read-only)-password) (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
  /^enable (?!super|port|read|aaa|password|user|telnet|snmp|strict)(?:secret )?(?:\d )?(?<secret>"[^"\n]*"|\S+)$/,
  new RegExp(String.raw`^ *(?:username|user) \S+ .*?\b(?:password|create-password) ${kind}${value}`),
  new RegExp(`^snmp-server community ${kind}${value}`),
  new RegExp(String.raw`^snmp-server host (?:ipv6 )?\S+ (?:version v[12]c? )?(?!version |port )${kind}${value}`),
  /^snmp-server user \S+ .*?\bauth (?:md5|sha\d*) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
  /^snmp-server user \S+ .*?\bpriv (?:encrypted )?(?:des|aes\d*|aes \d+) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
  new RegExp(String.raw`^(?:radius|tacacs)-server .*?\bkey ${kind}${value}`),
  new RegExp(String.raw`^ +neighbor \S+ password ${kind}${value}`),
  new RegExp(
    String.raw`^ +(?:ip ospf |area \S+ (?:virtual-link \S+ )?)?(?:authentication-key|md5-authentication key-id \d+ key) (?!key-id )${kind}${value}`,
  ),
  new RegExp(String.raw`^ +(?:ip|ipv6) ospf authentication .*?\besp (?:sha1|sha256) ${kind}${value}`),
  new RegExp(
    `^ +(?:ip vrrp(?:-extended)?|ipv6 vrrp(?:-extended)?)? ?auth-type (?:simple-text-auth|md5-auth) ${kind}${value}`,
  ),
  new RegExp(
    String.raw`^ +(?:isis |area-|domain-|auth-)?(?:password|auth-key|authentication-string) (?:level-\d (?=\S))?${kind}${value}`,
  ),
  new RegExp(String.raw`^ *(?:ntp |sntp )?authentication-key key-id \d+ (?:md5|sha1|sha256) ${kind}${value}`),
  new RegExp(
    String.raw`^ *(?:key|key-string|pre-shared-key|secret|shared-secret|passphrase) (?!\d+$|chain )${kind}${value}$`,
  ),
  new RegExp(
    String.raw`^ *(?:web-management|stack|mka|macsec|captive-portal|aaa) .*?\b(?:password|pre-shared-key|shared-key) ${kind}(?!authentication)${value}`,
  ),
  ...urlSecrets,
  ...pemSecrets,
]
