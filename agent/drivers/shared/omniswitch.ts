/** What OmniSwitch AOS 6, 7 and 8 have in common: the settings of a snapshot are the same words in all of them. */
import { pemSecrets, urlSecrets } from './secrets.ts'

/** `->`, a name before it, or what `session prompt default` made of it. */
export const aosPrompt = /^(?=\S)[\w.\-/@:+()[\] =]{0,62}[>#$] ?$/

/** A value is quoted, or one word. */
export const aosSecrets: readonly RegExp[] = [
  /^aaa (?:radius|tacacs\+|ldap|ace)-server .*?\b(?:hash-)?key (?<secret>"[^"\n]*"|\S+)/,
  /^aaa ldap-server .*?\bpassword (?<secret>"[^"\n]*"|\S+)/,
  /^user .*?\b(?:authkey|password(?:-hash)?|privkey|priv-password) (?<secret>"[^"\n]*"|\S+)/,
  /^snmp community[ -]map (?!mode )(?:hash-key )?(?<secret>"[^"\n]*"|\S+)/,
  /^ip(?:v6)? (?:ospf|rip|isis|bgp|vrrp|multicast) .*?\b(?:auth-key|auth-encrypt-key|encrypt-key|md5 key|password|authentication key) (?<secret>"[^"\n]*"|\S+)/,
  /^ip ospf .*?\bmd5 \d+ (?:encrypt-)?key (?<secret>"[^"\n]*"|\S+)/,
  /^ip isis .*?\b(?:auth-type \S+ (?:encrypt-)?key|authentication-key) (?<secret>"[^"\n]*"|\S+)/,
  /^vrrp\d? .*?\b(?:authenticate|password) (?<secret>"[^"\n]*"|\S+)/,
  /^ntp .*?\b(?:authentication-key|key-value|hash-key) (?<secret>"[^"\n]*"|\S+)/,
  /^ipsec (?:security-)?key .*?\b(?:0x(?=[0-9A-Fa-f])|key |sa-\S+ |encrypted )(?<secret>"[^"\n]*"|\S+)/,
  /^(?:security-key|macsec|interfaces) .*?\b(?:hex-key|encrypt-key|cak|psk|passphrase) (?<secret>"[^"\n]*"|\S+)/,
  /^(?:cloud-agent|device-profile|policy server) .*?\b(?:password|secret|key) (?<secret>"[^"\n]*"|\S+)/,
  ...urlSecrets,
  ...pemSecrets,
]
