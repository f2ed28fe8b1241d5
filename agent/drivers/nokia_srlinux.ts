import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * The login shell is `sr_cli`, which takes a command with `-c`, so each command has a channel of its own: no line editor, no
 * toolbar, no pager. The configuration has no end mark: what a whole one has is a section at the first indent, closed, at both ends.
 */
export default defineDriver({
  title: 'Nokia SR Linux',
  aliases: ['srlinux', 'srl', 'nokia_srl', 'nokia-srl', 'sr-linux'],
  comment: '# ',
  channel: 'exec',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^[A-Z]:(?:[\w.-]{1,40}@)?[\w.\-+]{1,64}# ?$/,
  // of this session alone; needed where there is no exec channel
  prepare: ['environment cli-engine type basic', 'environment complete-on-space false'],
  rejected: [/^(?:Parsing error: |Error: (?:Unknown|Parsing|Invalid|Missing|Ambiguous))/],
  denied: [/^(?:Error: )?(?:.*\bnot authori[sz]ed|Permission denied|Access denied|Authorization failed)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Hostname|Chassis Type|Part Number|Serial Number|System HW MAC Address|OS|Software Version|Build Number|Architecture) *:/,
    },
    {
      run: 'show platform chassis',
      as: 'note',
      keep: /^ +(?:Type|HW MAC address|Slots|Part number|CLEI code|Serial number|Manufacturer) *:/,
    },
    {
      run: 'info from running',
      as: 'config',
      complete: /(?<![\s\S]) {0,4}[a-z][^\n{}]* \{\n(?=[\s\S]*^ {0,4}system \{$)[\s\S]*^ {0,4}\}\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 90_000,
    },
  ],
  logout: ['quit'],
  secrets: [
    /(?<![\w$])(?<secret>\$(?:aes1|ar2|argon2id?|y|[156]|2[aby]?|sha512)\$[^\s";]{1,20000})/,
    /^ +(?:password|secret-key|shared-secret|authentication-key|auth-key|auth-password|priv-password|pre-shared-key|key) (?<secret>"[^"\n]{1,4000}"|[^\s"{]+)$/,
    /^ +community-entry .*\n +community (?<secret>"[^"\n]*"|\S+)$/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
