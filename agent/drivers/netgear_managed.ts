import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * FASTPATH (M4300, M4250, M5300, GSM7xxx): prompt `(M4300-28G) #`. The header names the system; after `configure` every block is closed by
 * `exit` at column 0, and the last `exit` closes `configure`. A cut behind a block is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Netgear managed switches (ProSafe, M4300)',
  aliases: ['netgear', 'netgear_prosafe', 'netgear_prosafe_telnet', 'prosafe', 'm4300'],
  comment: '! ',
  channel: 'shell',
  prompt: /^\([\w.\-+@ ]{1,63}\) ?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0'],
  pagers: [{ when: /^--More-- or \(q\)uit *$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:\^ *)?(?:% ?Invalid|Command not found)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: ['show version', 'show hardware'],
      as: 'note',
      keep: /^(?:System Description|Machine (?:Type|Model)|Serial Number|FRU Number|Part Number|Maintenance Level|Manufacturer|Burned In MAC Address|Software Version|Bootcode Version|CPLD Version)\.{2,}/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])!Current Configuration:\n[\s\S]*^configure *\n[\s\S]*^exit\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^!(?:System Up Time|Current (?:S?NTP|System) |Configuration saved)/],
  logout: ['quit'],
  secrets: [
    /^ *users passwd "?[^\s"]+"? (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *username "?[^\s"]+"? (?:level \d{1,2} )?password (?<secret>"[^"\n]*"|\S+)/,
    /^ *enable password (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?:ipaddr \S+ |ro |rw )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host "?\S+?"? (?:traps|informs) version [12] (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmptrap (?<secret>"[^"\n]*"|\S+) (?:ipaddr|snmpversion|\d)/,
    /^ *snmp-server user .{0,160}?\bauth-(?:md5|sha)\S* (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user .{0,200}?\bpriv-(?:des|aes)\S* (?<secret>"[^"\n]*"|\S+)/,
    /^ *users snmpv3 encryption "?\S+?"? \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius server key (?:auth|acct) \S+|radius-server key|tacacs-server key) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *key (?:encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^ *ip ospf authentication (?:simple|encrypt) (?<secret>"[^"\n]*"|\S+)/,
    /^ *ip vrrp \d{1,3} authentication simple (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
