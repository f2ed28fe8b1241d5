import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** Digital China switches (DCRS, DCWS, CS6200, Yunke): the configuration begins with `!` and ends with `end`. */
export default defineDriver({
  title: 'Digital China (DCN) switches',
  aliases: ['dcn', 'dcnos', 'dcn-os', 'dcrs', 'yunke', 'digitalchina'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  pagers: [{ when: /^ *--More-- or \(q\)uit *$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *> ?Unrecognized command/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?<keep>\S.{0,60} Device(?=, Compiled)|(?:CPU|Vlan|VLAN) M[Aa][Cc] .*|Soft[Ww]are (?:Package )?Version .*|Boot[Rr]om Version .*|UBoot Version .*|Hard[Ww]are Version .*|CPLD Version .*|(?:Device )?[Ss]erial (?:No\.?|Number) ?:? ?.*)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^(?:hostname|sysname|vlan|Interface|interface) ?)[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Building configuration/, /^!? ?Current configuration\b/],
  secrets: [
    /^ *authentication string (?<secret>\S+)/,
    /^ *snmp-server community (?:ro|rw) (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ (?:v1|v2c|v3 \S+) (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server securityip .{0,60}?\bcommunity (?<secret>\S+)/,
    /^ *snmp-server user \S+ .{0,60}?\bauth[Pp]riv \S+ (?:[07] )?(?<secret>"[^"\n]*"|\S+) auth /,
    /^ *enable password (?:level \d{1,2} )?(?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs)-server (?:authentication |accounting )?host \S+ .{0,80}?\bkey (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:security )?(?:wpa|wep) .{0,40}?\bkey (?:\d{1,2} )?(?:encrypted )?(?<secret>\S+)/,
    ...iosSecrets,
  ],
})
