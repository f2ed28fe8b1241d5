import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Console and terminal servers SCG, SCR, SDG, whose command line follows that of IOS. Where no `end` is printed, the
 * confirmed prompt is the judge.
 */
export default defineDriver({
  title: 'Perle IOLAN',
  aliases: ['iolan', 'perle', 'perle_scr', 'perle_scg', 'perle_sdg', 'perle_iolan_ssh'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Perle |IOLAN |Model|Product|Software [Vv]ersion|Firmware [Vv]ersion|Hardware [Vv]ersion|Serial [Nn]umber|Bootloader [Vv]ersion|Base MAC|MAC [Aa]ddress|System image)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^hostname )(?:[\s\S]*^end|(?![\s\S]*^end$)[\s\S]*\S)\s*(?![\s\S])/,
    },
  ],
  volatile: [/^Building configuration/, /^Current configuration ?: /, /^! (?:Last configuration change|Time:) /],
  secrets: [
    /^ *(?:user|username) \S{1,80} (?:[^\n]{0,120} )?(?:password|secret)(?: \d)? (?<secret>"[^"\n]{1,200}"|\S{1,200})/,
    /^ *(?:wpa-psk|psk|passphrase|shared-secret|bind-password|pin|apn-password)(?: (?:ascii|hex|\d))? (?<secret>"[^"\n]{1,200}"|\S{1,200})$/,
    ...iosSecrets,
  ],
})
