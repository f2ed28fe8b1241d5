import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * SSE and MBM switches with SMIS. Paging can be switched off only in configuration mode, which would be a change, so the pager is answered.
 * The first line and the last closed section stand for the missing end mark; the prompt judges the end.
 */
export default defineDriver({
  title: 'Supermicro SMIS switches',
  aliases: ['smis', 'supermicro', 'smci_switch_smis', 'supermicro switch', 'sse-g3648', 'supermicro_sse'],
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
      keep: /^ *(?:Switch Name|Switch Base MAC Address|System (?:Name|Contact|Location|Description)|Hardware [Vv]ersion|Firmware [Vv]ersion|SNMP EngineID|Serial [Nn]umber|Model)\b.{0,30}:/,
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
    /^ *snmp-server community (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp community index \S+ name (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp(?:-server)? user \S+ .{0,60}?\bauth (?:md5|sha)\S* (?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp(?:-server)? user \S+ .{0,240}?\bpriv (?:des|aes)\S* (?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:radius-server|tacacs-server|tacacs) (?:host )?\S+ .{0,120}?\bkey(?: encrypted)? (?<secret>"[^"\n]+"|\S+)/,
    ...iosSecrets,
  ],
})
