import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * SonicOS 5.9, 6 and 7. Some releases let everybody in over SSH and ask then. Values are printed as `6,…`, and can be restored. The
 * head names firmware and model; there is no end mark: a block closed by its indented `exit`, or a word of the top level, comes last, and the confirmed
 * prompt is the judge. `no cli pager session` is of this session alone.
 */
export default defineDriver({
  title: 'SonicWall SonicOS',
  aliases: ['sonicos', 'sonicwall', 'sonicwall_ssh', 'sonicosx', 'dell_sonicwall', 'nsa'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh'],
  prompt: /^[\w.-]{1,64}@[\w.-]{1,64}> ?$/,
  login: { afterSsh: true, username: /^(?:[Ll]ogin|[Uu]ser ?[Nn]ame): ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['no cli pager session'],
  pagers: [{ when: /^--MORE--.{0,20}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:% ?(?:Error|Invalid|Unknown|Incomplete|Ambiguous|No matching)|\^)/],
  denied: [
    /^ *(?:% ?)?(?:Error: )?.{0,40}(?:[Pp]ermission denied|[Nn]ot (?:authorized|permitted|allowed)|[Aa]ccess denied)/,
  ],
  commands: [
    {
      run: 'show current-config',
      as: 'config',
      complete:
        /(?<![\s\S])firmware-version "SonicOS(?=[\s\S]*^(?:administration|interface )\b)[\s\S]*^(?:\S[^\n]*| {4}exit)\n*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 300_000,
    },
  ],
  volatile: [
    /^(?:system-time|system-uptime|last-modified-by|last-login|up-time|connections) /,
    /^ *checksum \S+$/,
    /^ +(?:date \d{4}:\d\d:\d\d|time \d\d:\d\d:\d\d)$/,
  ],
  secrets: [
    /^ *(?=\S)(?!comment |name |description |no |password-).*?(?:\b|-)(?:password|passwd|passphrase|shared-secret|shared-key|secret|pre-shared-key|psk|auth-key|encryption-key|authentication-key|community-name|community|key|pin) (?<secret>"\d{1,2},[^"\n]{1,800}"|\d{1,2},[^\s"]{1,800})/,
    /^ *(?:(?:admin|administrator|bind|login|user|http|ftp|proxy|pppoe|l2tp|pptp|dialup|smtp|server) )?password (?!\d{1,2},|constraint|expir|policy|complexity|aging|length|"\d{1,2},)(?<secret>"[^"\n]+"|\S+)$/,
    /^ *(?:get|trap|set|host)-community(?:-name)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:shared-secret|pre-shared-key|passphrase|authentication-key|encryption-key|auth-key) (?!"?\d{1,2},)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:wpa |psk |wep )passphrase (?!"?\d{1,2},)(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
