import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * ZXROS V3 and later wraps each module in `!<name>` … `!</name>` and ends with such a tag; older switches (ZXR10 2900, 3900, 5900,
 * 8900) print the IOS way and end with `end`. Blocks are closed by `$` or `!`.
 */
export default defineDriver({
  title: 'ZTE ZXR10 (ZXROS)',
  aliases: ['zxr10', 'zte', 'zxros', 'zte_zxros', 'zte_zxros_telnet', 'zte-zxr10'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: [
    /^ *%? ?(?:Error \d{1,6}|%Error \d{1,6}|%Code \d{1,6}(?:-\d{1,6})? ?: ?Error)[: ].{0,10}(?:Invalid|Unrecognized|Unknown|Incomplete|Ambiguous)/,
    ...iosRejected,
  ],
  denied: [
    /^ *%?.{0,20}(?:Permission denied|privilege level is (?:too low|not enough)|not enough privilege)/,
    ...iosDenied,
  ],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:ZXR10 \S+(?: (?:Software|Version).*)?$|ZXR10 ROS Version|ZXR10_\S+ Software|.{0,40}Software, Version|System image files? (?:is|from)|\[?(?:MPU|MSC|RP|Slot)\S*\]?:? .*(?:Version|Board)|Bootrom [Vv]ersion|System [Ii][Dd]:)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^ *(?:hostname|sysname) \S)[\s\S]*^(?:!<\/[\w-]{1,40}>|end)\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [
    /^ *Building configuration/,
    /^!? ?Current configuration\b/,
    /^! ?(?:last configuration change|configuration (?:saved|last))\b/,
  ],
  secrets: [
    /^ *snmp-server community (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ (?:vrf \S+ )?(?:mng )?(?:(?:trap|inform)s? )?(?:version (?:1|2c|3 (?:auth|noauth|priv)) )?(?:encrypted )?(?!(?:version|vrf|traps?|informs?|mng|encrypted) )(?<secret>"[^"\n]*"|\S+)/,
    /^ *server \d{1,2} .{0,120}?\bkey (?:encrypted |encrypt )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:password|secret|key) (?:encrypted|encrypt|cipher|level \d{1,2} \S+) (?<secret>"[^"\n]*"|\S+)/,
    /^ *authentication (?:simple|md5 \d{1,3}|text|hmac-\S+ \d{1,3})(?: encrypted)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *neighbor \S+ password(?: encrypted)? (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
