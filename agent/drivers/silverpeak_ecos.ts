import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * EdgeConnect and the older NX, VX and VRX appliances (VXOA). Each section has a heading behind `##`; nothing marks the end, so the
 * confirmed prompt is the judge of it.
 */
export default defineDriver({
  title: 'HPE Aruba EdgeConnect ECOS (Silver Peak)',
  aliases: [
    'ecos',
    'silverpeak',
    'silver peak',
    'silver_peak',
    'edgeconnect',
    'vxoa',
    'aruba_edgeconnect',
    'silverpeak_vxoa',
  ],
  comment: '## ',
  channel: 'shell',
  prompt: /^[\w.-]{1,63}(?: \([\w.\- /]{1,40}\))? ?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['no cli session paging enable', 'terminal length 0'],
  pagers: [{ when: /^lines \d+-\d+.{0,40}$/, send: ' ' }, { when: /^: ?$/, send: ' ' }, ...commonPagers],
  rejected: [/^% ?(?:Unrecognized|Invalid|Incomplete|Ambiguous|Unknown)/, ...iosRejected],
  denied: [/^% ?(?:Insufficient|You do not have|Not authorized)/, ...iosDenied],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Product name|Product release|Product model|Build ID|Build arch|Model|Hardware revision|Number of CPUs): /,
    },
    {
      run: 'show system',
      as: 'note',
      keep: /^(?:Model|Serial(?: [Nn]umber)?|Appliance (?:ID|Key|Model|Serial Number)|Hostname|Site|Software Version|BIOS Version|Part Number): *\S/,
    },
    {
      run: ['show running-config', 'show configuration running', 'show configuration'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^ *hostname )[\s\S]*^ *[a-z][^\n]*\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^## ?(?:Generated at|Date|Time|Up ?time|Last (?:saved|modified))\b/, /^ *clock set /],
  secrets: [
    /^ *(?:no )?username \S+ password (?:[07] )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:radius|tacacs)-server (?:host \S+ .{0,80}?)?\bkey (?:[07] )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server (?:trap-)?community (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server host \S+ traps? (?:version \S+ )?(?!(?:version|port|user) )(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server user \S+ v3 (?:encrypted |prompt )?auth (?:sha\d*|md5) (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server user \S+ v3 .{0,160}?\bpriv (?:aes-\d+|des|aes\S{0,4}) (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:tunnel|ssl|ipsec|wccp|web|email|cdp|proxy|license|bgp|ospf|vrrp|interface \S+ vrrp|ntp|saas) .{0,160}?\b(?:password|passphrase|preshared-key|pre-shared-key|shared-secret|secret|auth-key|authentication|key) (?:[07] |md5 |text )?(?!(?:enable|disable|none|id|prefix|name)\b)(?<secret>"[^"\n]+"|\S+)$/,
    ...iosSecrets.filter(({ source }) => !/snmp-server|radius\|tacacs/.test(source)),
  ],
})
