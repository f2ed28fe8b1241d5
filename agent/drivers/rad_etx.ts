import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * ETX-2, SecFlow, MiNID, Megaplex-1: `info` at the top level prints what differs from the defaults, each context closed by `exit`. The length of
 * the page is a setting of the device, so the pager is answered. A `%` in the prompt belongs to users who may not see it all. There is
 * no end mark: the last `exit` at the margin, and the prompt that is proved by an Enter, must do. It pauses for seconds in the middle.
 */
const field = String.raw`(?<secret>"[^"\n]*"|\S+)`
export default defineDriver({
  title: 'RAD ETX-2 and SecFlow',
  aliases: ['rad', 'radetx', 'rad_etx_telnet', 'etx-2', 'secflow', 'etx2'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-+*]{1,63}(?:>[\w()\-/>.,]{1,120})?[#$] ?$/,
  prepare: [],
  pagers: [{ when: /^ *(?:-{1,3} ?)?(?:more|More|MORE)(?:\.{2,3}| ?\(|-| *$).{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [
    /^ *(?:# ?)?cli error: (?:Invalid [Cc]ommand|Command [Nn]ot [Rr]ecognized|Unknown|Ambiguous|.{0,20}syntax)/,
  ],
  denied: [/^ *(?:# ?)?cli error: .{0,40}(?:[Aa]ccess|[Pp]rivilege|[Pp]ermission)/],
  commands: [
    { run: 'configure system show device-information', as: 'note', keep: /^ *(?:Description|MAC Address) *: / },
    {
      run: 'info',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^ *(?:management|mngmnt)\b)(?=[\s\S]*^ *(?:router|port|ethernet)\b)[\s\S]*^ {0,4}exit\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^ *(?:#|echo ").{0,40}(?:Date|Time|Generated|Uptime)\b/],
  logout: ['logout'],
  secrets: [
    new RegExp(
      `^ *(?:password|user-password|secret|key|shared-secret|pre-shared-key|psk|community-key|authentication-key|auth-key|passphrase|chap-password|pap-password) (?:hash )?${field}(?: hash| encrypted)?`,
    ),
    new RegExp(String.raw`^ *(?:community|snmp-community) [^\s"]{1,40}$\n *(?:name|community-name) ${field}`),
    new RegExp(`^ *community (?:read|write|trap) ${field}`),
    new RegExp(String.raw`^ *name ${field}\n *sec-name`),
    new RegExp(String.raw`^ *(?:authentication|privacy)(?: [\w-]{1,20}){0,2} (?:key-change|password|key) ${field}`),
    new RegExp(String.raw`^ *(?:authentication-)?(?:md5|sha|hmac-\S{1,12})(?:-key)? key-id \d{1,3} (?:key )?${field}`),
    new RegExp(
      String.raw`^ *(?:neighbor \S{1,40} |ppp |wifi |cellular |pppoe |server \S{1,40} ).{0,80}?\b(?:password|key) ${field}`,
    ),
    ...urlSecrets,
    ...pemSecrets,
  ],
})
