/**
 * What the many command lines have in common that follow the example of Cisco IOS. Spread these lists and put in front, or
 * leave out, what a system does otherwise. Patterns for secrets allow for any indent and any type (`0`, `7`, `encrypted`, …)
 * before the value, quoted or not.
 */
import { pemSecrets, urlSecrets } from './secrets.ts'

export const iosPrompt = /^[\w.\-/@:+~]{1,63}(?:\([\w.\-/ ]{1,40}\))?[>#] ?$/
export const iosEnable = { run: 'enable', from: /> ?$/, password: /^(?:[Ee]nable )?[Pp]assword: ?$/ } as const

/** Answers that mean: no such command here. */
export const iosRejected: readonly RegExp[] = [
  /^\s*(?:% ?|%?[Ee]rror: ?|ERROR: ?)?(?:[Ii]nvalid (?:[Ii]nput|[Cc]ommand|[Pp]arameter)|(?:[Ii]ncomplete|[Aa]mbiguous|[Uu]nknown|[Uu]nrecognized|[Bb]ad) [Cc]ommand|[Cc]ommand not found|[Uu]nknown parameter)/,
  /^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Bad|There is no matched command)/,
]

/** Answers that mean: not for you. */
export const iosDenied: readonly RegExp[] = [
  /^(?:% ?)?(?:Command authorization|[Aa]uthorization) (?:[Ff]ailed|[Dd]enied)/,
  /^(?:% ?)?(?:Error: ?)?(?:[Pp]ermission denied|[Aa]ccess denied|[Nn]ot authorized|[Ii]nsufficient privilege|You are not authorized)/,
]

/** Passwords, hashes, communities and keys as IOS and its likes print them. */
export const iosSecrets: readonly RegExp[] = [
  /^ *enable (?:secret|password)(?: level \d{1,2}| \d{1,2}| encrypted| sha\d*| md5| cipher| simple| plain(?:text)?){0,3} (?!level |encrypted |cipher )(?<secret>"[^"\n]*"|\S+)/,
  /^ *(?:username|user|aaa user|local-user) \S+ (?:[^\n]{0,200} )?(?:password|secret|passwd)(?: (?:\d{1,2}|encrypted|sha\d*|md5|plain(?:text)?|unencrypted|cipher|simple|hash|encryption-type \d))* (?<secret>"[^"\n]*"|\S+)/,
  /^ *(?!description |remark |name |banner |service |no |ip |ipv6 |aaa )(?:neighbor \S+ |line |ppp \S+ |area \S+ )?password(?: (?:\d{1,2}|encrypted|md5|plain(?:text)?|cipher|simple))* (?!encryption\b|recovery\b|policy\b|min|max|aging\b|strength\b|history\b|lifetime\b|length\b)(?<secret>"[^"\n]*"|\S+)/,
  /^ *snmp-server community(?: \d{1,2}(?= \S+ (?:view|ro|rw|RO|RW)\b)| encrypted| encryption(?= \S)| string| v(?:2c|3)(?= \S)| read-(?:only|write)(?= \S+$)| (?:ro|rw) [078](?= ))? (?<secret>"[^"\n]*"|\S+)/,
  /^ *snmp-server host \S+ (?:vrf \S+ |traps? |informs? |version v?(?:1|2c?) |v1 |v2c )*(?:community )?(?!(?:version|vrf|traps?|informs?|udp-port|\d{1,5} \S{1,64} smode) )(?<secret>"[^"\n]*"|\S+)/,
  /^ *snmp-server user \S+ [^\n]*?\b(?:auth|authentication)(?: (?:md5|sha(?:-?\d+)?|MD5|SHA(?:-?\d+)?|encrypted|\d{1,2}))+ (?<secret>"[^"\n]*"|\S+)/,
  /^ *snmp-server user \S+ [^\n]*?\b(?:priv|privacy|encryption)(?: (?:3?des(?:56)?|aes(?:-?\d+)?|DES|AES(?:-?\d+)?|\d{1,3}|encrypted))+ (?<secret>"[^"\n]*"|\S+)/,
  /^ *(?:radius|tacacs)(?:-server|plus-server| server|)(?: host)?(?: \S+ [^\n]*?| )\b(?:key|secret|shared-key|encryption-key)(?: (?:\d{1,2}|encrypted|cipher|simple|plain(?:text)?))* (?!(?:auth|acct) \S)(?<secret>"[^"\n]*"|\S+)/,
  /^ +(?:key|server-key|key-string|shared-key|pac key|secret)(?: (?:\d{1,2}|encrypted|cipher|simple|plain(?:text)?))+ (?<secret>"[^"\n]*"|\S+)$/,
  // A number alone is the number of a key in a chain.
  /^ +(?:key|server-key|key-string|shared-key|pac key|secret) (?!chain$|\d+$)(?<secret>"[^"\n]*"|\S+)$/,
  /^ +(?:ip ospf |ipv6 ospf |ospf |area \S+ virtual-link \S+ )?(?:authentication-key|message-digest-key \d+ \S+)(?: (?:\d{1,2}|encrypted|cipher|simple))* (?<secret>"[^"\n]*"|\S+)/,
  /^ +(?:isis |area-|domain-|ip rip authentication |rip )(?:password|string)(?: (?:\d{1,2}|encrypted|md5|hmac-\S{1,12}|clear|text))* (?<secret>"[^"\n]*"|\S+)/,
  /^ +(?:standby|vrrp|glbp)(?: \S+){0,3} authentication (?:text |md5 |simple |key-string |\d )*(?<secret>"[^"\n]*"|\S+)/,
  /^ *(?:ntp|sntp) authentication-key \d+ \S+(?: (?:\d{1,2}|encrypted))* (?<secret>"[^"\n]*"|\S+)/,
  /^ *(?:crypto isakmp key|pre-shared-key)(?: (?:\d{1,2}|encrypted|hex|local|remote|cipher|simple))* (?<secret>"[^"\n]*"|\S+)/,
  /^ *(?:ppp pap sent-username \S+|dot1x username \S+|ip scp username \S+|ip (?:ftp|http client)|mpls ldp neighbor \S+|vtp)(?: vrf \S+)? password(?: (?:\d{1,2}|encrypted))* (?<secret>"[^"\n]*"|\S+)/,
  /^ +server(?:-private)? \S+ [^\n]{0,160}?\b(?:server-)?key(?: (?:\d{1,2}|encrypted|cipher|simple))* (?<secret>"[^"\n]*"|\S+)/,
  /^ +ip(?:v6)? nhrp authentication(?: \d)? (?<secret>"[^"\n]*"|\S+)/,
  /^ +(?:isis |ip rip )?authentication (?:mode \S+ )?key(?: (?:\d{1,2}(?= \S)|encrypted))* (?!\d+$)(?<secret>"[^"\n]*"|\S+)/,
  /^ *snmp-server user \S+ [^\n]{0,120}?\bauth [^\n]{0,200}?\bpriv (?!(?:3?des|aes|DES|AES)\S* )(?<secret>"[^"\n]*"|\S+)/,
  /^ *snmp-server host [^\n]{0,120}?\bcommunity (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
  /^ +(?:wpa2?-psk|wpa-passphrase|passphrase|psk)(?: (?:ascii|hex|encrypted|\d{1,2}))* (?<secret>"[^"\n]*"|\S+)/,
  ...urlSecrets,
  ...pemSecrets,
]
