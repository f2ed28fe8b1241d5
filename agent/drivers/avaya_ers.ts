import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosRejected } from './shared/ios-like.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * Ethernet Routing Switches with BOSS software (Nortel, Avaya, Extreme), also as BayStack. A banner wants Ctrl-Y first, many say
 * nothing at all until a key comes, and some show a menu, of which `c` is the command line. Keys stand as `********` in comments. There is no end mark, but the title of each
 * section is printed, empty or not: a whole configuration has CORE, VLAN and one of the second phase. A cut behind that is
 * seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Avaya and Nortel ERS (BOSS)',
  aliases: [
    'baystack',
    'extreme_ers',
    'extreme_ers_ssh',
    'avaya_ers_ssh',
    'ers',
    'boss',
    'nortel',
    'nortel_ers',
    'avaya',
    'baynet',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.\-/@:+]{1,64}(?:\([\w-]{1,30}\))?[>#] ?$/,
  answers: [
    { when: /^$/, send: '\u0019\\c' },
    { when: /Enter Ctrl-Y to begin\.?[ *]{0,80}$/, send: '\u0019\\c' },
    { when: /^\*{40,100} *$/, send: '\u0019\\c' },
    { when: /press <Return> or <Enter> to select option\. *$/, send: 'c\\c' },
  ],
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show sys-info',
      as: 'note',
      keep: /^ *(?:Operation Mode|Size Of Stack|Base Unit|MAC Address|Unit #\d|Switch Model|sysDescr|sysObjectID|Serial #|HW\/FW\/SW|(?:Firmware|Software|Operational) (?:Version|license))/,
    },
    { run: 'show boot', as: 'note', keep: /^ *(?:Unit|Image|Agent|Diag|\d+) / },
    {
      run: ['show running-config', 'show running-config verbose'],
      as: 'config',
      complete:
        /(?<![\s\S])\s*! Embedded ASCII Configuration Generator Script(?=[\s\S]*^configure terminal *$)[\s\S]*^! \*{3} CORE\b[\s\S]*^! \*{3} VLAN\b[\s\S]*^! \*{3} \S.{0,40}Phase 2/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  logout: ['logout'],
  secrets: [
    /^(?:! ?)?(?:cli password|username \S+ (?:password|\S+ password)) (?:read-only |read-write |switch |stack |serial |telnet )*(?!local\b|radius\b|tacacs\b|none\b|serial\b|telnet\b)(?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)?radius.{0,80}?\b(?:key|secret) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)?tacacs server .{0,80}?\bkey (?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)?snmp-server community (?!index |notify-view |read-view |write-view )(?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)?snmp-server host \S+ (?:port \d+ )?(?!v[123]|v2c|port )(?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)?snmp-server host \S+ (?:port \d+ )?v2c (?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)?snmp-server user \S+ .{0,80}?\b(?:md5|sha) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)?snmp-server user \S+ .{0,120}?\b(?:3?des|aes) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)? *(?:ip ospf|ospf|ip rip|rip|vrrp|ntp|sntp) .{0,80}?(?:authentication-key|message-digest-key \d+ md5|md5) (?:\d+ md5 )?(?<secret>"[^"\n]*"|\S+)/,
    /^(?:! ?)? *(?:ssh|sftp|ipsec|ike|eapol) .{0,80}?\b(?:password|passphrase|pre-shared-key|psk) (?!enable|disable|auth)(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
  ],
})
