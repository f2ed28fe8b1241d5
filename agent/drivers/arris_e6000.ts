import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected } from './shared/ios-like.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * `verbose` prints each setting as one whole line that begins with `configure`, fit to be entered again. There is no end mark: all
 * lines of a whole configuration begin so, the slots and the interfaces are there; a cut behind them is seen only by the
 * missing prompt.
 */
export default defineDriver({
  title: 'ARRIS E6000 and C4',
  aliases: ['arris', 'e6000', 'c4cmts', 'c4', 'arris_cer', 'commscope_e6000', 'commscope', 'vecima_e6000', 'arriscmts'],
  comment: '# ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: [
    /^(?:% ?)?(?:Invalid|Unknown|Ambiguous|Incomplete|Unrecognized) (?:command|input|keyword|parameter)/,
    ...iosRejected,
  ],
  denied: [/^(?:% ?)?(?:Insufficient privilege|User does not have)/, ...iosDenied],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Chassis Type|Software Version|Running Image|Image|Firmware Version|Release)[\w ]{0,20}: /,
    },
    // Only the end of a line is stable: serial number and hardware version.
    {
      run: 'show linecard status',
      as: 'note',
      keep: /^ *\d{1,2} .{1,90}? (?<keep>\d{4,6}[A-Z]{2,4}\d{3,6} +\S{4,40})$/,
    },
    {
      run: ['show running-config verbose', 'show running-config'],
      as: 'config',
      complete:
        /(?<![\s\S])(?:[#!].*\n)*configure\b(?=[\s\S]*^ *(?:configure )?slot \d)[\s\S]*^ *(?:configure )?interface \S.*\n/,
      idleMs: 120_000,
      totalMs: 900_000,
    },
  ],
  volatile: [/^[#!] *(?:Time|Date|Generated|Saved|Last)\b/],
  secrets: [
    /^ *(?:configure )?(?:username|user) \S+ .{0,80}?\bpassword (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?(?:enable|line \S+ \S+(?: \S+)?) (?:password|secret)(?: level \d+| \d)* (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?snmp-server (?:host|target) .{0,80}?\b(?:community|version (?:1|2c)) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?snmp-server user .{0,80}?\b(?:auth )?(?:md5|sha) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?snmp-server user .{0,160}?\bpriv (?:des |aes ?\d{0,3} )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?(?:radius|tacacs|aaa)[ -].{0,100}?\b(?:key|secret) (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?(?:interface cable-mac \S+ )?cable (?:qos-)?shared-secret(?:-\w+)? (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?(?:interface .{1,60} )?(?:ip (?:ospf|rip) |isis |ipv6 ospf ).{0,40}?(?:authentication-key|message-digest-key \d+ md5|password|authentication string) (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?(?:router bgp .{0,60} )?neighbor \S+ password (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?(?:key chain \S+ .{0,40}? )?(?:key-)?string (?:\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?ntp authentication-key \d+ md5 (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:configure )?(?:packetcable|ipdr|ssh|ftp) .{0,80}?\b(?:pre-shared-key|password|key-string) (?:\d )?(?!auth)(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
  ],
})
