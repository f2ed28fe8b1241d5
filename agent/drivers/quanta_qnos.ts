import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * The LB and T series run Broadcom FASTPATH under the name QNOS. The `exit` of `configure` ends the output, as it ends every block,
 * so a cut behind another `exit` is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Quanta QNOS (LB series)',
  aliases: ['quantaos', 'quanta', 'qnos', 'quanta_mesh', 'quanta_mesh_ssh', 'lb4m', 'lb6m', 'fastpath', 'qct'],
  comment: '! ',
  channel: 'shell',
  prompt: /^(?:\([\w.\-/ ]{1,64}\) ?|[\w.-]{1,63})[>#] ?$/,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: [/^\s*% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: ['show version', 'show hardware'],
      as: 'note',
      keep: /^(?:System Description|Machine (?:Type|Model)|Serial Number|FRU Number|Part Number|Maintenance Level|Manufacturer|Burned In MAC Address|Software Version|Operating System|Network Processing Device|Additional Packages|CPLD Version)\.\./,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])\s*!Current Configuration: *\n[\s\S]*^configure *\n[\s\S]*^exit\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^!(?:System Up Time|Current SNTP Synchronized Time)/],
  logout: ['quit'],
  secrets: [
    /^ *users passwd (?:"[^"\n]*"|\S+) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *users snmpv3 (?:encryption|authentication) (?:"[^"\n]*"|\S+) (?:des|md5|sha) (?:key )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *enable passw(?:or)?d (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?:ro |rw |ipaddr \S+ |ipmask \S+ |mode )?(?!(?:ro|rw|ipaddr|ipmask|mode) )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmptrap (?:mode |ipaddr |snmpversion )?(?<secret>"[^"\n]*"|\S+) /,
    /^ *radius (?:server|accounting server) (?:key|host) (?:auth|acct) (?:"[^"\n]*"|\S+) (?:encrypted )?(?:key )?(?<secret>"[^"\n]*"|\S+)$/,
    /^ *(?:tacacs-server )?(?:key|keystring) (?:7 |encrypted )?(?!\d{1,3}$)(?<secret>"[^"\n]*"|\S+)$/,
    /^ *snmp-server user .*?\bauth-(?:md5|sha)(?:-key)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user .*?\bpriv-\w+(?:-key)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *ip (?:ospf|rip) authentication (?:encrypt|simple) (?<secret>"[^"\n]*"|\S+)/,
    /^ *ip vrrp \d+ authentication simple (?<secret>"[^"\n]*"|\S+)/,
    /^ *username (?:"[^"\n]*"|\S+) password (?<secret>"[^"\n]*"|\S+)/,
    /^ *password (?:7 |encrypted )?(?<secret>"[^"\n]*"|\S+)(?: encrypted)?$/,
    /^ *snmp-server host \S+ (?:traps?|informs?) version \d (?<secret>"[^"\n]*"|\S+)/,
    /^ *s?ntp authentication-key \d+ md5 (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:neighbor \S+ password|radius-server .{0,60}?\bkey|tacacs-server .{0,60}?\bkey) (?:7 |encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
