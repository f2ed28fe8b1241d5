import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * EX and TX switches. Paging can be switched off only in configuration mode, which would be a change, so the pager is answered. The first
 * line and the last closed section stand for the missing end mark; the prompt judges the end.
 */
export default defineDriver({
  title: 'Cambium Networks cnMatrix',
  aliases: ['cnmatrix', 'cambium cnmatrix', 'cnmatrix_ex', 'ex2028', 'ex2010', 'ex1028', 'tx2028'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show system information',
      as: 'note',
      keep: /^ *(?:Hardware [Vv]ersion|Firmware [Vv]ersion|Hardware [Pp]art [Nn]umber|Software [Ss]erial [Nn]umber|Serial [Nn]umber|Switch (?:Name|Model|Base MAC [Aa]ddress|MAC [Aa]ddress)|Model(?: [Nn]ame)?|System (?:Name|Contact|Location|Description)|Agent Version|Boot ?[Ll]oader [Vv]ersion)\b.{0,30}:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])\s*#?Building configuration[^\n]*\n(?=[\s\S]*^interface \S)[\s\S]*^ *(?:!|end|exit)\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^[!#] ?(?:[Ll]ast |[Ss]aved|[Gg]enerated|[Dd]ate|[Tt]ime)\b/, /^ *clock set /],
  secrets: [
    /^ *username \S+ password(?: (?:encrypted|\d))? (?<secret>"[^"\n]+"|\S+)/,
    /^ *enable password(?: level \d{1,2})?(?: encrypted)? (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp community index \S+ name (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp user \S+ .{0,60}?\bauth(?: encrypt\w*)? (?:md5|sha)\S* (?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp user \S+ .{0,240}?\bpriv(?: encrypt\w*)? (?:des|aes)\S* (?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:radius-server host|tacacs-server host) \S+ .{0,120}?\bkey(?: encrypted)? (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:cloud|cnmaestro|management|smtp|email) .{0,80}?\b(?:key|password|token)(?: encrypted)? (?<secret>"[^"\n]+"|\S+)$/,
    ...iosSecrets,
  ],
})
