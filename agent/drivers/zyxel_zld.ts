import { defineDriver } from '../driver.ts'
import { iosEnable, iosPrompt, iosSecrets } from './shared/ios-like.ts'

/**
 * USG, ZyWALL, ATP and VPN gateways: the head names model and firmware, `!` stands behind each block and at the end. A cut behind a block
 * is seen only by the missing prompt. Secrets follow words that begin with `encrypted-`, and `$4$`, `$5$` marks.
 */
export default defineDriver({
  title: 'Zyxel ZLD (USG, ZyWALL, ATP)',
  aliases: ['zld', 'zywall', 'usg', 'zyxel_zywall', 'usgflex'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: [],
  rejected: [
    /^% (?:Command not found|\(after .{1,60}\): Parse error|.{0,40}Parse error)/,
    /^retval = -\d{1,6}\b/,
    /^ERROR: (?:Parse error|[Cc]ommand not found)/,
  ],
  denied: [/^(?:% |ERROR: ).{0,40}(?:[Pp]ermission denied|[Nn]ot enough privilege|not allowed)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:\d +\S.* (?:Running|Standby)|model *:|firmware version *:|BM version *:)|^(?:Zyxel|ZyXEL) /,
    },
    { run: 'show serial-number', as: 'note', keep: /^ *serial number *:/ },
    { run: 'show mac', as: 'note', keep: /^ *MAC address *:/ },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])[\s\S]{0,200}^! model: [^\n]*\n! firmware version: (?=[\s\S]*^username )[\s\S]*^!\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^! saved at /],
  secrets: [
    /(?<secret>\$[45]\$[^\s"]{1,400})/,
    /^ *(?!description |!)(?:\S{1,40} ){0,8}?encrypted-[\w-]{1,40} (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:keystring|pre-shared-key|wpa-psk|psk|secret|server-secret|key) (?!group)(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:account pppoe|ldap-server|ad-server|radius-server|aaa group server|ddns) .{0,120}?\b(?:password|key|secret) (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
