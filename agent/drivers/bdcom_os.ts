import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Switches and OLTs of BDCOM. The last words of a configuration are about absent line cards. Where the width can't be set, lines are
 * wrapped at 79 columns, an encrypted password too.
 */
export default defineDriver({
  title: 'BDCOM',
  aliases: ['bdcom', 'bdcom_olt', 'bdcom-os', 'bdcomos'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'terminal width 0'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:BDCOM\(tm\) .*(?:Version|Software)|ROM: |(?:System )?hardware version|hardware version ?:|Serial num(?:ber)? ?:|.{0,80}\bSerial num ?:|System image file is)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^!version \S)[\s\S]*^!Pending configurations for absent linecards:\n!\n(?:!No configurations pending global|[\s\S]*\S)\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Building configuration/, /^Current configuration\b/],
  secrets: [
    /^ *username \S+ password 7 [\da-f]{16,90}\n(?<secret>[\da-f]{1,120})$/,
    /^ *snmp-server community (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ (?:(?:trap|inform)s? )?(?:version (?:v?1|v?2c|v?3) )?(?:(?:noauth|auth|priv) )?(?:[07] )?(?!(?:version|traps?|informs?) )(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:epon|gpon) (?:onu|bind-onu|sn|loid) .{0,120}?\b(?:password|loid-password|key) (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
