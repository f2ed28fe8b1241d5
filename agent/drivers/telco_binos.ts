import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * T-Marc, T-Metro and T5C with BiNOS or BiNOX. A whole configuration has a host name and interfaces and ends with a closed section;
 * the prompt judges the end.
 */
export default defineDriver({
  title: 'Telco Systems BiNOS and BiNOX (T-Marc, T-Metro)',
  aliases: ['binos', 'binox', 'telco', 'telco_systems', 'telcosystems_binos', 'batm', 'tmarc', 't-marc', 't-metro'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'no page'],
  rejected: [/^% ?(?:Unknown|Invalid|Incomplete|Ambiguous|Unrecognized|There is no)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Product|Device [Tt]ype|Model|BiNO[SX]\b.*|Software [Vv]ersion|Application [Vv]ersion|Boot(?:loader)? [Vv]ersion|Hardware [Vv]ersion|Kernel [Vv]ersion|Serial [Nn]umber|MAC [Aa]ddress|Board [Nn]umber|Assembly)\b/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^hostname \S)(?=[\s\S]*^(?:interface|port) \S)[\s\S]*^ *(?:!|end|exit)\s*(?![\s\S])/,
      idleMs: 60_000,
    },
  ],
  volatile: [
    /^(?:Building configuration|Current configuration : )/,
    /^! ?(?:[Ll]ast |[Ss]aved|[Gg]enerated|[Dd]ate|[Tt]ime|[Uu]ptime|[Cc]onfiguration (?:saved|changed))/,
  ],
  secrets: [
    /^ *(?:enable )?(?:password|secret)(?: encrypted| \d{1,2}(?= ))? (?!recovery|policy|min)(?<secret>"[^"\n]+"|\S+)$/,
    /^ *user(?:name)? \S+ .{0,80}?\b(?:password|secret)(?: encrypted| \d{1,2}(?= ))? (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp(?:-server)? community (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp(?:-server)? user \S+ .{0,120}?\b(?:auth )?(?:md5|sha) (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp(?:-server)? user \S+ .{0,240}?\bpriv(?:acy)? (?:des|aes\S{0,4}) (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:radius|tacacs\+?)(?:-server)? .{0,120}?\b(?:key|secret) (?:encrypted |[07] )?(?<secret>"[^"\n]+"|\S+)/,
    ...iosSecrets,
  ],
})
