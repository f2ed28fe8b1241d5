import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * V2.x (C300, C320) prints the IOS way with `end`; V5 and later, and C600, C650, C680, wrap each module in `!<name>` … `!</name>`.
 * A loaded OLT needs minutes. Of cards only what is configured is kept: the rest comes and goes with their state. Registration passwords and what is pushed to an ONU (PPPoE, Wi-Fi, SIP) are secrets too.
 */
export default defineDriver({
  title: 'ZTE ZXA10 C300, C320, C600 (ZXAN)',
  aliases: ['ztec300', 'zxan', 'c300', 'c320', 'c600', 'zteolt', 'zte_olt', 'zte_zxan', 'zxa10'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: [
    /^ *%? ?(?:%?Error \d{1,6}|%?Code \d{1,6}(?:-\d{1,6})? ?: ?Error)[: ].{0,10}(?:Invalid|Unrecognized|Unknown|Incomplete|Ambiguous)/,
    ...iosRejected,
  ],
  denied: [
    /^ *%?.{0,20}(?:Permission denied|privilege level is (?:too low|not enough)|not enough privilege)/,
    ...iosDenied,
  ],
  commands: [
    { run: 'show version-running', as: 'note', keep: /^ *\d+ +\d+ +\d+ +\S+ +\S+ +V\d/ },
    {
      run: 'show card',
      as: 'note',
      keep: /^ *(?<keep>(?:Rack +)?Shelf +Slot +CfgType|\d+ +(?:\d+ +){1,2}[A-Z][A-Z\d]+)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^ *interface \S)[\s\S]*^(?:!<\/[\w-]{1,40}>|end)\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 1_200_000,
    },
  ],
  volatile: [
    /^ *Building configuration/,
    /^!? ?Current configuration\b/,
    /^! ?(?:last configuration change|configuration (?:saved|last))\b/,
  ],
  secrets: [
    /^ *snmp-server community (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ (?:vrf \S+ )?(?:(?:trap|inform)s? )?(?:version (?:1|2c|3 (?:auth|noauth|priv)) )?(?:encrypted )?(?!(?:version|vrf|traps?|informs?|encrypted) )(?<secret>"[^"\n]*"|\S+)/,
    /^ *server \d{1,2} .{0,120}?\bkey (?:encrypted |encrypt )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:password|secret|key) (?:encrypted|encrypt|cipher|level \d{1,2} \S+) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:onu|registration-method) \S+ .{0,80}?\b(?:pw|password|loid-password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:pppoe|wan-ip|ppp|sip-service|voip|ssid|tr069-mgmt|wifi|sip|pppox)\b.{0,160}?\b(?:password|pwd|key|passphrase|psk) (?!encrypt )(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:mgmt-)?(?:acs|tr069)\S* .{0,120}?\bpassword (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
