import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * No end mark is documented. What a whole configuration has: the host name, a MAC domain or an upstream, and a last line that is
 * whole; a cut behind them is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Casa Systems CCAP (C10G, C40G, C100G)',
  aliases: ['casa', 'casa_systems', 'c100g', 'c10g', 'c40g', 'casa cmts', 'casa_cmts'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['page-off'],
  rejected: [/^(?:% ?)?(?:Invalid|Unknown|Ambiguous|Incomplete)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Product|Module \d+|(?:Running |Startup )?(?:Software|Image|Release|Build|Hardware|CFE)[\w ]* ?(?:[Vv]ersion|[Rr]evision|:)|Ver )/,
    },
    {
      run: 'show system',
      as: 'note',
      keep: /^ *(?:Product|System (?:Name|Type|ID)|Module \d+|Serial ?[Nn](?:umber|o)|Hardware [Rr]evision)\b[^%]{0,120}$/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?!show )(?=[\s\S]*^hostname \S)[\s\S]*^interface (?:docsis-mac|upstream|qam|gige|xgige|ip-bundle|loopback) /,
      idleMs: 90_000,
      totalMs: 900_000,
    },
  ],
  volatile: [
    /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d (?:\S{1,10} )?\d{4}$/,
    /^[!#] ?(?:[Ll]ast (?:changed|saved|modified)|[Cc]onfig(?:uration)? (?:changed|saved) )/,
  ],
  secrets: [
    /^ *(?:login|console|vty|telnet|ssh|enable|super|admin|user \S+) password (?:encrypted |level \d+ |\d )*(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp (?:comm(?:unity)?|trap(?:-server)?(?: host)? \S+(?: version \S+)?(?: community)?) (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp user \S+ .{0,80}?\b(?:md5|sha) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp user \S+ .{0,160}?\b(?:des|aes) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:cable |cm |docsis )?shared-secret(?:-secondary)? (?:index \d+ )?(?:encrypted |\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs|aaa|ipc|ntp) .{0,80}?\b(?:key|secret|password) (?:encrypted |\d )?(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
