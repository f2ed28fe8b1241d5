import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * SLX 9030 to 9850; VDX with Network OS is its like. There is no end mark: blocks are closed by `!`, the management interface
 * is always there, and the confirmed prompt judges what comes behind the last block.
 */
export default defineDriver({
  title: 'Extreme Networks SLX-OS',
  aliases: [
    'slx',
    'slxos',
    'slx-os',
    'extreme_slxos',
    'nos',
    'brocade_vdx',
    'extreme_nos',
    'vdx',
    'brocade_nos',
    'extreme_vdx',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.\-@+]{1,64}# ?$/,
  prepare: ['terminal length 0'],
  pagers: [{ when: /^--More--.{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [...iosRejected, /^(?:-+\^)?\s*syntax error: /, /^%(?:Error|Info): (?:Invalid|Unknown|Incomplete)/],
  denied: [...iosDenied, /^(?:Error: )?access denied/, /^%Error: .{0,60}(?:denied|not authorized|permission)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:SLX-OS Operating System Version|Network Operating System Version|Firmware name|Build Time|Kernel|Control Processor): /,
    },
    {
      run: 'show chassis',
      as: 'note',
      keep: /^(?:Chassis (?:Name|Backplane Version)|switchType|Factory (?:Part|Serial) Num|Part Num|Serial Num|Manufacture):/,
    },
    { run: 'show license', as: 'note', keep: /^ +(?!License |Expiry |Install )\S.* license/ },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])\w[^\n]*\n(?=[\s\S]*^username \S+ password )[\s\S]*^interface Management [^\n]+\n(?:[\s\S]*\n)?(?:!|\w[^\n]*)\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 90_000,
    },
  ],
  secrets: [
    /^username \S+ password (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ (?!version )(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user \S+ .*?\bauth-password (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user \S+ .*?\bpriv-password (?<secret>"[^"\n]*"|\S+)/,
    /^ +(?:key|shared-secret|bind-password) (?!\d+$)(?<secret>"[^"\n]*"|\S+)(?: encryption-level \d)?$/,
    /^ *(?:radius|tacacs|ldap)-server .*?\b(?:key|password|shared-secret) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:neighbor \S+ |ip ospf |ospf |area \S+ virtual-link \S+ |lldp |isis |vrrp |vrrp-extended )?(?:password|authentication-key|auth-key|auth-type (?:simple-text-auth|md5-auth)|md5-authentication key-id \d+ key|passphrase) (?:[0-9] )?(?!encryption)(?<secret>"[^"\n]*"|\S+)/,
    /^ *ntp authentication-key \d+ \S+ (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
