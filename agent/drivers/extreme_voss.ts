import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * VOSS, also called Fabric Engine; before that the Avaya and Nortel VSP. Each answer may begin with its time of execution between
 * stars. The configuration has no end mark that all releases print: its first heading, `config terminal` and a late section tell,
 * and the confirmed prompt is the judge of the rest. Hashes of local users are in another file and not shown.
 */
export default defineDriver({
  title: 'Extreme Networks VOSS (Fabric Engine)',
  aliases: ['voss', 'vsp', 'extreme_vsp', 'avaya_vsp', 'nortel_vsp', 'fabric-engine', 'fabricengine', 'avaya-vsp'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-@/+]{1,64}:\d{1,3}(?:\([\w-]{1,30}\))?[>#] ?$/,
  enable: { run: 'enable', from: />$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal more disable'],
  pagers: [{ when: /^--More-- \(q = quit\).{0,20}$/, send: ' ' }, ...commonPagers],
  rejected: [...iosRejected, /^% ?(?:Invalid|Incomplete|Unknown|Not allowed|Unrecognized)/],
  denied: [...iosDenied, /^% ?(?:Permission denied|.{0,60}not authorized)/],
  commands: [
    {
      run: 'show sys-info',
      as: 'note',
      keep: /^\s*(?:SysDescr|SysName|Chassis|ModelName|BrandName|Serial#|H\/W Revision|H\/W Config|Part Number|BaseMacAddr|MacAddrCapacity|CardType|CardSerial#|CardPart#|Type|PS Type|Serial Number) *:/,
    },
    { run: 'show software', as: 'note', keep: /^\S+ *\((?:Primary|Backup|Signed)[^)]*\)/ },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])#\s*\n# box type *:(?=[\s\S]*^config(?:ure)? terminal$)(?=[\s\S]*^# (?:SYSTEM|CLI) CONFIGURATION$)[\s\S]*^# PORT CONFIGURATION[^\n]*\n(?:[\s\S]*\n)?\S[^\n]*\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 90_000,
    },
  ],
  volatile: [
    /^\*{60,100}$/,
    /^\s*Command Execution Time: /,
    /^Preparing to Display Configuration/,
    /^# (?:[A-Z][a-z]{2}|[A-Z]{3}) (?:[A-Z][a-z]{2}|[A-Z]{3}) [ \d]\d \d\d:\d\d:\d\d \d{4}/,
    /^#\t? *(?:AdminStatus|OperStatus) +: /,
  ],
  secrets: [
    /^snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server host \S+ (?:port \d+ )?v(?:1|2c) (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user .*?\b(?:md5|sha\d*) (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user .*?\b(?:des|aes\d*) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:radius|tacacs)[ -].*?\b(?:key|secret|shared-key) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:ip ospf|ip rip|isis|ip isis|neighbor|router) (?:.*? )?(?:authentication-key|message-digest-key \d+ md5|digest-key \d+ md5-key|password|neighbor-password|key) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:ntp authentication-key \d+|auto-sense (?:isis|fa) .*?\bkey|fa authentication-key|mac-security .*?\bcak|macsec connectivity-association \S+ connectivity-association-key) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:ipsec|vrrp|ip vrrp|boot config host|vnid) .*?\b(?:encrypt-key|auth-key|pre-shared-key|password|EncrptKey|AuthKey) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:username|password) \S+ (?:level \S+ )?(?:password |hash )?(?<secret>"[^"\n]*"|\S+)$/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
