import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * ROS and ROAP print one section for each mode, begun by `!command in …` and closed by `!`, in a fixed order and without an end mark.
 * A whole one has the first section and that of the configuration mode, which stands near the end, and ends with the closing `!`.
 */
export default defineDriver({
  title: 'Raisecom ROS and ROAP',
  aliases: ['raisecom', 'roap', 'raisecom_roap', 'raisecom_telnet', 'iscom'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal page-break disable'],
  rejected: [/^ *(?:Error ?: ?)?%? ?" ?.{1,120}" ? (?:Unknown|Ambiguous|Incomplete) command/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Product (?:Name|Version)|Bootstrap Version|BootROM Version|Software +Version|Hardware Version|FPGA Version|System [Mm]ac ?[Aa]ddress|Serial [Nn]umber) ?:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^!command in view_mode)(?=[\s\S]*^!command in config_\w{0,12}mode)[\s\S]*\n!\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^ *Being processed/, /^ *System current configuration:/],
  secrets: [
    /^ *snmp-server community (?:encryption )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:user name|user) \S+ password (?:no-encryption |cipher |simple )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs|tacacs-server|radius-server)(?: \S+)? (?:encrypt(?:ion)?-key|key|encryption) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius-key|radius-encrypt-key|key-string|authentication-password|wpa-psk) (?:cipher |simple )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user \S+ (?:remote \S+ )?authentication (?:md5|sha) (?:encryption )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user .{0,160}?\bprivacy (?:des|aes)\S* (?:encryption )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:onu|gpon-onu|create gpon-onu) .{0,120}?\b(?:password|loid-password) (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
