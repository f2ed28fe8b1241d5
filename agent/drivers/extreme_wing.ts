import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/** RFS, NX and VX controllers and access points of Motorola, Zebra and Extreme. A `*` before the prompt tells of changes that wait. */
export default defineDriver({
  title: 'Extreme Networks WiNG',
  aliases: ['wing', 'extreme_wing_ssh', 'extremewing', 'mtrlrfs', 'motorola_wing', 'zebra_wing', 'symbol_wing', 'rfs'],
  comment: '! ',
  channel: 'shell',
  prompt: /^\*?[\w.-]{1,64}[>#] ?$/,
  answers: [{ when: /change the password.{0,40}\(y\/n\) ?:? ?$/, send: 'n' }],
  enable: { run: 'enable', from: />\s?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0', 'terminal width 256'],
  pagers: [{ when: /^--More--.{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [...iosRejected, /^ *% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Error)/],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:\S+ version \d\S*|(?<keep>\S+ (?:is|uses) .{0,80}?),? uptime is|Base ethernet MAC address is|System serial number is|Model number is|CPU is|FPGA version)/,
    },
    {
      run: 'show licenses',
      as: 'note',
      keep: /^ *(?:Serial Number|Device Licenses|AP-LICENSE|AAP-LICENSE|ADSEC-LICENSE|HTANLT|String|Value) *:? ?/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])!\s*\n! Configuration of [^\n]+\n(?=[\s\S]*^version \d)[\s\S]*^end\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 90_000,
    },
  ],
  secrets: [
    /^(?! *(?:description|remark|contact|location|banner) )(?!.* rule-description ).*?\b(?:secret|password|psk|passphrase|key(?! \d (?:hex|ascii) )|hex|ascii|md5|simple-password|pre-shared-key|community|shared-secret|passwd) [012] (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user \S+ v3 encrypted \S+ auth (?:md5|sha) [012] (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ .*?\bcommunity (?:[012] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *user \S+ password (?:[012] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:enable secret|service-password|controller-password) (?:[0-9] )?(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
