import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * PowerConnect 6200, 7000 and 8000 and the N series. What stands inside a block has no indent; the `exit` of `configure` ends the
 * output, as it ends every block, so a cut behind another `exit` is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Dell EMC Networking OS6 (N series)',
  aliases: ['dell_os6_ssh', 'os6', 'dell-os6', 'dnos6', 'n-series', 'powerconnect 6200', 'dnos-os6'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: [/^\s*% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Machine (?:Description|Model|Type)|System Model ID|Serial Number|Manufacturer|Burned In MAC|System Object ID|SOC Version|HW Version|CPLD Version| ?unit |----| *\d{1,2} +\d+\.\d+\.\d)/,
    },
    {
      run: 'show system id',
      as: 'note',
      keep: /^(?:Service Tag|Chassis Service|Serial [Nn]umber|Asset [Tt]ag|Unit|----| *\d+ +\S)/,
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
    /^ *(?:server-)?key (?:7 |encrypted )?(?!\d{1,3}$)(?<secret>"[^"\n]*"|\S+)$/,
    /^ *(?:radius|tacacs)(?:-server| server) key (?:7 |encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user .*?\bauth-(?:md5|sha)(?:-key)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user .*?\bpriv-(?:3?des|aes\d*)(?:-key)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ (?:traps?|informs?) version \d (?<secret>"[^"\n]*"|\S+)/,
    /^ *ip ospf authentication (?:encrypt|simple) (?<secret>"[^"\n]*"|\S+)/,
    /^ *ip vrrp \d+ authentication simple (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:captive-portal )?user \d+ password (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
