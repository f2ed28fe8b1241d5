import { defineDriver } from '../driver.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * NetScreen, SSG and ISG. Paging is left as it is, since `set console page 0` would stand in the configuration; the pager is
 * answered. No end mark: the virtual routers come last, each closed by `exit` at column 0; a cut behind one of them is seen
 * only by the missing prompt. `exit` may ask whether to save what somebody changed: nobody answers, the connection is closed.
 */
export default defineDriver({
  title: 'Juniper ScreenOS',
  aliases: ['screenos', 'netscreen', 'juniper_netscreen', 'ssg', 'isg', 'netscreen_screenos'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}(?:\([\w.-]{1,64}\)){0,2}-> ?$/,
  answers: [{ when: /[Aa]ccept this .{0,60}\[?y\]?\/\[?n\]?.{0,10}$/, send: 'y' }],
  rejected: [/^ *\^-{2,}(?:unknown keyword|incomplete)/, /^(?:unknown keyword|incomplete command)/],
  denied: [/^(?:### )?(?:ERROR: ?)?.{0,40}(?:[Pp]ermission denied|no privilege|[Nn]ot authorized)/],
  commands: [
    {
      run: 'get system',
      as: 'note',
      keep: /^(?:Product Name|(?<keep>Serial Number: [^\s,]+)|Hardware Version|Software Version|BOOT Loader Version)/,
    },
    {
      run: 'get config',
      as: 'config',
      complete: /(?<![\s\S])(?:un)?set [\s\S]*^set vrouter "[^"\n]+"\n(?:[^\n]*\n)*?exit\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Total Config size \d+:?/],
  secrets: [
    /^ *set admin (?:user \S+ )?password (?<secret>"[^"\n]*"|\S+)/,
    /^ *set user "[^"\n]*" (?:hash-)?password (?<secret>"[^"\n]*"|\S+)/,
    /^ *set (?:auth-server|l2tp|radius|infranet|webauth|accounting) .*?\b(?:secret|backup-secret|password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *set (?:ike|vpn|group-expression|ipsec) .*?\b(?:preshare|seed-preshare|pskey|preshared-key) (?<secret>"[^"\n]*"|\S+)/,
    /^ *set vpn \S+ manual .*?\bauth \S+ (?:key|password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *set vpn \S+ manual .*?\besp \S+ (?:key|password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *set snmp community (?<secret>"[^"\n]*"|\S+)/,
    /^ *set snmp host (?<secret>"[^"\n]*"|\S+) /,
    /^ *set snmpv3 .*?\bauth-pass (?<secret>"[^"\n]*"|\S+)/,
    /^ *set snmpv3 .*?\bpriv-pass (?<secret>"[^"\n]*"|\S+)/,
    /^ *set snmpv3 community .*?\bname (?<secret>"[^"\n]*"|\S+)/,
    /^ *set (?:ntp|nsrp|nsm|nsmgmt|dns|pppoe?a?|modem|ppp|xauth|url|fips-mode) .*?\b(?:preshare-key|password|secret|otp|auth-key) (?<secret>"[^"\n]*"|\S+)/,
    /^ *set interface .*?\bauthentication (?:md5|password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *set (?:neighbor|vneighbor|area) .*?\b(?:md5-authentication|authentication (?:md5|password)) (?<secret>"[^"\n]*"|\S+)/,
    /^ *set (?:ssid|wlan) .*?(?<![\w-])(?:passphrase|shared-secret|psk|key-length \S+ method (?:asciitext|hexadecimal)) (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
  ],
})
